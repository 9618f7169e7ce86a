/** Runs as the pages see them: not begun, going on, stopped, changed. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { replaceFile, writeJson, writeJsonl } from '../files/index.js';
import { runPipeline } from '../pipeline/index.js';
import { alsoInFile, lockRun, silentReporter } from '../run/index.js';
import { folderWith, recipe, temporaryFolder } from './folder.testing.js';
import { openViews, RunView } from './run.js';

const small = {
  ...recipe,
  drafts: { problems: 4, samples: 2, temperature: 1 },
  problems: { ...recipe.problems, dev: 4, test: 6 },
} as typeof recipe;

/** A run whose problems are there. */
async function begun(): Promise<string> {
  const folder = temporaryFolder();
  await runPipeline({ folder, recipe: small, until: 'problems' });
  return folder;
}

/** A stage as `runStage` leaves it. */
async function stage(folder: string, name: string, fingerprint: string, on: object[] = []) {
  const costs = { seconds: 2, generatedTokens: 10, scoredTokens: 0, trainedTokens: 5 };
  await writeJson(join(folder, name, 'started.json'), { name, fingerprint, upstream: on });
  await writeJson(join(folder, name, 'spent.json'), costs);
  return () => writeJson(join(folder, name, 'done.json'), { name, fingerprint, ...costs });
}

const [one, two] = ['1'.repeat(64), '2'.repeat(64)];

const statesOf = async (run: RunView) =>
  Object.fromEntries((await run.state()).stages.map(({ name, state }) => [name, state]));

