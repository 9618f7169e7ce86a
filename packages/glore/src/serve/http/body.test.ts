/** Bodies: how large each may be, and all that are held at once. */
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Hosted } from '../batch/hosted.js';
import { openBase, post, refusal, type Server, startForTest } from '../harness.testing.js';

let hosted: Hosted;
beforeAll(async () => {
  hosted = await openBase(1);
});
afterAll(() => hosted.close());

const KiB = 2 ** 10;

/** A request whose body is not sent to its end; `finish` sends the rest, and gives the status. */
async function begin({ running }: Server, size: number) {
  const { hostname, port } = new URL(running.url);
  const headers = { 'content-type': 'application/json', 'content-length': size };
  const asking = request({ hostname, port, path: '/tokenize', method: 'POST', headers });
  const status = new Promise<number | undefined>((resolve, reject) => {
    asking.on('response', (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    asking.on('error', reject);
  });
  const body = `{"prompt":"x"${' '.repeat(size - 14)}}`;
  await new Promise((resolve) => asking.write(body.slice(0, -1), resolve));
  return {
    finish() {
      asking.end('}');
      return status;
    },
  };
}

describe('bodies', () => {
  it('that are too large are read and thrown away, so that who sends them sees the answer', async () => {
    const server = await startForTest(hosted, { maxBody: KiB });
    for (let i = 0; i < 20; i++) {
      const response = await post(server, '/tokenize', { prompt: 'x'.repeat(15 * KiB) });
      expect(await refusal(response)).toMatchObject({ status: 413, code: 'body_too_large' });
    }
  });

  it('are held up to a bound all together; small ones are always read', async () => {
    // Sixteen of the largest.
    const server = await startForTest(hosted, { maxBody: 100 * KiB });
    const held = await Promise.all(Array.from({ length: 16 }, () => begin(server, 100 * KiB)));
    const ask = (size: number) => post(server, '/tokenize', { prompt: 'x', pad: 'y'.repeat(size) });
    let more = await ask(80 * KiB);
    // What was sent may not have come yet.
    while (more.status === 200) more = await ask(80 * KiB);
    expect(more.headers.get('retry-after')).toBe('1');
    expect(await refusal(more)).toMatchObject({ status: 429, code: 'overloaded' });
    expect((await ask(KiB)).status).toBe(200);
    expect(await Promise.all(held.map(({ finish }) => finish()))).toEqual(Array(16).fill(200));
    expect((await ask(80 * KiB)).status).toBe(200);
  });

  it('that do not come are not waited for longer than any answer', async () => {
    const server = await startForTest(hosted, { timeout: 0.1 });
    const { hostname, port } = new URL(server.running.url);
    const headers = { 'content-type': 'application/json', 'content-length': 100 };
    const status = await new Promise((resolve, reject) => {
      const asking = request({ hostname, port, path: '/tokenize', method: 'POST', headers });
      asking.on('response', (response) => resolve(response.statusCode)).on('error', reject);
      asking.write('{');
    });
    expect(status).toBe(504);
  });
});
