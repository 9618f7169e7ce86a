/** The routes of `glore serve`: requests that were changed, cut off, sent slowly and never read. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { mutateBytes, mutateJson, mutateValue, oddTexts } from '../mutate.mjs';
import { checkShown, holds } from '../outcome.mjs';
import { soup } from '../texts.mjs';

const question = 'Mia has 37 stamps. She buys 15 more. How many stamps does she have?';
const user = [{ role: 'user', content: question }];
const sampling = { n: 1, temperature: 1, max_tokens: 12, seed: 3, stop: ['\n'], stream: false };

/** Right requests. */
const requests = [
  [
    '/v1/completions',
    { model: 'student', prompt: `<|bos|>${question}\n`, ...sampling, logprobs: 2 },
  ],
  [
    '/v1/completions',
    {
      model: 'student',
      prompt: [
        [1, 5, 6],
        [1, 7],
      ],
      ...sampling,
      return_token_ids: true,
    },
  ],
  [
    '/v1/completions',
    {
      model: 'glore',
      prompt: question,
      max_tokens: 20,
      glore: { mode: 'gate', threshold: 0.5, tau: 0.5, budget: 40, rounds: 1, lines: true },
    },
  ],
  [
    '/v1/chat/completions',
    { model: 'student', messages: user, ...sampling, logprobs: true, top_logprobs: 2 },
  ],
  [
    '/v1/chat/completions',
    {
      model: 'glore',
      messages: user,
      max_tokens: 20,
      stream: true,
      stream_options: { include_usage: true },
      glore: { mode: 'rerank', choice: 'orm' },
    },
  ],
  [
    '/v1/chat/completions',
    { model: 'glore', messages: user, tools: [{}], tool_choice: 'auto', max_tokens: 8 },
  ],
  [
    '/generative_scoring',
    {
      model: 'orm',
      query: question,
      items: ['a', 'b'],
      label_token_ids: [5, 6],
      apply_softmax: true,
      item_first: false,
    },
  ],
  ['/pooling', { model: 'sorm', input: [question, 'x'], task: 'token_classify' }],
  ['/tokenize', { prompt: question }],
  ['/detokenize', { tokens: [1, 5, 6] }],
];
const gets = [
  '/health',
  '/metrics',
  '/v1/models',
  '/v1/models/student',
  '/v1/models/%00',
  '/v1/models/..%2f',
  '/',
  '/%',
  '//',
  '/v1/completions',
  '/icon.svg',
  '/assets/..%2findex.html',
  '/api/about',
  '/api/runs/0',
  '/api/runs/0/report',
  '/api/runs/0/curves',
  '/api/runs/0/labels',
  '/api/runs/0/problems',
  '/api/runs/0/problems?filter=draft-wrong&search=a%20b&from=1&count=2',
  '/api/runs/0/problems?filter=x',
  '/api/runs/0/problems?search=%',
  '/api/runs/0/problems?count=1e9&from=-1',
  '/api/runs/0/problems/0',
  '/api/runs/-1/problems/%00',
];
const headers = [
  'authorization: Bearer x',
  'origin: http://page.example',
  'origin: null',
  'origin: http://evil.example',
  'sec-fetch-site: cross-site',
  'access-control-request-method: POST',
  'traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  'traceparent: x',
  'x-request-id: \u00ff',
  'accept-encoding: gzip',
  'expect: 100-continue',
  'expect: x',
  'content-encoding: gzip',
  'transfer-encoding: chunked',
  'connection: upgrade',
  'upgrade: websocket',
  'host: evil.example',
  `x-long: ${'y'.repeat(20_000)}`,
];

/** The bytes of a request, and how they are sent. */
function requestOf(random) {
  const [path, body] = random.of(requests);
  const how = random.whole(0, 9);
  if (how === 0) {
    const lines = [
      `${random.of(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'POST', 'TRACE', 'CONNECT', 'x'])} ${random.of([...gets, path])}${random.of(['', '', '?a=b', '#x'])} HTTP/1.1`,
      ...(random.chance(0.95) ? ['host: 127.0.0.1'] : []),
      ...random.several(headers, 0, 2),
    ];
    return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
  }
  const json =
    how < 7
      ? mutateJson(random, body)
      : Buffer.from(
          JSON.stringify(how === 7 ? withText(random, body) : mutateValue(random, body)) ?? '',
        );
  const length = random.chance(0.95)
    ? json.length
    : random.of([0, 1, json.length + 5, -1, 1e12, 'x']);
  const lines = [
    `POST ${path} HTTP/1.1`,
    'host: 127.0.0.1',
    `content-type: ${random.chance(0.97) ? 'application/json' : random.of(['text/plain', '', 'application/jsonx', '\u00ff'])}`,
    `content-length: ${length}`,
    ...(random.chance(0.1) ? random.several(headers, 1, 2) : []),
  ];
  const bytes = Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), json]);
  return how === 9 && random.chance(0.3) ? mutateBytes(random, bytes) : bytes;
}

/** A right request with text that a tokenizer may stumble over. */
function withText(random, body) {
  const text = random.chance(0.5) ? soup(random) : random.of(oddTexts);
  return JSON.parse(
    JSON.stringify(body).replaceAll(JSON.stringify(question), () => JSON.stringify(text)),
  );
}

