/** A recipe whose models are served: the same records as with a calm server, whatever happens on the way. */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  base,
  firstSaid,
  glore,
  recordsOf,
  start,
  temporaryFolder,
  untilWritten,
  writeRecipe,
} from '../glore.js';
import { Server, type ServerOptions } from './server.js';

vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 });

const student = 'models:\n  student: { endpoint: local, model: base, spelling: tokens }\n';
const everyone = `models:
${['student', 'orm', 'sorm', 'global', 'local']
  .map((role) => `  ${role}: { endpoint: local, model: base, spelling: tokens }\n`)
  .join('')}`;

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
  const server = await Server.start({ models: { base }, tokenizer: base, ...options });
  servers.push(server);
  return server;
}

/** A small recipe with models at a server. */
const recipeAt = (name: string, { url }: Server, models: string, endpoint = '', drafts = 30) =>
  writeRecipe(
    folder,
    name,
    ['problems: 140, samples: 3', `problems: ${drafts}, samples: 3`],
    ['rollouts: { samples: 40', `rollouts: { samples: ${Math.ceil(drafts / 3)}`],
    ['dev: 24', 'dev: 2'],
    ['test: 66', 'test: 2'],
    [
      'evaluation: { samples: 8, temperature: 1 }\n',
      `evaluation: { samples: 3, temperature: 1 }\nendpoints:\n  local: { url: "${url}", parallel: 4${endpoint} }\n${models}`,
    ],
  );

/** The records of the stages that sample, and what is made of them. */
const sampled = (run: string) =>
  Object.fromEntries(
    Object.entries(recordsOf(run)).filter(([path]) =>
      /^(drafts|rollouts|labels|datasets)\/(?!started)/.test(path),
    ),
  );

