/** A line for every response. */
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Hosted } from '../batch/hosted.js';
import { logged, openBase, post, type Server, startForTest } from '../harness.testing.js';

let hosted: Hosted;
beforeAll(async () => {
  hosted = await openBase(1);
});
afterAll(() => hosted.close());

/** Sends bytes as they are; gives all that comes back. */
async function raw({ running }: Server, bytes: string): Promise<string> {
  const { hostname, port } = new URL(running.url);
  const socket = connect(Number(port), hostname);
  socket.write(bytes);
  return text(socket);
}

describe('the log', () => {
  it('has a line for every response, with what was wrong', async () => {
    const server = await startForTest(hosted, { key: 'sesame' });
    const get = (path: string, key = 'sesame') =>
      fetch(`${server.running.url}${path}`, { headers: { authorization: `Bearer ${key}` } });
    const ids: (string | null)[] = [];
    for (const response of [
      await get('/health'),
      await get('/metrics'),
      await get('/v1/models'),
      await get('/v1/models/none'),
      await get('/nowhere?a=b'),
      await get('/v1/completions'),
      await get('/v1/models', 'other'),
      await post(server, '/nowhere', {}, { authorization: 'Bearer sesame' }),
      await post(server, '/tokenize', {}, { authorization: 'Bearer sesame' }),
    ]) {
      ids.push(response.headers.get('x-request-id'));
    }
    const line = (path: string, status: number, error?: string) => ({
      time: expect.stringMatching(/Z$/),
      id: expect.stringMatching(/^[0-9a-f]{32}$/),
      path,
      status,
      seconds: expect.any(Number),
      ...(error && { error }),
    });
    expect(server.logs).toEqual([
      line('/health', 200),
      line('/metrics', 200),
      line('/v1/models', 200),
      line('/v1/models/none', 404, 'model_not_found'),
      line('/nowhere', 404, 'not_found'),
      line('/v1/completions', 404, 'not_found'),
      line('/v1/models', 401, 'invalid_api_key'),
      line('/nowhere', 404, 'not_found'),
      line('/tokenize', 400, 'invalid_value'),
    ]);
    expect(server.logs.map(({ id }) => id)).toEqual(ids);
  });

  it.each([
    ['bytes that are no request', 'hello\r\n\r\n', 400],
    [
      'a header too large',
      `GET / HTTP/1.1\r\nhost: localhost\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`,
      431,
    ],
    ['no host', 'GET / HTTP/1.0\r\n\r\n', 403],
    ['no host where there has to be one', 'GET / HTTP/1.1\r\nconnection: close\r\n\r\n', 403],
    ['another expectation', 'GET / HTTP/1.1\r\nhost: localhost\r\nexpect: x\r\n\r\n', 417],
    ['a request to a proxy', 'CONNECT a:1 HTTP/1.1\r\nhost: localhost\r\n\r\n', 405],
    ['a host that is none', 'GET / HTTP/1.1\r\nhost: a b\r\nconnection: close\r\n\r\n', 400],
  ])('has a line for %s', async (_, bytes, status) => {
    const server = await startForTest(hosted);
    const answer = await raw(server, bytes);
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(JSON.parse(answer.split('\r\n\r\n')[1]!)).toMatchObject({
      error: { type: 'invalid_request_error', code: status === 403 ? 'host' : 'malformed' },
    });
    expect(await logged(server.logs, status)).toMatchObject({ error: expect.any(String) });
    expect(server.logs).toHaveLength(1);
  });
});