export const http = {
  name: 'http',
  about:
    'requests to the routes of `glore serve`: every answer has a status and a code, none is 500, the server lives',
  share: 4,
  weight: 0.08,
  limits: { compute: 3000, wait: 30_000 },
  mayGrow: 256 * 2 ** 20,
  async open() {
    const server = spawn(
      process.execPath,
      [fileURLToPath(new URL('../serve.mjs', import.meta.url))],
      {
        stdio: ['pipe', 'pipe', 'inherit'],
      },
    );
    const lines = createInterface({ input: server.stdout });
    const [line] = await once(lines, 'line');
    const { url } = JSON.parse(line);
    const port = Number(new URL(url).port);
    const failures = [];
    lines.on('line', (text) => failures.push(text));
    let cases = 0;

    /** Sends bytes, and gives what came back and how long it took. */
    const send = (bytes, { how, at }) =>
      new Promise((resolve) => {
        const socket = connect(port, '127.0.0.1');
        const chunks = [];
        const began = performance.now();
        let size = 0;
        const done = () => {
          clearTimeout(timer);
          socket.destroy();
          resolve({
            text: Buffer.concat(chunks).toString('latin1'),
            seconds: (performance.now() - began) / 1000,
          });
        };
        const timer = setTimeout(done, 20_000);
        socket.on('error', done).on('close', done);
        socket.on('data', (chunk) => {
          chunks.push(chunk);
          size += chunk.length;
          if (isWhole(Buffer.concat(chunks).toString('latin1'))) done();
          else if (how === 'leave' && size > at) done();
        });
        if (how === 'pieces') {
          socket.write(bytes.subarray(0, at));
          setTimeout(() => socket.writable && socket.write(bytes.subarray(at)), 20);
        } else if (how === 'part') {
          socket.write(bytes.subarray(0, at));
          setTimeout(done, 50);
        } else if (how === 'deaf') {
          socket.pause();
          socket.write(bytes);
          setTimeout(done, 100);
        } else socket.write(bytes);
      });

    return {
      make(random) {
        const count = random.of([1, 4, 8, 16]);
        return Array.from({ length: count }, () => {
          const bytes = requestOf(random);
          const how = random.of([
            'all',
            'all',
            'all',
            'all',
            'all',
            'all',
            'pieces',
            'part',
            'leave',
            'deaf',
          ]);
          // What says more than it sends is not waited for.
          if (!isSent(bytes)) return { bytes, how: 'part', at: bytes.length };
          return { bytes, how, at: random.whole(0, bytes.length) };
        });
      },
      async run(sent) {
        const answers = await Promise.all(sent.map(({ bytes, ...way }) => send(bytes, way)));
        holds(
          server.exitCode === null && server.signalCode === null,
          'ended',
          'the server has ended',
        );
        const kinds = answers.map((answer, i) => {
          if (sent[i].how === 'part' || sent[i].how === 'deaf' || sent[i].how === 'leave')
            return sent[i].how;
          return kindOf(answer, sent[i].bytes);
        });
        holds(failures.length === 0, 'internal', () => failures.splice(0).join('\n').slice(0, 900));
        if (++cases % 16 === 0) {
          const { text, seconds } = await send(
            Buffer.from('GET /health HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n'),
            { how: 'all' },
          );
          holds(
            text.includes('{"status":"ok"}') && seconds < 5,
            'unhealthy',
            () => `${seconds} s: ${text.slice(0, 200)}`,
          );
        }
        return kinds;
      },
      memory() {
        if (process.platform !== 'linux') return 0;
        const status = readFileSync(`/proc/${server.pid}/status`, 'utf8');
        return 1024 * Number(/VmRSS:\s+(\d+)/.exec(status)[1]);
      },
      async close() {
        server.stdin.end();
        await once(server, 'exit');
      },
    };
  },
};

/** Whether all of a request is there. */
function isSent(bytes) {
  const text = bytes.toString('latin1');
  const end = text.indexOf('\r\n\r\n');
  if (end === -1 || /\r\ntransfer-encoding:/i.test(text.slice(0, end))) return false;
  const length = /\r\ncontent-length: *(\d+)/i.exec(text.slice(0, end))?.[1] ?? 0;
  return text.length >= end + 4 + Number(length);
}

/** Whether an answer has come to its end. */
function isWhole(text) {
  const end = text.indexOf('\r\n\r\n');
  if (end === -1) return false;
  const head = text.slice(0, end).toLowerCase();
  const length = /\r\ncontent-length: (\d+)/.exec(head)?.[1];
  if (length !== undefined) return text.length >= end + 4 + Number(length);
  return head.includes('chunked')
    ? text.endsWith('0\r\n\r\n')
    : /^http\/1.1 (?:1|204|304)/.test(head);
}

/** What an answer was, as its status and code. @throws Violation for one that nobody could make anything of */
function kindOf({ text, seconds }, bytes) {
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0);
  if (status === 0) {
    // A request that says more than it sends is waited for; nothing else is.
    holds(
      seconds < 15,
      'no-answer',
      () => `${seconds.toFixed(1)} s for ${JSON.stringify(bytes.toString('latin1').slice(0, 400))}`,
    );
    return 'closed';
  }
  const [head, ...rest] = text.split('\r\n\r\n');
  checkShown(head.replaceAll('\r\n', ' '), 'headers');
  const body = rest.join('\r\n\r\n');
  if (status < 400) {
    if (body.includes('"code":"internal"')) holds(false, 'internal', body.slice(-300));
    holds(
      !/"logprob":null|_logprobs":\[null|"score":null|"data":\[\[null/.test(body),
      'null-value',
      () => body.slice(0, 300),
    );
    return `${status}`;
  }
  const code = /"code":"([\w-]+)"/.exec(body)?.[1];
  const isRead =
    bytes.subarray(0, 5).toString() !== 'HEAD ' && !/\r\ncontent-encoding: gzip/i.test(head);
  holds(code !== undefined || !isRead, 'no-code', () => `${status}: ${text.slice(0, 400)}`);
  holds(status !== 500, 'internal', () => text.slice(0, 400));
  return `${status} ${code ?? ''}`;
}
