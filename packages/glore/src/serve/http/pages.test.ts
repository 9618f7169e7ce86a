/** The pages and what they ask for: who gets what, with which headers. */
import { writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { folderWith, type Given } from '../../view/folder.testing.js';
import { RunView } from '../../view/index.js';
import { refusal } from '../harness.testing.js';
import { type ServerOptions, startViewer } from './index.js';

const fine: Given = { gold: '5', draft: '5', truth: [true, true], global: '5', choice: 0 };
const wrong: Given = { ...fine, draft: '6', truth: [true, false], global: '6' };

/** A server of the pages of a run; gives what asks it. */
async function view(options: Partial<ServerOptions> = {}, problems = [fine, wrong]) {
  const logs: object[] = [];
  const run = await RunView.open(await folderWith(problems), 'mine');
  const running = await startViewer([run], { port: 0, log: (line) => logs.push(line), ...options });
  onTestFinished(() => running.close(0));
  const get = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
    fetch(`${running.url}${path}`, { method, headers });
  return { get, logs, url: running.url };
}

const json = async <T = Record<string, unknown>>(response: Promise<Response>): Promise<T> =>
  (await response).json() as Promise<T>;

describe('the pages', () => {
  it('are there for whoever may ask for the key, and load nothing from elsewhere', async () => {
    const { get } = await view({ key: 'sesame' });
    const index = await get('/');
    expect(index.status).toBe(200);
    const headers = Object.fromEntries(index.headers);
    expect(headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-cache',
      'content-security-policy':
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
    });
    const html = await index.text();
    expect(html).not.toMatch(/ style=|<script(?![^>]* src=)/);
    const assets = [...html.matchAll(/(?:src|href)="\.(\/[^"]+)"/g)].map(([, path]) => path!);
    expect(assets.length).toBeGreaterThan(2);
    for (const path of assets) {
      const { status, headers } = await get(path);
      expect(status).toBe(200);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      const type = path.endsWith('.js')
        ? 'text/javascript'
        : /css$/.test(path)
          ? 'text/css'
          : 'image/';
      expect(headers.get('content-type')).toContain(type);
      expect(headers.get('cache-control')).toBe(
        path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
      );
    }
  });

  it('answer HEAD, and are smaller on the way', async () => {
    const { get } = await view();
    const head = await get('/', {}, 'HEAD');
    expect(head.status).toBe(200);
    expect(head.headers.get('content-type')).toContain('text/html');
    expect(await head.text()).toBe('');
    expect((await get('/')).headers.get('content-encoding')).toBe('gzip');
    const plain = await get('/', { 'accept-encoding': 'identity' });
    expect(plain.headers.get('content-encoding')).toBeNull();
  });

  it('are for the names of this machine where there is no key', async () => {
    const { url } = await view();
    const { hostname, port } = new URL(url);
    const status = (host: string, path: string) =>
      new Promise((resolve, reject) => {
        request({ hostname, port, path, headers: { host } }, (response) => {
          response.resume();
          resolve(response.statusCode);
        })
          .on('error', reject)
          .end();
      });
    for (const path of ['/', '/icon.svg', '/api/about']) {
      expect(await status('evil.example', path)).toBe(403);
      expect(await status(`localhost:${port}`, path)).toBe(200);
    }
  });

  it.each([
    '/../package.json',
    '/assets/../../../package.json',
    '/assets/..%2f..%2f..%2fpackage.json',
    '/assets/%2e%2e/%2e%2e/index.html',
    '//etc/passwd',
    '/index.html%00.js',
    '/assets',
    '/report/report.js',
    '/recipe.json',
  ])('have no file at %s', async (path) => {
    const { url } = await view();
    const { hostname, port } = new URL(url);
    const status = await new Promise((resolve, reject) => {
      request({ hostname, port, path }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on('error', reject)
        .end();
    });
    expect(status).toBe(404);
  });
});

describe('what the pages ask for', () => {
  it('needs the key', async () => {
    const { get } = await view({ key: 'sesame' });
    for (const path of ['/api/about', '/api/runs/0', '/api/runs/0/problems/0']) {
      const refused = await get(path);
      expect(refused.headers.get('cross-origin-resource-policy')).toBe('same-origin');
      expect(await refusal(refused)).toMatchObject({ status: 401, code: 'invalid_api_key' });
      expect((await get(path, { authorization: 'Bearer sesame' })).status).toBe(200);
    }
  });

  it('is for pages of this server, and of origins that are named', async () => {
    const cors = ['http://localhost:5173'];
    const { get, url } = await view({ cors });
    const status = async (headers: Record<string, string>) =>
      (await get('/api/about', headers)).status;
    for (const origin of ['https://evil.example', 'http://127.0.0.1:1', 'null', 'x']) {
      const refused = await get('/api/about', { origin });
      expect(await refusal(refused)).toMatchObject({ status: 403, code: 'origin' });
    }
    expect(await status({ 'sec-fetch-site': 'cross-site' })).toBe(403);
    expect(await status({ 'sec-fetch-site': 'same-site' })).toBe(403);
    expect(await status({ 'sec-fetch-site': 'same-origin' })).toBe(200);
    expect(await status({ 'sec-fetch-site': 'none' })).toBe(200);
    expect(await status({ origin: url, 'sec-fetch-site': 'same-origin' })).toBe(200);
    expect(await status({ origin: cors[0]!, 'sec-fetch-site': 'cross-site' })).toBe(200);
  });

  it('is what there is', async () => {
    const { get, logs } = await view();
    const about = await get('/api/about');
    expect(about.headers.get('cache-control')).toBe('no-store');
    expect(await about.json()).toEqual({ version: expect.any(String), runs: ['mine'] });
    expect(await json(get('/api/runs/0'))).toMatchObject({ name: 'mine', state: 'stopped' });
    expect(await json(get('/api/runs/0/curves'))).toEqual([]);
    expect(await json(get('/api/runs/0/labels'))).toEqual([]);
    const path = '/api/runs/0/problems?filter=draft-wrong&search=BASKET&from=0&count=1';
    expect(await json(get(path))).toMatchObject({ total: 1, rows: [{ index: 1 }] });
    expect(await json(get('/api/runs/0/problems'))).toMatchObject({ total: 2, from: 0 });
    expect(await json(get('/api/runs/0/problems/1'))).toMatchObject({ draft: { answer: '6' } });
    expect(JSON.stringify(logs)).not.toMatch(/basket/i);
    expect(logs).toContainEqual(
      expect.objectContaining({ path: '/api/runs/0/problems', status: 200 }),
    );
  });

  it.each([
    ['filter', '?filter=draft', 'expected one of wrong-to-right, '],
    ['count', '?count=0', 'expected a whole number from 1 to 200'],
    ['count', '?count=201', 'expected a whole number from 1 to 200'],
    ['from', '?from=-1', 'expected a whole number from 0'],
    ['search', `?search=${'x'.repeat(1001)}`, 'expected at most 1000 characters'],
  ])('is refused by the name of the parameter: %s', async (param, query, message) => {
    const { get } = await view();
    expect(await refusal(await get(`/api/runs/0/problems${query}`))).toEqual({
      ...{ status: 400, code: 'invalid_value', param },
      message: expect.stringContaining(`${param}: ${message}`),
    });
  });

  it('knows no other parameters', async () => {
    const { get } = await view();
    const refused = await refusal(await get('/api/runs/0/problems?page=2'));
    expect(refused).toMatchObject({ status: 400, message: expect.stringContaining('"page"') });
  });

  it.each([
    ['/api/runs/1', 'not_found'],
    ['/api/runs/x/curves', 'not_found'],
    ['/api/runs', 'not_found'],
    ['/api/runs/0/problems/2', 'problem-missing'],
    ['/api/runs/0/problems/-1', 'problem-missing'],
    ['/api/runs/0/report', 'run-unfinished'],
  ])('is not there at %s', async (path, code) => {
    const { get } = await view();
    expect(await refusal(await get(path))).toMatchObject({ status: 404, code });
  });

  it('is worked on a few at a time, and more than may wait are sent away', async () => {
    const { get } = await view({ parallel: 2, queue: 3 }, Array(4000).fill(fine));
    const path = '/api/runs/0/problems?count=1';
    const answers = await Promise.all(Array.from({ length: 20 }, () => get(path)));
    const of = (status: number) => answers.filter((answer) => answer.status === status);
    expect(of(200).length).toBeGreaterThanOrEqual(5);
    expect(of(200).length + of(429).length).toBe(20);
    expect(of(429)[0]!.headers.get('retry-after')).toBe('1');
    expect(await refusal(of(429)[0]!)).toMatchObject({ code: 'overloaded' });
    expect((await get(path)).status).toBe(200);
  });

  it('is given up for a client that has left', async () => {
    const { get, logs, url } = await view({}, Array(4000).fill(fine));
    const path = '/api/runs/0/problems?count=1';
    // While the files are being read.
    const leaving = request(`${url}${path}`).on('error', () => {});
    leaving.end(() => setTimeout(() => leaving.destroy(), 20));
    const left = expect.objectContaining({ status: 499, error: 'client_closed' });
    await expect.poll(() => logs).toContainEqual(left);
    expect(await json(get(path))).toMatchObject({ total: 4000 });
  });

  it("that cannot be read is the server's failure", async () => {
    const folder = await folderWith([fine]);
    writeFileSync(`${folder}/evaluation/test.attempts.jsonl`, '{}\n');
    const running = await startViewer([await RunView.open(folder)], { port: 0 });
    onTestFinished(() => running.close(0));
    const refused = await refusal(await fetch(`${running.url}/api/runs/0/problems`));
    expect(refused).toMatchObject({ status: 500, code: 'record-broken' });
  });
});

it('without models there is nothing else', async () => {
  const { get } = await view();
  expect(await json(get('/v1/models'))).toEqual({ object: 'list', data: [] });
  expect((await get('/v1/chat/completions', {}, 'POST')).status).toBe(404);
  expect((await get('/health')).status).toBe(200);
});
