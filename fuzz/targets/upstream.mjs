/** `glore serve --upstream` in front of a server that lies. */
import { startService } from '../../packages/glore/dist/serve/http/index.js';
import { hostUpstream } from '../../packages/glore/dist/serve/upstream/index.js';
import { key, liar } from '../liar.mjs';
import { mutateValue } from '../mutate.mjs';
import { holds } from '../outcome.mjs';

const question = 'Mia has 37 stamps. She buys 15 more. How many stamps does she have?';
const messages = [{ role: 'user', content: question }];
const modes = ['vote', 'gate', 'rerank'];

/** Right requests, those that are refined first. */
const requests = [
  ...modes.map((mode) => ({ model: 'glore', messages, max_tokens: 32, glore: { mode } })),
  { model: 'glore', messages, stream: true, stream_options: { include_usage: true } },
  { model: 'm', messages, temperature: 1, seed: 3 },
  { model: 'n', messages },
  { model: 'glore', messages, tools: [{ type: 'function', function: { name: 'f' } }] },
].map((body) => ({ method: 'POST', path: '/v1/chat/completions', body }));
const others = [
  { method: 'GET', path: '/v1/models' },
  { method: 'GET', path: '/v1/models/m?x=1' },
  { method: 'HEAD', path: '/v1/files' },
  { method: 'DELETE', path: '/v1/files/x' },
  { method: 'POST', path: '/v1/completions', body: { model: 'm', prompt: question } },
];

export const upstream = {
  name: 'upstream',
  about:
    'a server that lies behind `glore serve --upstream`: every answer is its own, or has a code, and none is 500',
  share: 4,
  weight: 0.08,
  limits: { compute: 3000, wait: 60_000 },
  mayGrow: 256 * 2 ** 20,
  async open() {
    const server = await liar();
    const failures = [];
    server.lies('', 0);
    const running = await startService(
      () => hostUpstream({ url: server.url, key, patience: 0, timeout: 1, model: 'm' }),
      {
        ...{ port: 0, parallel: 16, queue: 32, timeout: 4, maxBody: 2 ** 17, maxAnswer: 512 },
        ...{ stall: 2, maxUnread: 2 ** 18 },
        log(line) {
          if (line.error === 'internal') failures.push(JSON.stringify(line));
        },
      },
    );
    const ask = async ({ method, path, body }) => {
      const signal = AbortSignal.timeout(20_000);
      try {
        const response = await fetch(running.url + path, {
          ...{ method, signal, redirect: 'manual' },
          ...(body !== undefined && {
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify(body),
          }),
        });
        let text = '';
        let broken = false;
        let size = 0;
        const decoder = new TextDecoder();
        try {
          for await (const chunk of response.body ?? []) {
            size += chunk.length;
            if (size < 2 ** 16) text += decoder.decode(chunk, { stream: true });
            // What has no end is left.
            if (size > 2 ** 22) break;
          }
        } catch (error) {
          if (signal.aborted) throw error;
          broken = true;
        }
        return { status: response.status, headers: response.headers, text, broken };
      } catch (error) {
        holds(!signal.aborted, 'no-answer', () => `${method} ${path} ${JSON.stringify(body)}`);
        return { broken: true, status: 0, text: String(error.cause ?? error) };
      }
    };
    const kindOf = ({ method, path }, { status, headers, text, broken }) => {
      holds(failures.length === 0, 'internal', () => failures.splice(0).join('\n').slice(0, 600));
      const passed = headers?.get('x-glore')?.startsWith('passed');
      if (passed || status === 0) return `passed${broken ? ', broken off' : ''}`;
      holds(!text.includes(key), 'secret', () => text.slice(0, 300));
      if (status < 400) return `${path.split('?')[0]} ${status}`;
      const code = /"code":"([\w-]+)"/.exec(text)?.[1];
      holds(code !== undefined || method === 'HEAD', 'no-code', () => `${status}: ${text}`);
      holds(status !== 500, 'internal', () => text.slice(0, 400));
      return `${status} ${code ?? ''}`;
    };
    return {
      make: (random) => ({
        seed: String(random.whole(0, 2 ** 30)),
        rate: random.of([0.05, 0.3, 0.95, 1]),
        asked: Array.from({ length: random.of([1, 4, 8]) }, () => {
          const request = random.of(random.chance(0.7) ? requests : others);
          if (request.body === undefined || random.chance(0.8)) return request;
          return { ...request, body: mutateValue(random, request.body) };
        }),
      }),
      async run({ seed, rate, asked }) {
        server.lies(seed, rate);
        try {
          return await Promise.all(asked.map(async (one) => kindOf(one, await ask(one))));
        } finally {
          server.end();
        }
      },
    };
  },
};
