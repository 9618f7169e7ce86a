/** `glore serve` as a process: where it says it listens, what it refuses, how it ends. */
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import OpenAI from 'openai';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { About } from '../src/view/index.js';
import { finished } from './finished.js';
import { base, firstSaid, glore, type Running, start, temporaryFolder } from './glore.js';

// Each starts a process; the machine need not be free.
vi.setConfig({ testTimeout: 600_000 });

const question = 'Mia has 37 stamps. Mia buys 15 more. How many stamps does Mia have?';

/** Starts a server, on the base unless `what` says otherwise, and waits until it says where it listens. */
async function serve(
  args: readonly string[] = [],
  env: NodeJS.ProcessEnv = {},
  what = ['--base', base],
  cwd?: string,
) {
  const running: Running = start(
    ['serve', ...what, '--port', '0', '--workers', '1', '--json', ...args],
    { GLORE_API_KEY: '', ...env },
    cwd,
  );
  onTestFinished(() => {
    running.child.kill('SIGKILL');
  });
  return { running, said: JSON.parse(await firstSaid(running)) as { url: string; key: boolean } };
}

describe('glore serve', () => {
  it('serves, logs, and ends with a signal after what is in flight', async () => {
    const { running, said } = await serve(['--drain', '300']);
    expect(said).toEqual({
      url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/v1$/),
      pages: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/$/),
      key: false,
    });
    const client = new OpenAI({ baseURL: said.url, apiKey: 'none', maxRetries: 0 });
    const chat = await client.chat.completions.create({
      model: 'glore',
      messages: [{ role: 'user', content: question }],
    });
    expect(chat.choices[0]!.message.content).toMatch(/#### /);
    const metrics = await (await fetch(new URL('/metrics', said.url))).text();
    expect(metrics).toMatch(/glore_batch_rows_count\{model="base",kind="generate"\} [1-9]/);

    const stream = await client.completions.create({
      model: 'student',
      prompt: '<|bos|>',
      max_tokens: 200,
      stream: true,
      ...{ ignore_eos: true },
    });
    let parts = 0;
    for await (const { choices } of stream) {
      if (parts++ === 0) running.child.kill('SIGTERM');
      if (choices[0]!.finish_reason) expect(choices[0]!.finish_reason).toBe('length');
    }
    const { code, signal, stderr } = await running.ended;
    expect({ code, signal }).toEqual({ code: 0, signal: null });
    expect(stderr).toContain('stopping after the work in flight');
    const lines = stderr.split('\n').filter((line) => line.startsWith('{'));
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { path: '/v1/chat/completions', status: 200, model: 'glore' },
      { path: '/metrics', status: 200 },
      { path: '/v1/completions', status: 200, model: 'student', generatedTokens: 200 },
    ]);
    expect(stderr).not.toContain('Mia');
  });

  it('asks for the key of the variable that is named, and shows it nowhere', async () => {
    const { running, said } = await serve(['--key-env', 'MY_KEY'], {
      MY_KEY: 'open-sesame',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1',
    });
    expect(said.key).toBe(true);
    const ask = (apiKey: string) =>
      new OpenAI({ baseURL: said.url, apiKey, maxRetries: 0 }).models.list();
    await expect(ask('other')).rejects.toMatchObject({ status: 401 });
    expect((await ask('open-sesame')).data).toHaveLength(6);
    running.child.kill('SIGINT');
    const { code, stdout, stderr } = await running.ended;
    expect(code).toBe(0);
    expect(stdout + stderr).not.toContain('sesame');
    expect(stderr).toContain('npm install @opentelemetry/sdk-node');
  });

  it('imports no package of the folder that it is started in', async () => {
    const folder = temporaryFolder();
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const sdk = join(folder, 'node_modules/@opentelemetry/sdk-node');
    mkdirSync(sdk, { recursive: true });
    const told = join(folder, 'imported');
    writeFileSync(join(sdk, 'package.json'), '{"name":"@opentelemetry/sdk-node","main":"a.js"}');
    writeFileSync(
      join(sdk, 'a.js'),
      `require('node:fs').writeFileSync(${JSON.stringify(told)}, ''); exports.NodeSDK = class {};`,
    );
    const env = {
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1',
      NODE_PATH: join(folder, 'node_modules'),
    };
    const { running } = await serve([], env, ['--base', base], folder);
    running.child.kill('SIGINT');
    const { code, stderr } = await running.ended;
    expect(code).toBe(0);
    expect(existsSync(told)).toBe(false);
    expect(stderr).toContain('npm install @opentelemetry/sdk-node');
  });

  it('logs signs that terminals obey by their number alone', async () => {
    const { running, said } = await serve(['--log-prompts']);
    const response = await fetch(new URL('/tokenize', said.url), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ prompt: '\u001b[31m \u009b31m \u007f' }),
    });
    expect(response.status).toBe(200);
    running.child.kill('SIGINT');
    const { stderr } = await running.ended;
    expect(stderr).toContain('"request":{"prompt":"\\u001b[31m \\u009b31m \\u007f"}');
  });

  it('answers the question of its help', async () => {
    const { stdout } = await glore(['serve', '--help']);
    const [, body] = stdout.match(/-d '(\{[\s\S]*?\})'\n/)!;
    const { said } = await serve();
    const response = await fetch(`${said.url}/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: body!,
    });
    const { choices } = (await response.json()) as { choices: { message: { content: string } }[] };
    expect(choices[0]!.message.content).toMatch(/^.+\n.+\n.+\n#### \d+$/);
  });

  it('serves the five models of a run with its thresholds', async () => {
    const folder = temporaryFolder();
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const run = join(folder, 'run');
    cpSync((await finished()).run, run, { recursive: true });
    const path = join(run, 'report.json');
    const { thresholds, ...report } = JSON.parse(readFileSync(path, 'utf8'));
    const set = { ...thresholds, locate: { orm: 0.5, sorm: 0.25 }, gate: 0.125 };
    writeFileSync(path, JSON.stringify({ ...report, thresholds: set }));
    const local = join(run, 'local', 'model');
    renameSync(local, `${local}-kept`);
    const incomplete = await glore(['serve', run, '--port', '0'], '', { GLORE_API_KEY: '' });
    expect(incomplete).toMatchObject({ code: 2, stdout: '' });
    expect(incomplete.stderr).toContain('expected the local, found none');
    renameSync(`${local}-kept`, local);

    const { said } = await serve([], {}, [run]);
    const client = new OpenAI({ baseURL: said.url, apiKey: 'none', maxRetries: 0 });
    const chat = await client.chat.completions.create({
      model: 'glore',
      messages: [{ role: 'user', content: question }],
    });
    expect(chat).toMatchObject({ glore: { mode: 'rerank', threshold: 0.25, tau: 0.125 } });
    const about = await (await fetch(new URL('/api/about', said.url))).json();
    expect(about).toMatchObject({
      runs: ['run'],
      playground: { over: run, mode: 'rerank', threshold: 0.25, tau: 0.125, budget: {} },
    });
    expect((about as About).playground!.examples).toHaveLength(5);
    const state = await (await fetch(new URL('/api/runs/0', said.url))).json();
    expect(state).toMatchObject({ state: 'finished', problems: { test: 66 } });
    const metrics = await (await fetch(new URL('/metrics', said.url))).text();
    for (const [role, kind] of [
      ['student', 'generate'],
      ['orm', 'score'],
      ['sorm', 'score'],
      ['global', 'generate'],
    ]) {
      expect(metrics).toContain(`glore_batch_rows_count{model="${role}",kind="${kind}"} `);
    }
  });

  const refused: [string, string[], string][] = [
    ['others without a key', ['--base', base, '--host', '0.0.0.0'], '(key-missing)'],
    ['a variable without a key', ['--base', base, '--key-env', 'NOTHING'], '(key-missing)'],
    [
      'an address that is none',
      ['--base', base, '--host', '127.0.0.999', '--port', '0'],
      '(address)',
    ],
    ['a folder without a run', ['/tmp/no-such-run'], '(run-missing)'],
    ['a run and a checkpoint', ['runs/tiny', '--base', base], 'give one of a run folder, '],
    ['an origin that is none', ['--base', base, '--cors', '*'], '(origin)'],
    ['a port that is none', ['--port', '70000'], 'expected a whole number from 0 to 65535'],
  ];
  it.each(refused)('refuses %s', async (_, args, message) => {
    const { code, stdout, stderr } = await glore(['serve', ...args], '', { GLORE_API_KEY: '' });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
  });

  it('says that a port is taken', async () => {
    const { said } = await serve();
    const { port } = new URL(said.url);
    const { code, stderr } = await glore(['serve', '--base', base, '--port', port], '', {
      GLORE_API_KEY: '',
    });
    expect(code).toBe(2);
    expect(stderr).toContain(
      `127.0.0.1:${port}: expected an address to listen on, found EADDRINUSE`,
    );
  });
});