describe('a run', () => {
  it('says what stands in the place of a stage', async () => {
    const folder = await begun();
    writeFileSync(join(folder, 'orm'), 'no folder');
    await expect((await RunView.open(folder)).state()).rejects.toMatchObject({
      code: 'file-kind',
      message: expect.stringContaining('orm'),
    });
  });

  it('has what is there of it', async () => {
    const run = await RunView.open(await begun());
    const state = await run.state();
    expect(state).toMatchObject({
      state: 'stopped',
      seed: recipe.seed,
      problems: { source: 'world', test: 6 },
      model: 'base',
    });
    expect(state.stages).toHaveLength(14);
    expect(state.stages[0]).toMatchObject({ name: 'problems', state: 'done', trainedTokens: 0 });
    expect(state.stages[1]).toEqual({ name: 'student', state: 'waiting' });
    expect(state.seconds).toBe(state.stages[0]!.seconds);
    expect(await run.curves()).toEqual([]);
    expect(await run.labels()).toEqual([]);
    await expect(run.report()).rejects.toMatchObject({ code: 'run-unfinished' });
    const questions = await run.questions(2);
    expect(questions).toHaveLength(2);
    expect(questions[0]).toMatch(/\?$/);
  });

  it('is running while a process works on it, with the progress of its stage', async () => {
    const folder = await begun();
    const run = await RunView.open(folder);
    await stage(folder, 'student', one);
    expect(await statesOf(run)).toMatchObject({ student: 'stopped' });
    const unlock = await lockRun(folder);
    const { reporter, end } = await alsoInFile(folder, silentReporter);
    const progress = reporter.stage('student');
    expect((await run.state()).stages[1]).toMatchObject({ state: 'running', seconds: 2 });
    progress.total(8, 'steps');
    await expect
      .poll(async () => (await run.state()).stages[1]!.progress)
      .toEqual({ done: 0, total: 8, unit: 'steps' });
    expect((await run.state()).state).toBe('running');
    await end();
    expect((await run.state()).stages[1]).not.toHaveProperty('progress');
    await unlock();
    expect(await run.state()).toMatchObject({ state: 'stopped' });
  });

  it('counts what shares of a stage have cost', async () => {
    const folder = await begun();
    await stage(folder, 'drafts', one);
    const costs = { seconds: 3, generatedTokens: 7, scoredTokens: 0, trainedTokens: 0 };
    await writeJson(join(folder, 'drafts', 'spent.1-of-2.json'), costs);
    const { stages } = await (await RunView.open(folder)).state();
    expect(stages[2]).toMatchObject({ seconds: 5, generatedTokens: 17 });
  });

  it('has no stage done that was made of what is no more', async () => {
    const folder = await begun();
    const run = await RunView.open(folder);
    await (await stage(folder, 'student', one, [{ name: 'problems', fingerprint: two }]))();
    await (await stage(folder, 'drafts', one, [{ name: 'student', fingerprint: one }]))();
    await (await stage(folder, 'rollouts', one, [{ name: 'drafts', fingerprint: one }]))();
    expect(await statesOf(run)).toMatchObject({
      student: 'done',
      drafts: 'done',
      rollouts: 'done',
    });
    await (await stage(folder, 'student', two, [{ name: 'problems', fingerprint: two }]))();
    const states = await statesOf(run);
    expect(states).toMatchObject({ student: 'done', drafts: 'waiting', rollouts: 'waiting' });
  });

  it('has the curves of its trainings, also of one that is at work', async () => {
    const folder = await begun();
    const point = { step: 1, tokens: 5, rate: 0.1, loss: 2, heldOut: 1.5 };
    for (const training of [
      'student/training-10',
      'student/training-0',
      'sorm/training',
      'sorm/first',
    ])
      await writeJsonl(join(folder, training, 'curve.jsonl'), [point]);
    await replaceFile(join(folder, 'sorm/expected/curve.jsonl'), ['{"step":1,']);
    const long = Array.from({ length: 4100 }, (_, i) => ({ ...point, step: i + 1 }));
    await writeJsonl(join(folder, 'orm/training/curve.jsonl'), long);
    const curves = await (await RunView.open(folder)).curves();
    expect(curves.map(({ name }) => name)).toEqual([
      ...['student, round 0 (SFT)', 'student, round 10', 'sorm, first', 'sorm', 'orm'],
    ]);
    expect(curves[0]!.points).toEqual([{ step: 1, tokens: 5, loss: 2, heldOut: 1.5 }]);
    expect(curves.at(-1)!.points.length).toBeLessThanOrEqual(301);
    expect(curves.at(-1)!.points.at(-1)).toMatchObject({ step: 4100 });
  });

  it('has the labels of wrong samples by step', async () => {
    const folder = await begun();
    const counts = [
      { successes: 2, attempts: 3 },
      { successes: 0, attempts: 4 },
    ];
    const record = { problem: 'p', sample: 0, labels: [true, false], answer: false, counts };
    await writeJsonl(join(folder, 'labels/labels.jsonl'), [
      record,
      { ...record, sample: 1, labels: [true], answer: null, counts: counts.slice(0, 1) },
      { ...record, sample: 2, labels: [true, true], answer: true },
    ]);
    expect(await (await RunView.open(folder)).labels()).toEqual([
      { step: 1, labels: 2, positive: 2, attempts: 6, successes: 4 },
      { step: 2, labels: 1, positive: 0, attempts: 4, successes: 0 },
    ]);
  });

  it('has another version once something to be seen has changed', async () => {
    const folder = await folderWith([]);
    const run = await RunView.open(folder);
    const { version } = await run.state();
    expect((await run.state()).version).toBe(version);
    await writeJson(join(folder, 'report.json'), {});
    const state = await run.state();
    expect(state.version).not.toBe(version);
    expect(state.state).toBe('finished');
  });
});

describe('what is no run', () => {
  it('is said', async () => {
    const folder = temporaryFolder();
    const open = (path: string) => RunView.open(path);
    await expect(open(folder)).rejects.toMatchObject({
      code: 'run-missing',
      message: expect.stringContaining('found no run in it'),
    });
    await expect(open(join(folder, 'x'))).rejects.toThrow('found no such folder');
    writeFileSync(join(folder, 'x'), '');
    await expect(open(join(folder, 'x'))).rejects.toThrow('found a file');
    writeFileSync(join(folder, 'recipe.json'), '{}');
    await expect(open(folder)).rejects.toMatchObject({ code: 'record-broken' });
  });
});

it('runs of one name are told apart by their paths', async () => {
  const folder = await folderWith([]);
  const other = join(folder, 'other');
  mkdirSync(join(other, 'run'), { recursive: true });
  mkdirSync(join(folder, 'run'));
  for (const path of [other, folder]) await writeJson(join(path, 'run', 'recipe.json'), recipe);
  const paths = [join(folder, 'run'), join(other, 'run')];
  expect((await openViews(paths)).map(({ name }) => name)).toEqual(paths);
  expect((await openViews([folder, paths[0]!])).map(({ name }) => name)).toContain('run');
  rmSync(other, { recursive: true });
});