describe('a served student', () => {
  let calm: Record<string, string>;
  let calmServer: Server;
  beforeAll(async () => {
    calmServer = await serve({});
    const recipe = recipeAt('calm', calmServer, student);
    const run = join(folder, 'calm-run');
    const ended = await glore(['datasets', recipe, '--run', run]);
    expect(ended).toMatchObject({ code: 0 });
    expect(ended.stderr).toContain('student is served (local: base), not trained');
    calm = sampled(run);
    expect(readFileSync(join(run, 'rollouts/rollouts.jsonl'), 'utf8')).not.toBe('');
    expect(Object.keys(calm)).toEqual(
      expect.arrayContaining(['drafts/samples.jsonl', 'rollouts/rollouts.jsonl']),
    );
  });

  it('is sampled once for each seed, and its spending is kept', async () => {
    const { seen, answered } = await calmServer.stats();
    const { requests } = JSON.parse(
      readFileSync(join(folder, 'calm-run/endpoints/local.json'), 'utf8'),
    ) as { requests: number };
    expect(requests).toBeGreaterThan(90);
    expect(answered).toBeGreaterThanOrEqual(requests);
    const lines = readFileSync(join(folder, 'calm-run/drafts/samples.jsonl'), 'utf8').split('\n');
    expect(lines.length - 1).toBe(90);
    // Only the tests of the server were asked more than once.
    expect(Object.values(seen).filter((times) => times > 1).length).toBeLessThan(10);
  });

  it('loses nothing and counts nothing twice through faults, kills and a restart', async () => {
    const faults = ['429', 'html', 'ok', 'half', 'reset', 'fewer', 'ok', '503', 'json', 'aborted'];
    const options = { faults, times: 2, delay: 5 };
    const server = await serve(options);
    const recipe = recipeAt('troubled', server, student);
    const run = join(folder, 'troubled-run');
    const begin = () => start(['datasets', recipe, '--run', run]);
    for (const journal of ['drafts/samples.jsonl.journal', 'rollouts/rollouts.jsonl.journal']) {
      const running = begin();
      await untilWritten(running, join(run, journal));
      running.child.kill('SIGKILL');
      await running.ended;
    }
    const running = begin();
    await untilWritten(running, join(run, 'rollouts/rollouts.jsonl.journal'));
    await server.stop();
    await serve({ ...options, port: server.port });
    expect(await running.ended).toMatchObject({ code: 0 });
    expect(sampled(run)).toEqual(calm);
  });

  it('asks for nothing again that had arrived when it was killed in the middle of a problem', async () => {
    const answers = 90;
    const alone = await serve({});
    const once = ['drafts', recipeAt('alone', alone, student), '--run', join(folder, 'alone-run')];
    expect(await glore(once)).toMatchObject({ code: 0 });
    // What is asked to find out what the server can do.
    const probes = (await alone.stats()).answered - answers;

    const arrived = 40;
    const server = await serve({
      faults: [...Array(probes + arrived).fill('ok'), ...Array(200).fill('silence')],
    });
    const run = join(folder, 'cut-run');
    const recipe = recipeAt('cut', server, student);
    const running = start(['drafts', recipe, '--run', run]);
    const path = join(run, 'drafts/samples.jsonl.journal');
    await untilWritten(running, path);
    const lines = () =>
      readFileSync(path, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as { records?: unknown });
    const kept = () => lines().filter((line) => !('records' in line)).length;
    while (kept() < arrived) await new Promise((resolve) => setTimeout(resolve, 5));
    running.child.kill('SIGKILL');
    await running.ended;
    // Some problem has one or two of its three samples.
    expect(3 * (lines().length - arrived)).toBeLessThan(arrived);
    expect((await server.stats()).answered).toBe(probes + arrived);
    await server.stop();

    const next = await serve({ port: server.port });
    expect(await glore(['drafts', recipe, '--run', run])).toMatchObject({ code: 0 });
    expect((await next.stats()).answered).toBe(probes + answers - arrived);
    expect(readFileSync(join(run, 'drafts/samples.jsonl'))).toEqual(
      readFileSync(join(folder, 'alone-run/drafts/samples.jsonl')),
    );
  });

  it('stops at the budget and goes on when it is raised', async () => {
    const server = await serve({});
    const run = join(folder, 'budget-run');
    const at = (name: string, requests: number) =>
      recipeAt(name, server, student, `, budget: { requests: ${requests} }`);
    const stopped = await glore(['datasets', at('poor', 70), '--run', run]);
    expect(stopped.code).toBe(2);
    expect(stopped.stderr).toMatch(
      /error: endpoints\.local\.budget\.requests: 7\d of 70 requests are spent; .* \(budget-spent\)\n$/,
    );
    expect(existsSync(join(run, 'drafts/samples.jsonl.journal'))).toBe(true);
    const again = await glore(['datasets', at('poor', 70), '--run', run]);
    expect(again.stderr).toContain('(budget-spent)');
    expect(await glore(['datasets', at('rich', 9000), '--run', run])).toMatchObject({ code: 0 });
    expect(sampled(run)).toEqual(calm);
  });
});

