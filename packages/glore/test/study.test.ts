/** A small study through the command line: kills, resuming, stages shared between runs, and the page. */
import { cpSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Report } from '../src/pipeline/index.js';
import type { resultsJson } from '../src/study/json.js';
import type { RunRecord } from '../src/study/record.js';
import {
  type Ended,
  glore,
  stagesThatWorked,
  start,
  temporaryFolder,
  untilWritten,
  writeRecipe,
} from './glore.js';

// Some runs of some seconds on a free machine; it need not be free.
vi.setConfig({ testTimeout: 1_800_000, hookTimeout: 1_800_000 });

let folder: string;
let study: string;
let page: string;
let killed: Ended;
let resumed: Ended;

const at = (...parts: string[]): string => join(folder, 'runs/study', ...parts);
const readJson = <T>(...parts: string[]): T => JSON.parse(readFileSync(at(...parts), 'utf8')) as T;
const run = (...options: string[]): string[] => [
  ...['study', study, '--runs', join(folder, 'runs'), '--page', page, '--json'],
  ...options,
];

beforeAll(async () => {
  folder = temporaryFolder();
  [study, page] = [join(folder, 'study.yaml'), join(folder, 'results.md')];
  writeRecipe(
    folder,
    'recipe',
    ['test: 66', 'test: 20'],
    ['dev: 24', 'dev: 12'],
    ['problems: 140', 'problems: 90'],
    ['epochs: 4, batch: 8', 'epochs: 1, batch: 8'],
    ['evaluation: { samples: 8', 'evaluation: { samples: 3'],
  );
  writeFileSync(
    study,
    `recipe: recipe.yaml
seeds: [3, 4]
overlay: { evaluation: { problems: 12 } }
critics: [paper-orm]
variants:
  paper-orm:
    about: The ORM as in the paper.
    recipe: { training: { orm: { start: student, candidates: 0 } } }
    keep: [problems]
    seeds: [3]
    figures: [orm, rerank]
  balance-off:
    about: Without balance.
    recipe: { labels: { balance: false } }
    keep: [global, local, candidates, orm, retrained]
    seeds: [3]
    figures: [sorm, local]
  brute:
    about: Brute force.
    recipe: { rollouts: { method: brute } }
    until: labels
    seeds: [3]
`,
  );
  // Killed in a variant, after both main runs.
  const running = start(run());
  await untilWritten(running, at('3/paper-orm/evaluation/started.json'));
  running.child.kill('SIGKILL');
  killed = await running.ended;
  cpSync(at(), join(folder, 'killed'), { recursive: true });
  resumed = await glore(run());
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('a study', () => {
  it('goes on after a kill where it was', () => {
    expect(killed.signal).toBe('SIGKILL');
    expect(resumed).toMatchObject({ code: 0, stdout: `${page}\n` });
    const notes = (stderr: string) =>
      [...stderr.matchAll(/run (\d) of 5: ([\w-]+), seed (\d)/g)].map(([text]) => text);
    expect(notes(killed.stderr)).toEqual([
      'run 1 of 5: main, seed 3',
      'run 2 of 5: main, seed 4',
      'run 3 of 5: paper-orm, seed 3',
    ]);
    expect(notes(resumed.stderr)).toEqual([
      'run 3 of 5: paper-orm, seed 3',
      'run 4 of 5: balance-off, seed 3',
      'run 5 of 5: brute, seed 3',
    ]);
    expect(resumed.stderr).toMatch(
      /run 4 of 5: [^"]*; about (\d+ min )?\d+ s left for this and what follows/,
    );
  });

  it('does only the stages that a variant changes, each once', () => {
    expect(stagesThatWorked(resumed.stderr)).toEqual([
      ...['evaluation', 'controls'],
      ...['datasets', 'sorm', 'evaluation', 'controls'],
      ...['rollouts', 'labels'],
    ]);
    const inode = (...parts: string[]) => statSync(at(...parts)).ino;
    for (const part of [
      'drafts/samples.jsonl',
      'student/model/model.safetensors',
      'sorm/model/model.safetensors',
    ]) {
      expect(inode('3/paper-orm', part)).toBe(inode('3/main', part));
    }
    expect(inode('3/balance-off/orm/model/model.safetensors')).toBe(
      inode('3/main/orm/model/model.safetensors'),
    );
    expect(inode('3/balance-off/sorm/model/model.safetensors')).not.toBe(
      inode('3/main/sorm/model/model.safetensors'),
    );
    expect(existsSync(at('3/brute/sorm'))).toBe(false);
    const { stages } = readJson<RunRecord>('3/balance-off/study.json');
    expect(stages.filter(({ taken }) => taken === 'kept').map(({ name }) => name)).toEqual([
      'global',
      'local',
      'candidates',
      'orm',
      'retrained',
    ]);
    expect(stages.filter(({ taken }) => taken === null).map(({ name }) => name)).toEqual([
      'datasets',
      'sorm',
      'evaluation',
      'controls',
    ]);
  });

  it('compares on the same problems', () => {
    const report = readJson<Report>('3/balance-off/report.json');
    const { before } = readJson<RunRecord>('3/balance-off/study.json');
    const main = readJson<Report>('3/main/report.json');
    expect(report.problems).toBe(12);
    // The same student, samples and ORM: the same figures where nothing else counts.
    expect(before!.outcomes.right.draft).toBe(report.outcomes.right.draft);
    expect(before!.outcomes.right.bo3).toBe(report.outcomes.right.bo3);
    expect(before!.outcomes.steps!.orm).toEqual(report.outcomes.steps!.orm);
    expect(before!.outcomes.right.local).toBe(main.outcomes.right.local!.slice(0, 12));
  });

  it('keeps with a report what its figures are made of', () => {
    const { outcomes, rows, critics, refiners, headroomRealised } =
      readJson<Report>('3/main/report.json');
    const sum = (list: readonly number[]) => list.reduce((total, n) => total + n, 0);
    const share = (flags: string) => sum(Array.from(flags, Number)) / flags.length;
    for (const { name, accuracy } of rows)
      expect(share(outcomes.right[name]!)).toBeCloseTo(accuracy, 10);
    const [draft, rerank, oracle] = ['draft', 'rerank', 'oracle'].map((name) =>
      share(outcomes.right[name]!),
    );
    // So small a run may have no headroom at all.
    if (oracle === draft) expect(headroomRealised).toBeUndefined();
    else expect((rerank! - draft!) / (oracle! - draft!)).toBeCloseTo(headroomRealised!, 10);
    const wrong = Array.from(outcomes.right.draft!, (flag) => flag === '0');
    const fixed = wrong.filter((flag, i) => flag && outcomes.right.global![i] === '1').length;
    expect(fixed / wrong.filter(Boolean).length).toBeCloseTo(refiners.global.wrongFixed!, 10);
    for (const critic of ['orm', 'sorm'] as const) {
      const { steps, pairs, located } = outcomes;
      expect(sum(steps![critic]) / sum(steps!.n)).toBeCloseTo(critics[critic].stepAccuracy!, 10);
      expect(sum(pairs[critic]) / sum(pairs.n)).toBeCloseTo(critics[critic].withinProblemAuc!, 10);
      const among = (kind: string) => {
        const own = Array.from(located![critic]).filter((_, i) => located!.sound[i] === kind);
        return own.filter((flag) => flag === '1').length / own.length;
      };
      expect(among('1')).toBeCloseTo(critics[critic].firstError.right!, 10);
      expect(among('0')).toBeCloseTo(critics[critic].firstError.wrong!, 10);
    }
  });

  it('does nothing again', async () => {
    const before = readFileSync(page, 'utf8');
    const again = await glore(run());
    expect(again).toMatchObject({ code: 0, stderr: '' });
    expect(readFileSync(page, 'utf8')).toBe(before);
  });
});

describe('the page', () => {
  it('has every table, and the figures of the reports', () => {
    const text = readFileSync(page, 'utf8');
    const headings = [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) => heading);
    expect(headings).toEqual([
      'Results',
      'Beside the paper',
      'Ways to answer',
      'Accuracy against tokens',
      'Refiners: how',
      'Critics: when and where',
      'Step labels',
      'Ablations',
      'paper-orm',
      'balance-off',
      'brute',
      'Cost',
    ]);
    expect(text).not.toMatch(/NaN|undefined|Infinity|Not finished/);
    const accuracy = (seed: string) =>
      readJson<Report>(seed, 'main/report.json').rows.find(({ name }) => name === 'rerank')!
        .accuracy;
    const pooled = (100 * (accuracy('3') + accuracy('4'))) / 2;
    expect(text).toContain(
      `| **rerank** | the ORM chooses of draft, global, local | **${pooled.toFixed(1)}%** |`,
    );
    expect(text).toContain(
      'Kept as `main` has them, though what they are made of is different here: `global`, `local`, `candidates`, `orm`, `retrained`.',
    );
  });

  it('has its figures beside it as JSON', () => {
    const text = readFileSync(page, 'utf8');
    const { seeds, rows, comparisons, critics, runs } = JSON.parse(
      readFileSync(join(folder, 'results.json'), 'utf8'),
    ) as ReturnType<typeof resultsJson>;
    expect(seeds).toEqual([3, 4]);
    for (const { name, accuracy, bySeed } of rows) {
      expect(text).toContain(`${(100 * accuracy).toFixed(1)}%`);
      const [a, b] = ['3', '4'].map((seed) =>
        readJson<Report>(seed, 'main/report.json').rows.find((row) => row.name === name),
      );
      expect(bySeed).toEqual([a!.accuracy, b!.accuracy]);
    }
    const found = comparisons.find(({ name }) => name === 'rerank - retrained-bo3')!;
    // Two seeds cannot tell how far trainings lie apart.
    expect(found.p).toBeNull();
    expect(found.bySeed).toHaveLength(2);
    expect(critics.map(({ name }) => name)).toEqual(['orm', 'sorm', 'orm of paper-orm']);
    expect(runs.map(({ name, seed, finished }) => [name, seed, finished])).toEqual([
      ['main', 3, true],
      ['main', 4, true],
      ['paper-orm', 3, true],
      ['balance-off', 3, true],
      ['brute', 3, true],
    ]);
  });

  it('says of an unfinished study what is missing, without running anything', async () => {
    const partial = join(folder, 'partial.md');
    cpSync(join(folder, 'killed'), join(folder, 'partial/study'), { recursive: true });
    const written = await glore([
      'study',
      study,
      '--runs',
      join(folder, 'partial'),
      '--page',
      partial,
      '--page-only',
    ]);
    expect(written).toMatchObject({ code: 0, stderr: '' });
    const text = readFileSync(partial, 'utf8');
    expect(text).toContain(
      '**Not finished: 3 runs of 5.** Missing: paper-orm (seed 3), balance-off (seed 3), brute (seed 3).',
    );
    expect(text).toContain('\n## Beside the paper\n');
    expect(text).not.toMatch(/NaN|undefined|Infinity/);
    expect(existsSync(join(folder, 'partial/study/3/balance-off'))).toBe(false);
  });

  it('has nothing to show of a study that has not begun', async () => {
    const empty = join(folder, 'empty.md');
    await glore(['study', study, '--runs', join(folder, 'none'), '--page', empty, '--page-only']);
    expect(readFileSync(empty, 'utf8')).toContain(
      'No main run is finished, so there is nothing to show yet.',
    );
    expect(existsSync(join(folder, 'none'))).toBe(false);
  });

  it('does not count runs of other settings', async () => {
    const text = readFileSync(study, 'utf8');
    const other = join(folder, 'study.yaml');
    writeFileSync(other, text.replace('balance: false', 'consistency: false'));
    const plan = await glore(['study', other, '--runs', join(folder, 'runs'), '--plan']);
    writeFileSync(other, text);
    expect(plan.stdout).toMatch(/^paper-orm +3 +yes /m);
    expect(plan.stdout).toMatch(/^balance-off +3 +rollouts, labels, +global, local,/m);
    expect(plan.stdout).toMatch(/\nabout (\d+ min )?\d+ s for what is not done\n$/);
  });
});
