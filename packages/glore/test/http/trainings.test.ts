/** Roles that are trained more than once by a command: a student in rounds, a SORM after its first, an ORM on from the SORM. */
import { cpSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { loadCheckpoint, openTokenizer } from '@glore/engine';
import { createCodec, inRoles, openEmbedded } from 'glore/models';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  base,
  glore,
  type Running,
  recordsOf,
  stagesThatWorked,
  start,
  temporaryFolder,
  untilWritten,
} from '../glore.js';
import { Server } from './server.js';
import { begun, freePort, recipeAt, roles, serveAt } from './trained.js';

vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 });

let folder: string;
beforeAll(() => {
  folder = temporaryFolder();
});
afterAll(() => rmSync(folder, { recursive: true }));

const linesOf = <T>(path: string): T[] =>
  readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as T);

const readJson = <T>(path: string): T => JSON.parse(readFileSync(path, 'utf8')) as T;

interface Written {
  readonly problem: string;
  readonly steps: readonly string[];
  readonly answer: string | null;
}

const writtenOf = ({ problem, steps, answer }: Written): Written => ({ problem, steps, answer });

/** What a checkpoint writes greedily of the dev problems of a run. */
async function draftsBy(model: string, run: string): Promise<Written[]> {
  const checkpoint = await loadCheckpoint(model);
  const opened = await openEmbedded(checkpoint, 1);
  const codec = createCodec(openTokenizer(checkpoint.tokenizer));
  const problems = linesOf<{ id: string; question: string }>(join(run, 'problems/dev.jsonl'));
  const drafts = await inRoles({ student: opened }, codec, 100).student.draft(
    problems.map(({ question }) => question),
  );
  await opened.close();
  return drafts.map(({ steps, answer }, i) =>
    writtenOf({ problem: problems[i]!.id, steps, answer }),
  );
}

/** What a SORM says of each line of records. */
async function valuesBy(model: string, records: readonly Labelled[]): Promise<number[][]> {
  const checkpoint = await loadCheckpoint(model);
  const opened = await openEmbedded(checkpoint, 1);
  const codec = createCodec(openTokenizer(checkpoint.tokenizer));
  const values = await inRoles({ sorm: opened }, codec, 100).sorm.values(
    records.map((record) => ({ question: record.question, solution: record })),
  );
  await opened.close();
  return values;
}

interface Labelled extends Written {
  readonly question: string;
  readonly labels: readonly (boolean | null)[];
}

/** What a stage has made, without what its trainers have said. */
function madeIn(stage: string): Record<string, string> {
  const { 'trainer.log': _, ...made } = recordsOf(stage);
  return made;
}

describe('Expert Iteration with a trainer', () => {
  const iterating = { trains: ['student', ...roles].join(', '), options: { learns: 0.1 } };
  const roundsOf = (run: string) => readJson<object[]>(join(run, 'student/rounds.json'));
  const urlOf = (port: number) => `http://127.0.0.1:${port}/v1`;

  it('goes from the base to the table, the student of each round from what the ones before have solved', async () => {
    const port = await freePort();
    const run = join(folder, 'iterated-run');
    const recipe = recipeAt(folder, 'iterated', {
      ...iterating,
      rounds: 'rounds: 2',
      url: urlOf(port),
      serve: serveAt(port),
    });
    const ended = await glore(['run', recipe, '--run', run]);
    expect(ended).toMatchObject({ code: 0 });
    const trainings = begun(run, 'student').map(({ given }) => given);
    expect(trainings.map(({ model, batch }) => [model, batch])).toEqual([
      [base, '16'],
      [base, '64'],
      [base, '64'],
    ]);
    const rows = [0, 1, 2].map((round) =>
      linesOf(join(run, `student/round-${round}/data.jsonl`)).map((row) => JSON.stringify(row)),
    );
    expect(rows[0]).toHaveLength(32);
    for (const round of [1, 2]) {
      expect(rows[round]!.slice(0, rows[round - 1]!.length)).toEqual(rows[round - 1]);
      const summary = readJson<{ distinctRight: number }>(
        join(run, `student/samples-${round}.summary.json`),
      );
      expect(rows[round]).toHaveLength(32 + summary.distinctRight);
      expect(summary.distinctRight).toBeGreaterThan(0);
    }
    expect(ended.stderr).toContain(`student of round 2: ${rows[2]!.length} rows, trained by`);
    // The last one is the run's: it is what is served, and what the others start from.
    expect(recordsOf(join(run, 'student/trained'))).toEqual(
      recordsOf(join(run, 'student/round-2/trained')),
    );
    const attempts = linesOf<{ problem: string; draft: Written }>(
      join(run, 'evaluation/dev.attempts.jsonl'),
    );
    expect(attempts.map(({ problem, draft }) => writtenOf({ ...draft, problem }))).toEqual(
      await draftsBy(join(run, 'student/round-2/trained/model'), run),
    );
    for (const role of roles)
      expect(begun(run, role).map(({ given }) => given.model)).toEqual([
        join(run, 'student/trained/model'),
      ]);
    const again = await glore(['run', recipe, '--run', run, '--json']);
    expect(again).toMatchObject({ code: 0 });
    expect(stagesThatWorked(again.stderr)).toEqual([]);
  });

  it('ends by dev, and after kills comes to the same students', async () => {
    const run = join(folder, 'ended-run');
    const port = await freePort();
    /** @param delay milliseconds of an update @param slow of an answer */
    const runs = (to: string, delay = 1, slow = 0) =>
      start([
        'student',
        recipeAt(folder, 'ended', {
          ...iterating,
          // No round adds so much.
          rounds: 'rounds: 3, until: 1',
          options: { ...iterating.options, delay },
          url: urlOf(port),
          serve: serveAt(port, { delay: slow }),
        }),
        '--run',
        to,
      ]);
    expect(await runs(run).ended).toMatchObject({ code: 0 });
    const drafts: Written[][] = [];
    for (const round of [0, 1]) {
      const asked = linesOf<Written & { right: boolean }>(join(run, `student/dev-${round}.jsonl`));
      drafts.push(await draftsBy(join(run, `student/round-${round}/trained/model`), run));
      expect(asked.map(writtenOf)).toEqual(drafts[round]);
      const right = asked.filter((draft) => draft.right).length;
      expect(roundsOf(run)[round]).toEqual({ round, right, problems: 2 });
    }
    // So neither was asked in the place of the other.
    expect(drafts[0]).not.toEqual(drafts[1]);
    expect(roundsOf(run)).toHaveLength(2);

    if (process.platform !== 'linux') return;
    const killed = join(folder, 'killed-run');
    const killedAt = async (running: Running, file: string) => {
      await untilWritten(running, join(killed, 'student', file));
      running.child.kill('SIGKILL');
      await running.ended;
    };
    // Each leaves a server running, with the student of another round than the next one wants; the second a trainer too.
    await killedAt(runs(killed, 1, 300), 'samples-1.jsonl.journal');
    await killedAt(runs(killed, 300), 'round-1/trained/checkpoints/kept');
    await killedAt(runs(killed, 1, 300), 'dev-1.jsonl.journal');
    expect(await runs(killed).ended).toMatchObject({ code: 0 });
    expect(madeIn(join(killed, 'student'))).toEqual(madeIn(join(run, 'student')));
    const trainings = begun(killed, 'student');
    expect(trainings.map(({ given }) => given.out!.match(/round-\d/)![0])).toEqual([
      'round-0',
      'round-1',
      'round-1',
    ]);
    expect(trainings[2]!.from).toBeGreaterThan(0);
  });
});

