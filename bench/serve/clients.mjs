/** Clients of `glore serve`, good ones and others, each on connections of its own. */
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const agent = new Agent({ keepAlive: true });
const question =
  'Fay has 127 shells. Fay gets 214 more. Then Fay has 2 times as many. Fay loses 121. How many shells does Fay have?';

/** What good clients ask, each client one of them again and again. */
export const kinds = {
  refined: (seed) => [
    '/v1/chat/completions',
    { model: 'glore', messages: [{ role: 'user', content: question }], seed, temperature: 1 },
  ],
  streamed: (seed) => [
    '/v1/completions',
    { model: 'student', prompt: `<|bos|>${question}\n`, max_tokens: 100, seed, stream: true },
  ],
  pooled: () => ['/pooling', { model: 'sorm', input: `<|bos|>${question}\n#### 561<|step|>` }],
};

/** One request; gives its status and whole answer. */
function post(url, path, body, options = { agent }) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const asking = request(
      new URL(path, url),
      {
        ...options,
        method: 'POST',
        headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) },
      },
      (response) => {
        let answer = '';
        response
          .setEncoding('utf8')
          .on('data', (part) => {
            answer += part;
          })
          .on('end', () => resolve({ status: response.statusCode, answer }))
          .on('error', reject);
      },
    );
    // A server that refuses a body need not read it to its end.
    if (!options.agent) asking.on('socket', (socket) => socket.on('error', () => {}));
    asking.on('error', reject).end(text);
  });
}

/** Asks until `over`; `told` gets the seconds of each answer, or what was wrong with it. */
export async function ask(url, kind, over, told) {
  for (let seed = Math.floor(Math.random() * 1e6); !over(); seed++) {
    const began = performance.now();
    const [path, body] = kinds[kind](seed);
    const wrong = await post(url, path, body).then(
      ({ status, answer }) =>
        status === 200 && (!body.stream || answer.endsWith('data: [DONE]\n\n'))
          ? undefined
          : `${status} ${answer.slice(0, 200)}`,
      (error) => error.message,
    );
    told(kind, (performance.now() - began) / 1000, wrong);
    if (wrong) await sleep(1000);
  }
}

/** Sends prompts of 8 MB until `over`; `told` gets the status of each answer. */
export async function askTooMuch(url, over, told) {
  const body = JSON.stringify({ model: 'student', prompt: 'Fay has 3 shells. '.repeat(466_000) });
  while (!over()) {
    const began = performance.now();
    const status = await post(url, '/v1/completions', body, { agent: false }).then(
      ({ status }) => status,
      (error) => error.message,
    );
    told(status, (performance.now() - began) / 1000);
  }
}

/** Asks for as long a stream as there may be, and reads nothing of it, until `over` or for so long that it must have been cut off; again. */
export async function neverRead(url, over) {
  const { hostname, port } = new URL(url);
  const body = JSON.stringify({
    ...{ model: 'student', messages: [{ role: 'user', content: question }] },
    ...{ n: 2, max_tokens: 45, ignore_eos: true, stream: true, logprobs: true, top_logprobs: 357 },
  });
  while (!over()) {
    const socket = connect({ host: hostname, port: Number(port) });
    socket.pause().on('error', () => {});
    socket.write(
      `POST /v1/chat/completions HTTP/1.1\r\nhost: ${hostname}:${port}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
    for (let second = 0; second < 45 && !over(); second++) await sleep(1000);
    socket.destroy();
  }
}

export async function memoryOf(url) {
  const metrics = await (await fetch(new URL('/metrics', url))).text();
  return Number(metrics.match(/^process_resident_memory_bytes (\d+)/m)[1]) / 2 ** 20;
}
