/** Clients that leave, and clients that stay and read nothing. */
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Hosted } from '../batch/hosted.js';
import {
  logged,
  metricsOf,
  openBase,
  post,
  questions,
  type Server,
  startForTest,
} from '../harness.testing.js';

const [first] = questions;

let hosted: Hosted;
/** Sequences scored and sampled. */
const rows = { score: 0, generate: 0 };
beforeAll(async () => {
  hosted = await openBase(1, (_, { kind, rows: more }) => {
    rows[kind] += more;
  });
});
afterAll(() => hosted.close());

/** Sends a request on a connection of its own, of which nothing is read. */
function send({ running }: Server, path: string, body: object): Socket {
  const { hostname, port } = new URL(running.url);
  const socket = connect(Number(port), hostname);
  onTestFinished(() => {
    socket.destroy();
  });
  const text = JSON.stringify(body);
  socket.pause().on('error', () => {});
  socket.write(
    `POST ${path} HTTP/1.1\r\nhost: ${hostname}:${port}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
  );
  return socket;
}

async function until(true_: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await true_())) await new Promise((resolve) => setTimeout(resolve, 2));
}

const user = [{ role: 'user', content: first }];
const endless = { n: 32, max_tokens: 500, ignore_eos: true, temperature: 1 };
const input = Array(760).fill(`<|bos|>${first}`);

describe('the work of a client that leaves ends', () => {
  const asked: [path: string, body: object][] = [
    ['/v1/completions', { model: 'student', prompt: '<|bos|>', ...endless }],
    ['/v1/completions', { model: 'student', prompt: '<|bos|>', ...endless, stream: true }],
    ['/v1/chat/completions', { model: 'student', messages: user, ...endless }],
    ['/v1/chat/completions', { model: 'student', messages: user, ...endless, stream: true }],
    ...[1, 9].flatMap((rounds): [string, object][] => [
      ['/v1/chat/completions', { model: 'glore', messages: user, n: 3, glore: { rounds } }],
      ['/v1/completions', { model: 'glore', prompt: first, n: 3, glore: { rounds }, stream: true }],
    ]),
    ['/pooling', { model: 'orm', input }],
    ['/generative_scoring', { model: 'orm', query: '', items: input, label_token_ids: [5, 6] }],
  ];
  it.each(asked)('on %s: %j', async (path, body) => {
    const server = await startForTest(hosted);
    const before = { ...rows };
    const socket = send(server, path, body);
    await until(async () => (await metricsOf(server)).includes('glore_requests_running 1\n'));
    socket.destroy();
    const line = await logged(server.logs, 499);
    expect(line).toMatchObject({ path, error: 'client_closed' });
    expect(line).not.toHaveProperty('generatedTokens');
    // What was in a batch by then is all.
    expect((await post(server, '/v1/completions', { model: 'student', prompt: 'x' })).status).toBe(
      200,
    );
    expect(rows.score - before.score).toBeLessThan(input.length);
    expect(rows.generate - before.generate).toBeLessThanOrEqual(33);
    expect(await metricsOf(server)).toContain('glore_requests_running 0\n');
  });

  it.each(['/tokenize', '/detokenize', '/pooling'])(
    'while it waits for its turn: %s',
    async (path) => {
      const server = await startForTest(hosted, { parallel: 1 });
      const busy = send(server, '/v1/completions', {
        ...{ model: 'student', prompt: '<|bos|>', ...endless, stream: true },
      });
      await until(async () => (await metricsOf(server)).includes('glore_requests_running 1\n'));
      const leaving = send(server, path, { model: 'orm', prompt: 'x', input: 'x', tokens: [5] });
      await until(async () => (await metricsOf(server)).includes('glore_requests_waiting 1\n'));
      leaving.destroy();
      expect(await logged(server.logs, 499)).toMatchObject({ path, error: 'client_closed' });
      expect(await metricsOf(server)).toContain('glore_requests_waiting 0\n');
      busy.destroy();
    },
  );

  it('while it still sends', async () => {
    const server = await startForTest(hosted);
    const { hostname, port } = new URL(server.running.url);
    const socket = connect(Number(port), hostname);
    socket.write(
      `POST /tokenize HTTP/1.1\r\nhost: ${hostname}:${port}\r\ncontent-type: application/json\r\ncontent-length: 900\r\n\r\n{"prompt"`,
    );
    setTimeout(() => socket.destroy(), 50);
    expect(await logged(server.logs, 499)).toMatchObject({ path: '/tokenize' });
  });
});

describe('a client that reads nothing', () => {
  /** More than the system takes on a connection: 9 MB. */
  const large = {
    ...{ model: 'student', messages: user, n: 2, max_tokens: 160, ignore_eos: true, seed: 1 },
    ...{ logprobs: true, top_logprobs: 357 },
  };
  const limits = { maxAnswer: 2 ** 17 };

  it.each([true, false])('is cut off after a time (stream: %s)', async (stream) => {
    const server = await startForTest(hosted, { ...limits, stall: 3 });
    const socket = send(server, '/v1/chat/completions', { ...large, stream });
    const line = await logged(server.logs, 499);
    expect(line).toMatchObject({ error: 'client_stalled', choices: 2, generatedTokens: 320 });
    // The connection is no more, and nothing that waited for it.
    const broken = new Promise((resolve) => socket.once('close', resolve));
    socket.resume();
    await broken;
    expect(await metricsOf(server)).toContain('glore_requests_running 0\n');
  });

  it('does not hold back others, and gets all if it reads late', async () => {
    const server = await startForTest(hosted, { ...limits, parallel: 16 });
    const silent = Array.from({ length: 3 }, () =>
      send(server, '/v1/chat/completions', { ...large, stream: true }),
    );
    for (let i = 0; i < 20; i++) {
      expect((await post(server, '/tokenize', { prompt: 'x' })).status).toBe(200);
    }
    const whole = await (
      await post(server, '/v1/chat/completions', { ...large, stream: true })
    ).text();
    const [reader] = silent;
    let text = '';
    reader!.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
    reader!.resume();
    await until(() => text.includes('data: [DONE]'));
    const events = (all: string) => all.match(/"logprob":[-\d.e]+/g)!.length;
    expect(events(text)).toBe(events(whole));
  });

  it('is cut off once too much waits for it', async () => {
    const server = await startForTest(hosted, { ...limits, maxUnread: 2 ** 20 });
    send(server, '/v1/chat/completions', { ...large, stream: true });
    expect(await logged(server.logs, 499)).toMatchObject({ error: 'client_stalled' });
    // It was not sampled to its end.
    expect(server.logs.find(({ status }) => status === 499)).not.toHaveProperty('generatedTokens');
  });
});
