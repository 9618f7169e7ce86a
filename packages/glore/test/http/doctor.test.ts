/** `glore doctor` on servers that can do everything, little, or nothing. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Health } from '../../src/doctor/index.js';
import { base, glore, temporaryFolder, writeRecipe } from '../glore.js';
import { type Answering, completion, RawServer } from './raw.js';
import { Server, type ServerOptions } from './server.js';

vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 });

let folder: string;
const servers: Server[] = [];
beforeAll(() => {
  folder = temporaryFolder();
});
afterAll(async () => {
  for (const server of servers) await server.stop();
  rmSync(folder, { recursive: true });
});

async function serve(options: ServerOptions): Promise<Server> {
  const server = await Server.start({ tokenizer: base, models: { base }, ...options });
  servers.push(server);
  return server;
}

const recipeAt = (name: string, url: string, models: string) =>
  writeRecipe(folder, name, [
    'evaluation: { samples: 8, temperature: 1 }\n',
    `evaluation: { samples: 3, temperature: 1 }\nendpoints:\n  local: { url: "${url}" }\n${models}`,
  ]);

const models = `models:
  student: { endpoint: local, model: base, spelling: tokens }
  orm: { endpoint: local, model: base, spelling: tokens }
  sorm: { endpoint: local, model: base, spelling: tokens, scoring: pooling }
`;

async function examined(
  recipe: string,
  ...more: string[]
): Promise<{ health: Health; code: number | null }> {
  const { stdout, code } = await glore(['doctor', recipe, '--json', ...more]);
  return { health: JSON.parse(stdout) as Health, code };
}

describe('a server that can do everything', () => {
  let recipe: string;
  let golden: string;
  beforeAll(async () => {
    const server = await serve({});
    recipe = recipeAt('able', server.url, models);
    const run = join(folder, 'run');
    golden = join(folder, 'golden.jsonl');
    expect(await glore(['problems', recipe, '--run', run])).toMatchObject({ code: 0 });
    expect(await glore(['doctor', recipe, '--run', run, '--write-golden', golden])).toMatchObject({
      code: 0,
      stdout: `32 golden values of ${run} in ${golden}\n`,
    });
  });

  it('is found able, with the tokenizer and the golden values', async () => {
    const { health, code } = await examined(recipe, '--golden', golden);
    expect(code).toBe(0);
    expect(health).toMatchObject({
      ok: true,
      endpoints: [{ name: 'local', models: ['base'] }],
      roles: [
        { role: 'student', missing: [], tokenizer: true, golden: null },
        { role: 'orm', golden: { vectors: 16 } },
        { role: 'sorm', golden: { vectors: 16 }, coverage: null },
      ],
    });
    const [student, orm, sorm] = health.roles;
    const { prefixCache, ...others } = student!.can;
    // It keeps prompts, and its answers do not say so.
    expect(prefixCache).toBeNull();
    // What only models of others are asked for it does not have.
    const lacking = Object.entries(others).flatMap(([name, can]) => (can ? [] : [name]));
    expect(lacking).toEqual(['rawScores', 'promptLogprobs']);
    expect(orm!.coverage).toBeGreaterThan(0.5);
    for (const { golden } of [orm!, sorm!]) {
      expect((golden as { difference: number }).difference).toBeLessThan(1e-4);
    }
  });

  it('is shown as a table', async () => {
    const { stdout } = await glore(['doctor', recipe, '--golden', golden]);
    expect(stdout).toMatch(/^local \(http:.*\): models base\n/);
    expect(stdout).toMatch(/^token prompts +yes needed +yes needed +yes\s*$/m);
    expect(stdout).toMatch(/^prefix cache +not said +not said +not said\s*$/m);
    expect(stdout).toMatch(/^orm +\d+\.\d% +16 +0\.0000\s*$/m);
    expect(stdout).toContain('all that is needed is there');
  });

  it('fails where a reward model gives other numbers', async () => {
    const other = join(folder, 'other.jsonl');
    const lines = readFileSync(golden, 'utf8').trim().split('\n');
    writeFileSync(
      other,
      lines.map((line) => line.replace(/"values":\[[^,\]]+/, '"values":[0.5')).join('\n'),
    );
    const { health, code } = await examined(recipe, '--golden', other);
    expect(code).toBe(1);
    expect(health.roles.map(({ ok }) => ok)).toEqual([true, false, false]);
    writeFileSync(other, '{"role":"orm"}\n');
    const broken = await glore(['doctor', recipe, '--golden', other]);
    expect(broken.code).toBe(2);
    expect(broken.stderr).toMatch(
      /other\.jsonl:1: question: expected text, found nothing; .*\(record-broken\)/,
    );
  });
});

it('compares how writers go on, in ids and in text', async () => {
  const { url } = await serve({});
  const recipe = recipeAt(
    'writers',
    url,
    `models:
  student: { endpoint: local, model: base, spelling: tokens }
  local: { endpoint: local, model: base }
`,
  );
  const path = join(folder, 'texts.jsonl');
  const question = 'Mia has 3 pens. Mia buys 4. How many pens does Mia have?';
  const draft = { steps: ['Mia has 3+4=8.'], answer: '8' };
  const tasks = [
    { role: 'student', question },
    { role: 'local', question, draft, location: 1 },
  ];
  const looked = async (texts: readonly string[], apart: boolean, ...more: string[]) => {
    const records = tasks.map((task, i) => ({ ...task, text: texts[i], tokens: 5, apart }));
    writeFileSync(path, records.map((record) => JSON.stringify(record)).join('\n'));
    return glore(['doctor', recipe, '--golden', path, ...more]);
  };
  const other = await looked(['No', 'No'], true, '--json');
  expect(other.code).toBe(1);
  const { roles } = JSON.parse(other.stdout) as Health;
  const found = roles.map(({ ok, golden }) => {
    expect(ok).toBe(false);
    expect(golden).toMatchObject({ texts: 1, apart: 1, others: [{ question, expected: 'No' }] });
    return (golden as { others: readonly { found: string }[] }).others[0]!.found;
  });
  const { code, stdout } = await looked(found, false);
  expect(code).toBe(0);
  expect(stdout.replaceAll(/\n +/g, ' ')).toContain(
    "student: served texts begin as its trainer's (1 texts, and so do those of the model",
  );
  writeFileSync(
    path,
    JSON.stringify({ ...tasks[1], location: 3, text: '', tokens: 5, apart: true }),
  );
  const broken = await glore(['doctor', recipe, '--golden', path]);
  expect(broken.stderr).toMatch(/texts\.jsonl:1: location: expected a line of the draft, found 3/);
});

describe('a server on whose numbers nothing should be built', () => {
  it('is found out by another tokenizer', async () => {
    const { url } = await serve({ models: { base: null }, tokenizer: '' });
    const recipe = recipeAt('foreign', url, models);
    const { health, code } = await examined(recipe);
    expect(code).toBe(1);
    expect(health.roles.map(({ tokenizer, ok }) => [tokenizer, ok])).toEqual(
      Array(3).fill([false, false]),
    );
    const { stdout } = await glore(['doctor', recipe]);
    expect(stdout).toContain('student: the server has another tokenizer');
    // Nor does a run begin with it.
    const { stderr } = await glore(['drafts', recipe, '--run', join(folder, 'foreign-run')]);
    expect(stderr).toMatch(/to have the codec's tokenizer, found another .*\(endpoint-tokenizer\)/);
  });

  it('is found out by values that are the same for right and wrong', async () => {
    const { url } = await serve({ deaf: true, caches: true });
    const { health, code } = await examined(recipeAt('deaf', url, models));
    expect(code).toBe(1);
    expect(health.roles.map(({ role, ok }) => [role, ok])).toEqual([
      ['student', true],
      ['orm', false],
      ['sorm', false],
    ]);
    for (const { error } of health.roles.slice(1)) expect(error).toMatch(/\(values-constant\)$/);
    // This one says that it keeps prompts.
    expect(health.roles[0]!.can.prefixCache).toBe(true);
  });
});

it('says what a plain server lacks', async () => {
  const { url } = await serve({
    refuses: ['top_k', 'return_token_ids', '/tokenize', '/pooling', '/classify', 'ids'],
    ignores: ['n', 'seed', 'logprobs', 'continue_final_message', 'add_generation_prompt'],
  });
  const { health, code } = await examined(recipeAt('plain', url, models));
  expect(code).toBe(1);
  expect(health.roles.map(({ missing }) => missing)).toEqual([
    ['completions', 'tokenPrompts'],
    ['completions', 'tokenPrompts', 'logprobs'],
    ['pooling'],
  ]);
  const { stdout, code: alone } = await glore(['doctor', '--url', url]);
  expect(alone).toBe(0);
  expect(stdout).toMatch(/^completions +yes needed\s*$/m);
  for (const name of ['extensions', 'token ids', 'n', 'continuation', 'pooling']) {
    expect(stdout).toMatch(new RegExp(`^${name} +no\\s*$`, 'm'));
  }
  expect(stdout).toMatch(/^logprobs +0\s*$/m);
});

it('says that there is no server, or no recipe', async () => {
  const recipe = recipeAt('nobody', 'http://127.0.0.1:9/v1', models);
  const { health, code } = await examined(recipe);
  expect(code).toBe(1);
  expect(health.endpoints[0]!.error).toMatch(/ECONNREFUSED.*\(endpoint-away\)$/);
  const both = await glore(['doctor']);
  expect(both.code).toBe(2);
  expect(both.stderr).toContain('expected a recipe or --url <url>, and not both');
});

describe('says what the server says', () => {
  const raw: RawServer[] = [];
  afterAll(async () => {
    for (const server of raw) await server.stop();
  });
  const looked = async (answering: Answering, ...more: string[]) => {
    const server = await RawServer.start(answering);
    raw.push(server);
    const { stdout, code } = await glore(['doctor', '--url', server.url, '--api', 'chat', ...more]);
    expect(stdout).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u);
    return { stdout: stdout.replaceAll(/\n +/g, ' '), code };
  };
  const named = ['--model', 'm'];
  const error =
    (status: number, message: string, code?: string): Answering =>
    () => ({ status, body: { error: { message, code } } });

  it.each<[string, Answering, string[], RegExp]>([
    ['a wrong key', error(401, 'Who are you?'), named, /status 401, Who are you\?; check the key/],
    [
      'no money',
      error(429, 'Pay', 'insufficient_quota'),
      named,
      /status 429, Pay \(insufficient_q/,
    ],
    ['a failure', error(500, 'CUDA \u001b[31merror'), named, /status 500, CUDA \\u001b\[31merror/],
    [
      'no model',
      error(404, 'no m', 'model_not_found'),
      named,
      /status 404, no m \(model_not_found\)/,
    ],
    ['nothing there', error(404, 'Nothing here'), named, /chat \(status 404, Nothing here\)/],
    ['nothing at all', error(404, 'Nothing here'), [], /found status 404, Nothing here; name one/],
    ['what it lacks', error(400, 'No chat today'), named, /chat \(status 400, No chat today\)/],
  ])('of %s', async (_, answering, more, message) => {
    const { stdout, code } = await looked(answering, ...more);
    expect(stdout).toMatch(message);
    expect(code).toBe(1);
  });

  it('with names of models that a terminal would obey', async () => {
    const answering: Answering = ({ path }) =>
      path.endsWith('models')
        ? { body: { data: [{ id: 'evil\u001b]0;x\u0007\u202e' }] } }
        : completion(path, 'x');
    const { stdout } = await looked(answering);
    expect(stdout).toContain('models evil\\u001b]0;x\\u0007\\u202e');
  });

  it('and nothing of a URL that holds a password', async () => {
    const { stdout, code } = await glore(['doctor', '--url', 'http://me:hunter2@127.0.0.1:1/v1']);
    expect(stdout.replaceAll(/\n +/g, ' ')).toContain('found one with a name or a password');
    expect(stdout).not.toContain('hunter2');
    expect(code).toBe(1);
  });
});