describe('a SORM that doubts labels, and an ORM that goes on from it, with a trainer', () => {
  let server: Server;
  let run: string;
  let recipe: string;
  const doubting = { options: { learns: 0.1 }, doubt: ', doubt: 0.5', start: 'sorm' };
  beforeAll(async () => {
    server = await Server.start({ models: { student: base }, tokenizer: base, lora: true });
    run = join(folder, 'doubted-run');
    recipe = recipeAt(folder, 'doubted', { ...doubting, url: server.url });
    expect(await glore(['run', recipe, '--run', run])).toMatchObject({ code: 0 });
  });
  afterAll(() => server.stop());

  it('asks the first SORM of its own set, and goes on from it without what it doubts', async () => {
    const set = linesOf<Labelled>(join(run, 'datasets/sorm.jsonl'));
    const values = await valuesBy(join(run, 'sorm/first/trained/model'), set);
    const asked = linesOf<{ values: number[] }>(join(run, 'sorm/first.values.jsonl'));
    expect(asked).toHaveLength(set.length);
    // Its records come in an order of their own.
    const sorted = (all: readonly number[]) => all.toSorted((a, b) => a - b);
    const served = sorted(asked.flatMap((row) => row.values));
    expect(served).toHaveLength(values.flat().length);
    for (const [i, value] of sorted(values.flat()).entries())
      expect(served[i]).toBeCloseTo(value, 3);
    const doubted = set.flatMap(({ labels }, i) =>
      labels.filter((label, k) => label === true && values[i]![k]! < 0.5),
    ).length;
    expect(doubted).toBeGreaterThan(0);
    const [first, last] = begun(run, 'sorm').map(({ given }) => given);
    expect(first).toMatchObject({ epochs: '1', model: base });
    expect(first).not.toHaveProperty('adapter');
    const adapter = join(run, 'sorm/first/trained/adapter');
    expect(last).toMatchObject({ epochs: '4', model: base, adapter });
    const positive = (path: string) =>
      linesOf<{ labels: boolean[] }>(path).flatMap(({ labels }) => labels.filter(Boolean)).length;
    expect(positive(last!.data!)).toBe(positive(first!.data!) - doubted);
    expect(readJson(join(run, 'sorm/doubted.json'))).toMatchObject({
      positive: positive(first!.data!),
      doubted,
    });
  });

  it('has the ORM go on from the last SORM, on the same weights', async () => {
    expect(begun(run, 'orm').map(({ given }) => given)).toMatchObject([
      { model: base, adapter: join(run, 'sorm/trained/adapter') },
    ]);
    const again = await glore(['run', recipe, '--run', run, '--json']);
    expect(stagesThatWorked(again.stderr)).toEqual([]);
  });

  it('goes on to the same SORM after a kill in the middle of its values', async () => {
    const slow = await Server.start({
      models: { student: base },
      tokenizer: base,
      lora: true,
      delay: 100,
    });
    const killed = join(folder, 'interrupted-run');
    const kept = ['problems', 'student', 'drafts', 'rollouts', 'labels', 'datasets'];
    for (const stage of kept) cpSync(join(run, stage), join(killed, stage), { recursive: true });
    const args = [
      'sorm',
      recipeAt(folder, 'interrupted', { ...doubting, url: slow.url }),
      '--run',
      killed,
    ];
    const running = start(args);
    await untilWritten(running, join(killed, 'sorm/first.values.jsonl.journal'));
    running.child.kill('SIGKILL');
    await running.ended;
    const ended = await glore(args);
    expect(ended).toMatchObject({ code: 0 });
    expect(madeIn(join(killed, 'sorm'))).toEqual(madeIn(join(run, 'sorm')));
    expect(begun(killed, 'sorm').map(({ from }) => from)).toEqual([0, 0]);
    await slow.stop();
  });
});
