/** A server on loopback that speaks OpenAI's interface and lies, in ways that follow from a seed and what it is asked. */
import { createServer } from 'node:http';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { mutateBytes, mutateJson, mutateValue, oddTexts, oddValue } from './mutate.mjs';
import { Random } from './random.mjs';
import { soup } from './texts.mjs';

/** What it is asked with, and repeats. */
export const key = 'sk-Fuzz/7f3a+91bc=secret';

/** A right answer to what is asked. */
function answerTo(path, body, random) {
  const { n = 1, max_tokens: most = 16, logprobs, top_logprobs: top } = body;
  const first = { '+': -0.3, '-': -1.6, ' x': -4, the: -5, a: -6.5 };
  const text = () =>
    random.of(['Mia has 3+4=7.\n#### 7', '#### 12', 'a b c d', soup(random, 4)]).slice(0, 4 * most);
  const choices = (make) =>
    Array.from({ length: Math.min(n, 8) }, (_, index) => ({
      index,
      finish_reason: 'stop',
      ...make(text()),
    }));
  const usage = { prompt_tokens: 5, completion_tokens: Math.min(3, most) * n, total_tokens: 9 };
  switch (path.replace(/^\/v1/, '')) {
    case '/models':
      return { object: 'list', data: [{ id: 'm', object: 'model' }, { id: 'n' }] };
    case '/completions':
      return {
        choices: choices((text) => ({
          text,
          ...(logprobs !== undefined && {
            logprobs: { tokens: ['+'], token_logprobs: [-0.3], top_logprobs: [first] },
          }),
          ...(body.return_token_ids && { token_ids: [1, 2, 3].slice(0, most) }),
        })),
        usage,
      };
    case '/chat/completions': {
      const list = Object.entries(first).map(([token, logprob]) => ({
        token,
        logprob,
        bytes: null,
      }));
      return {
        choices: choices((content) => ({
          message: {
            role: 'assistant',
            content: random.chance(0.2) ? [{ type: 'text', text: content }] : content,
          },
          ...(top && {
            logprobs: { content: [{ token: '+', logprob: -0.3, top_logprobs: list }] },
          }),
        })),
        usage,
      };
    }
    case '/tokenize':
      return { tokens: [1, 2, 3], count: 3 };
    case '/pooling':
      return { data: [{ index: 0, data: Array.from({ length: 4 }, () => [0.4, 0.6]) }] };
    case '/classify':
      return { data: [{ index: 0, probs: [0.3, 0.7], num_classes: 2 }] };
    case '/generative_scoring':
      return { data: (body.items ?? []).map((_, index) => ({ index, score: 0.25 })) };
    default:
      return { detail: 'Not Found' };
  }
}

const packers = {
  gzip: gzipSync,
  deflate: deflateSync,
  br: brotliCompressSync,
  'deflate ': deflateRawSync,
};
const bomb = gzipSync(Buffer.alloc(64 * 2 ** 20));

const retries = [
  '0',
  '1',
  '-5',
  '0.01',
  '1e9',
  'NaN',
  'Wed, 21 Oct 2015 07:28:00 GMT',
  'x',
  '',
  '9'.repeat(400),
];
const statuses = [
  200, 201, 204, 299, 301, 304, 400, 401, 402, 403, 404, 405, 408, 413, 422, 429, 451, 500, 501,
  502, 503, 520, 529, 599, 600, 777, 999,
];

/** What a server says that it refuses with, the key in it. */
const complaints = (random) => {
  const message = random.of([
    'No such model',
    'Rate limit reached',
    'insufficient_quota',
    `Incorrect API key provided: ${key}`,
    `${Buffer.from(key).toString('base64')} is no key`,
    `${encodeURIComponent(key)}`,
    `key ${key.slice(0, 9)}****`,
    'max_tokens is not supported, use max_completion_tokens',
    'temperature: only 1 is supported',
    ...oddTexts,
  ]);
  return random.of([
    {
      error: {
        message,
        type: 'x',
        param: null,
        code: random.of(['insufficient_quota', 'model_not_found', null, 429]),
      },
    },
    { error: message },
    { detail: message },
    { detail: [{ loc: ['body'], msg: message }] },
    { message },
    message,
    { error: { message: [message] } },
    { error: oddValue(random) },
    oddValue(random),
  ]);
};

/** A right answer as events, or wrong ones if `lies`. */
function streamOf(random, { choices, usage }, lies) {
  const events = choices.flatMap(({ index, finish_reason, text, message, token_ids: ids }) => [
    ...(text ?? spoken(message.content)).split(/(?<=\n)/).map((part, at) => ({
      choices: [
        {
          ...(message ? { index, delta: { content: part } } : { index, text: part }),
          ...(ids && { token_ids: at === 0 ? ids : [] }),
        },
      ],
    })),
    { choices: [{ index, delta: {}, text: '', finish_reason }] },
  ]);
  const all = [...events, { choices: [], usage }, '[DONE]'];
  const changed = lies ? random.whole(0, all.length - 1) : -1;
  const data = all.map((event, at) => {
    const plain = typeof event === 'string' ? event : JSON.stringify(event);
    if (at !== changed) return plain;
    return random.of([
      () => mutateJson(random, event),
      () => JSON.stringify(mutateValue(random, event)) ?? '',
      () => JSON.stringify(complaints(random)) ?? '',
      () => '',
    ])();
  });
  const end = random.of(['\n', '\n', '\r\n', '\r']);
  const bytes = Buffer.from(data.map((one) => `data: ${one}${end}${end}`).join(''));
  return lies && random.chance(0.3) ? mutateBytes(random, bytes) : bytes;
}

