/**
 * Servers whose answers look right and are not, for a while: a run ends with an error that names the fault, and goes on from
 * what was right to the records of a run whose server never lied.
 */
import { cpSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { base, glore, recordsOf, temporaryFolder, writeRecipe } from '../glore.js';
import { type Lies, Server, type ServerOptions } from './server.js';

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
  const server = await Server.start({ models: { base }, tokenizer: base, ...options });
  servers.push(server);
  return server;
}

const models = `models:
${['student', 'orm', 'sorm', 'global', 'local']
  .map(
    (role) =>
      `  ${role}: { endpoint: local, model: base, spelling: tokens${role === 'sorm' ? ', scoring: pooling' : ''} }\n`,
  )
  .join('')}`;

const recipeAt = (name: string, { url }: Server) =>
  writeRecipe(
    folder,
    name,
    ['problems: 140, samples: 3', 'problems: 30, samples: 3'],
    ['rollouts: { samples: 40', 'rollouts: { samples: 2'],
    ['candidates: 24', 'candidates: 2'],
    ['dev: 24', 'dev: 9'],
    ['test: 66', 'test: 3'],
    [
      'evaluation: { samples: 8, temperature: 1 }\n',
      `evaluation: { samples: 3, temperature: 1 }\nendpoints:\n  local: { url: "${url}", parallel: 4, patience: 30 }\n${models}`,
    ],
  );

const records = (run: string, stage: string) =>
  Object.fromEntries(
    Object.entries(recordsOf(run)).filter(([path]) => path.startsWith(`${stage}/`)),
  );

/** Whether anything that was made up stands in a journal. */
const isKept = (run: string): boolean =>
  readdirSync(run, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.includes('.journal'))
    .some((path) =>
      /[,[]999999[,\]]|"value":(null|0\.6|0\.5|0\.68997\d*),/.test(
        readFileSync(join(run, path), 'utf8'),
      ),
    );

let calm: string;
beforeAll(async () => {
  calm = join(folder, 'calm-run');
  const ended = await glore(['run', recipeAt('calm', await serve({})), '--run', calm]);
  expect(ended.code).toBe(0);
  expect(Object.keys(records(calm, 'evaluation'))).toContain('evaluation/test.refinements.jsonl');
});

/** A run that is done up to a stage. */
function upTo(stage: string, name: string): string {
  const run = join(folder, name);
  cpSync(calm, run, { recursive: true });
  for (const gone of [stage, 'endpoints']) rmSync(join(run, gone), { recursive: true });
  return run;
}

/** Runs a stage at a server that lies, which is gone afterwards. */
async function lied(stage: string, run: string, lies: Lies) {
  const server = await serve({ lies });
  const command = [stage, recipeAt(lies.kind, server), '--run', run];
  const { code, stderr } = await glore(command);
  await server.stop();
  return { server, command, code, stderr: stderr.replaceAll(/\n +/g, ' ') };
}

describe('goes on to what it would have been after', () => {
  const none = /found no log-probabilities, which were asked for in .*\(endpoint-answer\)/;
  const constant = /expected values that depend on what is valued, .*\(values-constant\)/;
  it.each<[string, string, [Lies, RegExp][]]>([
    [
      'log-probabilities that are none',
      'evaluation',
      [
        [{ kind: 'null', after: 40 }, none],
        [{ kind: 'empty', after: 40 }, none],
        [
          { kind: 'unknown', after: 40 },
          /log-probability -9999 of the label .*\(endpoint-answer\)/,
        ],
        [{ kind: 'nulls', after: 40 }, /found the log-probability null of .*\(endpoint-answer\)/],
        [
          { kind: 'positive', after: 10 },
          /log-probability 5 of .*, which is above 0 .*\(endpoint-answer\)/,
        ],
        [
          { kind: 'half', after: 10 },
          /found log-probabilities of 1 tokens, without .*\(endpoint-answer\)/,
        ],
        [
          { kind: 'over', after: 10 },
          /(of 11\d\.\d% together|which is above 0).*\(endpoint-answer\)/,
        ],
      ],
    ],
    [
      'values that mean nothing',
      'evaluation',
      [
        [{ kind: 'constant', after: 70 }, constant],
        [{ kind: 'uncovered' }, /these have 1\d\.\d% of the probability .*\(labels-uncovered\)/],
        [{ kind: 'constant', after: 5 }, constant],
      ],
    ],
    [
      'a classifier that is none',
      'evaluation',
      [
        [{ kind: 'range', after: 20 }, /where a probability is expected .*\(endpoint-scores\)/],
        [{ kind: 'fewer' }, /rows where there are \d+ tokens .*\(endpoint-scores\)/],
        [{ kind: 'same', after: 20 }, constant],
      ],
    ],
    [
      'texts that were not asked for',
      'drafts',
      [
        [
          { kind: 'foreign', after: 40 },
          /found token 999999, which the codec's tokenizer .*-answer\)/,
        ],
        [{ kind: 'longer', after: 30 }, /found 5000 tokens where at most 100 tokens .*-answer\)/],
      ],
    ],
  ])('%s', async (name, stage, faults) => {
    const run = upTo(stage, name);
    let last: Awaited<ReturnType<typeof lied>> | undefined;
    for (const [lies, message] of faults) {
      last = await lied(stage, run, lies);
      expect(last.stderr).toMatch(message);
      expect(last.code).toBe(2);
      expect(isKept(run)).toBe(false);
    }
    await serve({ port: last!.server.port });
    expect(await glore(last!.command)).toMatchObject({ code: 0 });
    expect(records(run, stage)).toEqual(records(calm, stage));
  });
});

it('is the same where some answers were refused, which is said', async () => {
  const run = upTo('evaluation', 'some');
  const { command, code, stderr } = await lied('evaluation', run, { kind: 'null', share: 0.15 });
  expect(code).toBe(0);
  expect(records(run, 'evaluation')).toEqual(records(calm, 'evaluation'));
  expect(stderr).toMatch(/orm: \d+ of \d+ answers \(1\d\.\d%\) were none and were asked for again/);
  const report = await glore(['run', ...command.slice(1), '--json']);
  const { answered, coverage } = JSON.parse(report.stdout);
  const { answers, refused, covered } = answered.orm;
  expect(refused / (answers + refused)).toBeGreaterThan(0.1);
  const values = Object.values<number>(covered).reduce((sum, count) => sum + count, 0);
  expect(values).toBeGreaterThan(100);
  expect(coverage.orm).toBeGreaterThan(0.5);
  expect(answered.sorm).toMatchObject({ refused: 0, covered: { '0.99': 0, '0': 0 } });
  expect(answered.student.refused).toBe(0);
});
