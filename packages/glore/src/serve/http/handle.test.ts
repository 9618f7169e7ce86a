/** Answers of another server on this machine, handed on. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from 'vitest';
import { z } from 'zod';
import { Endpoint } from '../../model/openai/index.js';
import type { Route } from '../protocol/index.js';
import { passThrough } from './pass.js';
import { startService } from './server.js';
import type { ServerOptions } from './service.js';

/** Of the server there, which those who ask here do not have. */
const key = 'sk-of-the-server-there';

let upstream: Server;
let endpoint: Endpoint;
beforeAll(async () => {
  upstream = createServer((request, response) => {
    const status = Number(request.url?.split('/').at(-1));
    if (request.method === 'PUT') {
      response.writeHead(status, { 'content-length': 9 }).write('hel', () => response.destroy());
      return;
    }
    if (request.method === 'PATCH') {
      const told = JSON.stringify({ error: { message: `no: ${request.headers.authorization}` } });
      response.writeHead(status, { 'content-encoding': 'gzip', 'x-own': 'kept' });
      response.end(gzipSync(told));
      return;
    }
    const spelt = Buffer.from('5 €').toString('latin1');
    response.writeHead(status, { 'content-type': 'text/plain', 'x-own': 'kept', 'x-spelt': spelt });
    // Bytes: of a text that is sent with them, Node writes headers as UTF-8.
    const hello = Buffer.from('hello');
    response.end(status === 204 || status === 205 || status === 304 ? undefined : hello);
  });
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  const { port } = upstream.address() as AddressInfo;
  endpoint = new Endpoint({ name: 'test', url: `http://127.0.0.1:${port}/v1`, key });
});
afterAll(async () => {
  await endpoint.close();
  upstream.closeAllConnections();
  upstream.close();
});

/** A server that hands everything on, one request at a time. */
async function start(options: Partial<ServerOptions> = {}) {
  const others: Route<z.ZodUnknown> = {
    ...{ path: '/v1/*', schema: z.unknown(), anything: true, size: () => 1 },
    answer: (_, exchange, bytes) => passThrough(endpoint, exchange, bytes),
  };
  const logs: { readonly status?: number }[] = [];
  const service = {
    ...{ failed: () => false, models: async () => [], routes: [], others },
    close: async () => {},
  };
  const running = await startService(async () => service, {
    ...{ port: 0, parallel: 1, timeout: 5 },
    log: (line) => logs.push(line),
    ...options,
  });
  onTestFinished(() => running.close(0));
  const ask = (method: string, status: number) => fetch(`${running.url}/v1/${status}`, { method });
  const logged = () => expect.poll(() => logs.map(({ status }) => status));
  return { running, ask, logged };
}

it.each([
  ['HEAD', 200],
  ['HEAD', 404],
  ['GET', 204],
  ['GET', 205],
  ['GET', 304],
])('%s with status %i has no body, and leaves its turn to the next', async (method, status) => {
  const { ask, logged } = await start();
  const response = await ask(method, status);
  expect(response.status).toBe(status);
  expect(response.headers.get('x-own')).toBe('kept');
  expect(await response.text()).toBe('');
  await logged().toEqual([status]);
  expect(await (await ask('GET', 200)).text()).toBe('hello');
  await logged().toEqual([status, 200]);
});

it.each([600, 777, 999])('a status of %i, which nobody can hand on, is a 502', async (status) => {
  const { ask, logged } = await start();
  const response = await ask('GET', status);
  expect(response.status).toBe(502);
  expect(await response.json()).toMatchObject({
    error: { code: 'upstream', message: expect.stringContaining(`found the status ${status}`) },
  });
  await logged().toEqual([502]);
  expect(await (await ask('GET', 200)).text()).toBe('hello');
});

it('an answer that breaks off is told as the fault of the server there, and nothing is printed', async () => {
  const printed = (['error', 'info', 'warn'] as const).map((name) =>
    vi.spyOn(console, name).mockImplementation(() => {}),
  );
  const { ask, logged } = await start();
  await expect(ask('PUT', 200).then((response) => response.text())).rejects.toThrow();
  await logged().toEqual([502]);
  for (const print of printed) expect(print).not.toHaveBeenCalled();
  vi.restoreAllMocks();
});

it('an error hands the words of the server there on, without the key that it was asked with', async () => {
  const { ask } = await start();
  const response = await ask('PATCH', 401);
  expect([response.status, response.headers.get('x-own')]).toEqual([401, 'kept']);
  expect(await response.json()).toEqual({ error: { message: 'no: Bearer [key]' } });
  // What is no error is handed on as it is.
  expect(await (await ask('PATCH', 200)).json()).toEqual({
    error: { message: `no: Bearer ${key}` },
  });
});

it('leaves out a header that cannot be written', async () => {
  const { ask } = await start();
  const { status, headers } = await ask('GET', 200);
  expect([status, headers.get('x-own'), headers.get('x-spelt')]).toEqual([200, 'kept', null]);
});

it('logs and counts an answer with the status that it has', async () => {
  const { running, ask, logged } = await start();
  expect(await (await ask('POST', 418)).text()).toBe('hello');
  await logged().toEqual([418]);
  const metrics = await (await fetch(`${running.url}/metrics`)).text();
  expect(metrics).toMatch(/^glore_requests_total\{.*status="418"\} 1$/m);
});

it('hands nothing on for pages of other origins, which need no consent to send text', async () => {
  const named = 'https://named.example';
  const post = async (url: string, headers: Record<string, string>) =>
    (await fetch(`${url}/v1/200`, { method: 'POST', body: '{}', headers })).status;
  const text = { 'content-type': 'text/plain' };
  const { running } = await start({ cors: [named] });
  expect(await post(running.url, { ...text, origin: 'https://other.example' })).toBe(403);
  expect(await post(running.url, { ...text, 'sec-fetch-site': 'cross-site' })).toBe(403);
  expect(await post(running.url, { ...text, origin: named })).toBe(200);
  expect(await post(running.url, { ...text, origin: running.url })).toBe(200);
  expect(await post(running.url, text)).toBe(200);
});
