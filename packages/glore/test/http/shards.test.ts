/** Several processes on one run folder: the records of one process. */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import {
  base,
  glore,
  recordsOf,
  start,
  temporaryFolder,
  untilWritten,
  writeRecipe,
} from '../glore.js';
import { Server } from './server.js';

vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 });

let folder: string;
let server: Server;
let recipe: string;
beforeAll(async () => {
  folder = temporaryFolder();
  server = await Server.start({ models: { base }, tokenizer: base, delay: 2 });
  recipe = writeRecipe(
    folder,
    'recipe',
    ['problems: 140, samples: 3', 'problems: 40, samples: 2'],
    ['rollouts: { samples: 40', 'rollouts: { samples: 10'],
    [
      'evaluation: { samples: 8, temperature: 1 }\n',
      `evaluation: { samples: 3, temperature: 1 }
endpoints:
  local: { url: "${server.url}", parallel: 2 }
models:
  student: { endpoint: local, model: base, spelling: tokens }
`,
    ],
  );
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true });
});

it('makes one run of the work of several processes, one of them killed', async () => {
  const alone = join(folder, 'alone');
  const shared = join(folder, 'shared');
  expect(await glore(['labels', recipe, '--run', alone])).toMatchObject({ code: 0 });

  const early = await glore(['drafts', recipe, '--run', shared, '--shard', '1/3']);
  expect(early.code).toBe(2);
  expect(early.stderr).toMatch(/run it: glore problems <recipe> .*\(shard-early\)/);
  expect(await glore(['student', recipe, '--run', shared])).toMatchObject({ code: 0 });

  const shard = (stage: string, which: string) =>
    start([stage, recipe, '--run', shared, '--shard', which]);
  const killed = shard('drafts', '2/3');
  const others = [shard('drafts', '1/3'), shard('drafts', '3/3')];
  await untilWritten(killed, join(shared, 'drafts/samples.jsonl.journal.2-of-3'));
  killed.child.kill('SIGKILL');
  await killed.ended;
  const again = shard('drafts', '2/3');
  for (const { ended } of [...others, again]) expect(await ended).toMatchObject({ code: 0 });
  expect(existsSync(join(shared, 'drafts/samples.jsonl'))).toBe(false);

  const { answered } = await server.stats();
  expect(await glore(['drafts', recipe, '--run', shared])).toMatchObject({ code: 0 });
  // What is asked to merge is only what the server can do.
  expect((await server.stats()).answered - answered).toBeLessThan(20);

  const halves = [shard('rollouts', '1/2'), shard('rollouts', '2/2')];
  for (const { ended } of halves) expect(await ended).toMatchObject({ code: 0 });
  expect(await glore(['labels', recipe, '--run', shared])).toMatchObject({ code: 0 });

  const records = (run: string) =>
    Object.fromEntries(
      Object.entries(recordsOf(run)).filter(([path]) =>
        /^(problems|drafts|rollouts|labels)\//.test(path),
      ),
    );
  expect(readFileSync(join(alone, 'rollouts/rollouts.jsonl'), 'utf8')).not.toBe('');
  expect(records(shared)).toEqual(records(alone));
});

it('refuses a share that is none, and stages that have none', async () => {
  const wrong = await glore(['drafts', recipe, '--shard', '3/2']);
  expect(wrong).toMatchObject({ code: 2 });
  expect(wrong.stderr).toContain('expected i/n with i from 1 to n, found "3/2"');
  const none = await glore(['labels', recipe, '--shard', '1/2']);
  expect(none.stderr).toContain("unknown option '--shard'");
});
