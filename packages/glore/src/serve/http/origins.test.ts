/** Pages in browsers. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Hosted } from '../batch/hosted.js';
import { logged, openBase, start, startForTest } from '../harness.testing.js';

let hosted: Hosted;
beforeAll(async () => {
  hosted = await openBase(1);
});
afterAll(() => hosted.close());

const page = 'http://localhost:5173';
const body = JSON.stringify({ prompt: 'x' });

/** What a browser asks before a page may post JSON with a key. */
const preflight = (origin: string) => ({
  method: 'OPTIONS',
  headers: {
    origin,
    'access-control-request-method': 'POST',
    'access-control-request-headers': 'authorization,content-type',
  },
});

describe('pages', () => {
  it('of the origins that are named may ask, with the key', async () => {
    const cors = ['https://example.org', page];
    const server = await startForTest(hosted, { cors, key: 'sesame' });
    const url = `${server.running.url}/tokenize`;
    for (const origin of cors) {
      const { status, headers } = await fetch(url, preflight(origin));
      expect(status).toBe(204);
      expect(headers.get('access-control-allow-origin')).toBe(origin);
      expect(headers.get('access-control-allow-headers')).toBe('authorization,content-type');
      expect(headers.get('access-control-allow-methods')).toContain('POST');
    }
    expect(await logged(server.logs, 204)).toMatchObject({ path: '/tokenize' });
    const post = (authorization: string) =>
      fetch(url, {
        method: 'POST',
        headers: { origin: page, 'content-type': 'application/json', authorization },
        body,
      });
    const answer = await post('Bearer sesame');
    expect(answer.status).toBe(200);
    expect(answer.headers.get('access-control-allow-origin')).toBe(page);
    expect(answer.headers.get('access-control-expose-headers')).toContain('x-request-id');
    expect(answer.headers.get('vary')).toBe('Origin');
    // A page can read why it is refused.
    const refused = await post('Bearer other');
    expect(refused.status).toBe(401);
    expect(refused.headers.get('access-control-allow-origin')).toBe(page);
  });

  it('of other origins may not', async () => {
    const server = await startForTest(hosted, { cors: [page] });
    for (const origin of ['http://localhost:5174', 'https://evil.example', 'null']) {
      const { headers } = await fetch(`${server.running.url}/tokenize`, preflight(origin));
      expect(headers.get('access-control-allow-origin')).toBeNull();
    }
  });

  it('may not ask unless that is wanted', async () => {
    const server = await startForTest(hosted);
    const { status, headers } = await fetch(`${server.running.url}/tokenize`, preflight(page));
    expect(status).toBe(404);
    expect(headers.get('access-control-allow-origin')).toBeNull();
  });

  it.each(['*', 'example.org', 'https://example.org/', 'https://example.org/page', 'null', ''])(
    'are named by their origin, which "%s" is none',
    async (origin) => {
      await expect(start(hosted, { cors: [page, origin] })).rejects.toMatchObject({
        code: 'origin',
        message: expect.stringContaining(`--cors: expected the origin of a page`),
      });
    },
  );
});