const spoken = (content) =>
  typeof content === 'string' ? content : content.map(({ text }) => text).join('');

/** Answers wrongly in one of many ways. */
function lie(random, response, right) {
  const bytes = Buffer.from(JSON.stringify(right));
  const json = { 'content-type': 'application/json' };
  const ways = [
    () => response.writeHead(200, json).end(mutateJson(random, right)),
    () => response.writeHead(200, json).end(mutateJson(random, right)),
    () => response.writeHead(200, json).end(JSON.stringify(mutateValue(random, right)) ?? ''),
    () => response.writeHead(200, json).end(mutateBytes(random, bytes)),
    () => response.writeHead(random.of(statuses), json).end(bytes),
    () =>
      response
        .writeHead(random.of(statuses), { ...json, 'retry-after': random.of(retries) })
        .end(JSON.stringify(complaints(random))),
    () =>
      response
        .writeHead(429, { 'retry-after-ms': random.of(retries) })
        .end(JSON.stringify(complaints(random))),
    () => response.writeHead(random.of(statuses)).end(JSON.stringify(complaints(random))),
    () => response.writeHead(200).end(JSON.stringify(complaints(random)) ?? ''),
    () => response.writeHead(200).end(`data: ${bytes}\n\ndata: [DONE]\n\n`),
    () =>
      response
        .writeHead(200, { 'content-type': 'text/event-stream' })
        .end(`: hi\n\ndata: ${bytes.subarray(0, 20)}`),
    () => response.writeHead(200).end('<html><body>502 Bad Gateway</body></html>'),
    () => {
      const coding = random.of(Object.keys(packers));
      const packed = packers[coding](bytes);
      const encoding = random.of([
        coding.trim(),
        coding.trim(),
        `${coding.trim()}, gzip`,
        'zstd',
        'x-gzip',
        'GZIP',
        '',
      ]);
      response.writeHead(random.of([200, 200, 500]), { ...json, 'content-encoding': encoding });
      response.end(random.chance(0.5) ? packed : mutateBytes(random, packed));
    },
    () => response.writeHead(random.of([200, 400]), { 'content-encoding': 'gzip' }).end(bomb),
    () => response.writeHead(200, { 'content-encoding': 'gzip, gzip' }).end(gzipSync(bomb)),
    // Endless, as long as it is read.
    () => {
      response.writeHead(random.of([200, 500]));
      const more = () => {
        if (response.req.method === 'HEAD') response.end();
        else while (!response.destroyed && response.write(Buffer.alloc(1 << 16, ' ')));
      };
      response.on('drain', more);
      more();
    },
    () =>
      response
        .writeHead(200, { 'content-length': bytes.length + 9 })
        .write(bytes, () => response.destroy()),
    () => {
      response.writeHead(200);
      response.write(bytes.subarray(0, bytes.length >> 1), () => response.destroy());
    },
    () => response.destroy(),
    () =>
      response.socket.end(
        random.of([
          'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}garbage',
          'garbage\r\n\r\n',
          'HTTP/9.9 777 \r\n\r\n',
          'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nZZ\r\n',
          `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(100_000)}\r\n\r\n{}`,
        ]),
      ),
    // Nothing, for longer than is waited.
    () => {},
    () => response.writeHead(204).end(),
    () => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
  ];
  random.of(ways)();
}

/** A server whose every answer follows from a seed and what it is asked, right or wrong. */
export async function liar() {
  let [seed, rate] = ['', 0];
  const seen = new Map();
  const server = createServer(async (request, response) => {
    response.on('error', () => {});
    request.on('error', () => {});
    try {
      let text = '';
      for await (const chunk of request.setEncoding('utf8')) text += chunk;
      const turn = seen.get(request.url + text) ?? 0;
      seen.set(request.url + text, turn + 1);
      const random = new Random(seed, request.url, text, turn);
      const body = text === '' ? {} : JSON.parse(text);
      const right = answerTo(request.url, body, random);
      const lies = random.chance(rate);
      if (body.stream && right.choices && (!lies || random.chance(0.5))) {
        response
          .writeHead(200, { 'content-type': 'text/event-stream' })
          .end(streamOf(random, right, lies));
      } else if (lies) lie(random, response, right);
      else
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(right));
    } catch {
      response.destroy();
    }
  });
  server.on('clientError', (_, socket) => socket.destroy());
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}/v1`,
    lies(how, often) {
      [seed, rate] = [how, often];
      seen.clear();
    },
    end: () => server.closeAllConnections(),
  };
}