it('runs whole with every role served, and trains nothing', async () => {
  const server = await serve({});
  const recipe = recipeAt('everyone', server, everyone, '', 6);
  const run = join(folder, 'everyone-run');
  const { code, stdout, stderr } = await glore(['run', recipe, '--run', run, '--json']);
  expect(stderr).toContain('sorm is served (local: base), not trained');
  expect(stderr).toMatch(/orm: its labels cover \d+\.\d% of the probability \(median\)/);
  expect(code).toBe(0);
  const report = JSON.parse(stdout);
  expect(report.problems).toBe(2);
  expect(report.coverage.orm).toBeGreaterThan(0.5);
  expect(report.coverage.orm).toBeLessThanOrEqual(1);
  expect(Object.keys(report.coverage).sort()).toEqual(['orm', 'sorm']);
  expect(existsSync(join(run, 'orm/model'))).toBe(false);
  const asked = await glore(['ask', 'Fay has 3 apples. Fay buys 4. How many?', '--run', run]);
  expect(asked.code).toBe(0);
  expect(asked.stdout).toContain('<- chosen');
  const out = join(folder, 'everyone-data');
  const pairs = ['--format', 'trl-prompt-completion', '--out', out];
  expect(await glore(['export', run, ...pairs])).toMatchObject({ code: 0 });
  expect(readFileSync(join(out, 'README.md'), 'utf8')).toContain('The student was served');
  const serving = start(['serve', run, '--port', '0', '--json'], { GLORE_API_KEY: '' });
  try {
    const { url: at } = JSON.parse(await firstSaid(serving)) as { url: string };
    const post = async (path: string, body: object) => {
      const response = await fetch(at + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      return (await response.json()) as {
        choices: { text: string; message: { content: string } }[];
        glore: { costs: Record<string, { requests: number }> };
      };
    };
    const content = 'Fay has 3 apples. Fay buys 4. How many?';
    const answered = await post('/chat/completions', {
      model: 'glore',
      messages: [{ role: 'user', content }],
    });
    // The answer that `glore ask` gives, which asks the same servers.
    const [, answer] = asked.stdout.match(/answer: (.+)\n$/)!;
    expect(answered.choices[0]!.message.content).toContain(`#### ${answer}`);
    expect(answered.glore.costs.student!.requests).toBe(1);
    expect(answered.glore.costs.sorm!.requests).toBeGreaterThan(0);
    // A role by its name is its server's to answer.
    const plain = { prompt: `<|bos|>${content}\n`, max_tokens: 40, temperature: 0 };
    const passed = await post('/completions', { model: 'student', ...plain });
    const direct = await fetch(`${server.url}/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'base', ...plain }),
    });
    expect(passed).toEqual(await direct.json());
  } finally {
    serving.child.kill('SIGINT');
    await serving.ended;
  }
});

describe('a recipe', () => {
  const refused = async (models: string, endpoint = '') => {
    const recipe = recipeAt('wrong', { url: 'http://127.0.0.1:1/v1' } as Server, models, endpoint);
    return (await glore(['drafts', recipe, '--run', join(folder, 'wrong')])).stderr;
  };
  it.each([
    [
      'models:\n  student: { endpoint: other, model: m }\n',
      /models\.student\.endpoint: expected one of the endpoints of the recipe \(local\), found "other"/,
    ],
    [
      'models:\n  student: { endpoint: local, model: m, api: chat, spelling: tokens }\n',
      /models\.student\.spelling: expected text, which chat is in, found "tokens"/,
    ],
    [
      'models:\n  orm: { endpoint: local, model: m, scoring: generative_scoring }\n',
      /models\.orm\.scoring: expected logprobs, pooling or classify, .* found "generative_scoring"/,
    ],
    [
      'models:\n  orm: { endpoint: local, model: m, api: chat, scoring: pooling }\n',
      /models\.orm\.scoring: expected logprobs or classify, .* found "pooling"/,
    ],
    [
      'models:\n  orm: { endpoint: local, model: m, reward: qwen-math-prm }\n',
      /models\.orm\.reward: expected a reward model's name \(qwen2\.5-math-prm, .* found another text/,
    ],
    [
      'models:\n  student: { endpoint: local, model: m, reward: thinkprm }\n',
      /models\.student\.reward: expected none: it writes, found a reward model/,
    ],
    [
      'models:\n  orm: { endpoint: local, modle: m }\n',
      /models\.orm\.modle: expected one of the keys endpoint, model, api, .* found this one/,
    ],
  ])('is refused by line and key: %s', async (models, message) => {
    expect(await refused(models)).toMatch(message);
  });

  it('names keys and does not hold them', async () => {
    expect(await refused(student, ', key: sk-1234')).toMatch(
      /endpoints\.local\.key: expected the name of an environment variable that holds the key, found/,
    );
    expect(await refused(student, ', key: GLORE_NO_SUCH_KEY')).toMatch(
      /expected a key in the environment variable GLORE_NO_SUCH_KEY, found none; .*\(endpoint-key\)/,
    );
  });
});
