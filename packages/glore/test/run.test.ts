/** The whole main job on a small recipe: its report, interruptions at any place, and changed settings. */
import { cpSync, existsSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import type { ProblemRefinements } from '../src/evaluate/index.js';
import type { Report } from '../src/pipeline/index.js';
import type { Decision } from '../src/refine/index.js';
import { byProblem, type Sample } from '../src/rollout/index.js';
import type { StageRecord } from '../src/run/index.js';
import { expected, finished, recipeOfFinished, samples } from './finished.js';
import {
  type Ended,
  firstSaid,
  glore,
  recordsOf,
  stagesThatWorked,
  start,
  temporaryFolder,
  untilWritten,
} from './glore.js';

// Half a minute for a run on a free machine; it need not be free.
vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 });

let folder: string;
/** The finished run that all tests look at. */
let run: string;
let recipe: string;
let ended: Ended;
let report: Report;
/** A copy that goes on with fewer tests, by another recipe, for what costs less with fewer. */
let few: string;
let recipeOfFew: string;
let workedOfFew: string[];

beforeAll(async () => {
  folder = temporaryFolder();
  ({ run, recipe, ended } = await finished());
  report = reportOf(run);
  ({
    other: few,
    path: recipeOfFew,
    worked: workedOfFew,
  } = await rerun(run, 'few', 'run', fewerTests));
});
afterAll(() => rmSync(folder, { recursive: true }));

const fewerTests: [string, string] = ['test: 66', 'test: 12'];

/** A copy of a run, in this folder. */
function copied(of: string, name: string): string {
  const other = join(folder, name);
  cpSync(of, other, { recursive: true });
  return other;
}

/** A copy of a run that goes on by a changed recipe, and the stages that worked for that. */
async function rerun(of: string, name: string, command: string, ...change: [string, string][]) {
  const other = copied(of, name);
  const path = recipeOfFinished(folder, name, ...change);
  const { code, stderr } = await glore([command, path, '--run', other, '--json']);
  expect(code, stderr).toBe(0);
  return { other, path, worked: stagesThatWorked(stderr) };
}

const readJson = <T>(...parts: string[]): T =>
  JSON.parse(readFileSync(join(run, ...parts), 'utf8')) as T;
const linesOf = <T>(...parts: string[]): T[] =>
  readFileSync(join(...parts), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as T);
const readLines = <T>(...parts: string[]) => linesOf<T>(run, ...parts);
const reportOf = (of: string) =>
  JSON.parse(readFileSync(join(of, 'report.json'), 'utf8')) as Report;

/** What a stage says that it has generated, scored and trained on. */
const tokensOf = (of: string, stage: string) => {
  const { generatedTokens, scoredTokens, trainedTokens } = JSON.parse(
    readFileSync(join(of, stage, 'done.json'), 'utf8'),
  ) as StageRecord;
  return { stage, generatedTokens, scoredTokens, trainedTokens };
};

const fraction = expect.toSatisfy((value) => value >= 0 && value <= 1, 'a fraction');
const positive = expect.toSatisfy((value) => value > 0, 'more than 0');

describe('a whole run', () => {
  it('writes a report with every field that others build on', () => {
    const names = [
      'draft',
      'sample',
      'bo3',
      `majority@${samples}`,
      `best-of-${samples}`,
      'global',
      'local',
    ];
    names.push('local-orm', 'local-truth', 'rerank-global', 'rerank-local', 'rerank', 'gate');
    names.push('oracle', 'draft-bo3', `weighted@${samples}`, 'retrained', 'retrained-bo3');
    names.push(`retrained-best-of-${samples}`, 'global-blind', 'global-plain', 'local-random');
    names.push('beam-3', 'beam-8', `likeliest-of-${samples}`, 'rerank-likeliest');
    for (const name of names) {
      expect(report.rows.find((row) => row.name === name)).toEqual({
        name,
        accuracy: fraction,
        low: fraction,
        high: fraction,
        generatedTokens: positive,
        processedTokens: positive,
        seconds: positive,
      });
    }
    const effect = { wrongToRight: fraction, rightToWrong: fraction, wrongFixed: fraction };
    const critic = {
      stepAccuracy: fraction,
      firstError: { wrong: fraction, right: fraction, f1: fraction },
      finalAccuracy: fraction,
      auc: fraction,
      withinProblemAuc: fraction,
      ece: fraction,
    };
    expect(report).toMatchObject({
      refiners: {
        global: effect,
        local: effect,
        globalOnly: fraction,
        localOnly: fraction,
        both: fraction,
        neither: fraction,
      },
      critics: { orm: critic, sorm: critic },
      labels: { accuracy: fraction, positive: fraction, generatedTokens: positive },
      problems: 66,
      seeds: [3],
      seconds: positive,
      machine: { processor: expect.any(String), cores: positive, memoryGiB: positive },
    });
    const { majority, bestOf, rounds, budgets } = report.curve;
    const named = (points: readonly { name: string }[]) => points.map(({ name }) => name);
    expect(named(majority)).toEqual(Array.from({ length: samples }, (_, k) => `majority@${k + 1}`));
    expect(named(bestOf)).toEqual(Array.from({ length: samples }, (_, k) => `best-of-${k + 1}`));
    expect(named(rounds)).toEqual(['rounds@0', 'rounds@1', 'rounds@2']);
    expect(named(budgets)).toEqual(Array.from({ length: samples }, (_, k) => `budget@${k + 1}`));
    expect(report.stages.map(({ name }) => name)).toEqual(stages);
    for (const stage of report.stages) {
      expect(stage).toEqual({
        name: expect.any(String),
        seconds: expect.any(Number),
        generatedTokens: expect.any(Number),
        neededTokens: expect.any(Number),
        computedTokens: expect.any(Number),
      });
    }
  });

  it('counts what it says it counts', () => {
    const attempts = readLines<{ draft: { right: boolean; tokens: number } }>(
      'evaluation/test.attempts.jsonl',
    );
    const right = attempts.filter(({ draft }) => draft.right).length;
    const tokens = attempts.reduce((sum, { draft }) => sum + draft.tokens, 0);
    const draft = report.rows.find(({ name }) => name === 'draft')!;
    expect(draft.accuracy).toBe(right / 66);
    expect(draft.generatedTokens).toBeCloseTo(tokens / 66);
    const rollouts = readLines<{ tokens: number }>('rollouts/rollouts.jsonl');
    expect(report.labels.generatedTokens).toBe(
      rollouts.reduce((sum, record) => sum + record.tokens, 0),
    );
    // The curve begins with the draft and the method's answer, and ends with what all rounds have written.
    const row = (name: string) => report.rows.find((found) => found.name === name)!;
    const [zero, one, two] = report.curve.rounds;
    expect(zero!.accuracy).toBe(draft.accuracy);
    for (const figure of ['accuracy', 'low', 'high', 'generatedTokens'] as const) {
      expect(one![figure]).toBe(row('rerank')[figure]);
      expect(report.curve.bestOf[samples - 1]![figure]).toBe(row(`best-of-${samples}`)[figure]);
      expect(report.curve.majority[samples - 1]![figure]).toBe(row(`majority@${samples}`)[figure]);
    }
    const again = readLines<{ rounds: { decision: Decision }[] }>('evaluation/test.rounds.jsonl')
      .flatMap(({ rounds: [second] }) => second!.decision.candidates)
      .reduce((sum, candidate) => sum + candidate.tokens, 0);
    expect(two!.generatedTokens).toBeCloseTo(one!.generatedTokens + again / 66);
    // Any candidate's being right is at least as often as the chosen one's.
    const accuracy = (name: string) => report.rows.find((row) => row.name === name)!.accuracy;
    for (const name of ['draft', 'global', 'local', 'rerank', 'gate']) {
      expect(accuracy('oracle')).toBeGreaterThanOrEqual(accuracy(name));
    }
  });

  it('samples on what is not solved, and learns as much from it as from other problems', () => {
    const samples = readLines<Sample>('drafts/samples.jsonl');
    const groups = [...byProblem(samples).values()];
    for (const group of groups) {
      const solved = group.slice(0, 3).some(({ right }) => right);
      expect(group).toHaveLength(solved ? 3 : 6);
    }
    expect(groups.some((group) => group.slice(3).some(({ right }) => right))).toBe(true);
    const { generatedTokens } = readJson<{ generatedTokens: number }>('drafts', 'done.json');
    expect(generatedTokens).toBe(samples.reduce((sum, { tokens }) => sum + tokens, 0));

    const learned = samples.filter(({ index, right }) => index < 3 || right);
    const spelt = (list: readonly Pick<Sample, 'problem' | 'steps' | 'answer'>[]) =>
      new Set(list.map(({ problem, steps, answer }) => JSON.stringify([problem, steps, answer])));
    const drafts = readLines<{ problem: string; draft: Sample; target: Sample }>(
      'datasets/global.jsonl',
    );
    const known = spelt(learned);
    for (const { problem, draft, target } of drafts) {
      for (const part of [draft, target]) {
        expect(known).toContain(JSON.stringify([problem, part.steps, part.answer]));
      }
    }
    const solvable = new Set(learned.filter(({ right }) => right).map(({ problem }) => problem));
    const wrong = learned.filter(({ problem, right }) => !right && solvable.has(problem));
    expect(drafts).toHaveLength(spelt(wrong).size);
  });

  it('has a SORM that learned what the student expects before its labels, in layers of its own', () => {
    const layers = (role: string) =>
      readJson<{ num_hidden_layers: number }>(role, 'model/config.json').num_hidden_layers;
    expect(layers('sorm')).toBe(layers('student') + 1);
    expect(layers('orm')).toBe(layers('sorm'));
    const { examples, positive, negative } = readJson<Record<string, number>>(
      'sorm',
      'expected.mask.json',
    );
    expect(examples).toBe(expected);
    expect(positive).toBeGreaterThan(negative!);
    expect(negative).toBeGreaterThan(expected);
  });

  it('does not learn again from the labels that its first SORM doubts', () => {
    interface Mask {
      positive: number;
      negative: number;
    }
    const [before, after] = ['first', 'training'].map((name) =>
      readJson<Mask>('sorm', `${name}.mask.json`),
    ) as [Mask, Mask];
    const { positive, doubted, doubtedSteps, wrongSteps } = readJson<Record<string, number>>(
      'sorm',
      'doubted.json',
    );
    expect(doubted).toBeGreaterThanOrEqual(doubtedSteps!);
    expect(doubtedSteps).toBeGreaterThan(0);
    expect(doubtedSteps).toBeGreaterThanOrEqual(wrongSteps!);
    expect(before.positive).toBe(positive);
    expect(after).toMatchObject({
      positive: before.positive - doubted!,
      negative: before.negative,
    });
  });

  it('prints the table, and so does glore report', async () => {
    for (const name of [
      'draft',
      `best-of-${samples}`,
      'rerank',
      'gate',
      'ORM',
      'SORM',
      'McNemar',
      'rounds@2',
    ]) {
      expect(ended.stdout).toContain(name);
    }
    expect(ended.stderr).toContain('evaluation');
    const again = await glore(['report', '--run', run]);
    // What to do next is said after the run alone.
    const [stdoutOfRun] = ended.stdout.split('\npictures ');
    expect(again).toEqual({ code: 0, signal: null, stdout: stdoutOfRun, stderr: '' });
    const { stdout } = await glore(['report', '--run', run, '--json']);
    expect(JSON.parse(stdout)).toEqual(report);
  });

  it('does nothing again', async () => {
    // Its report is written again, and others look at the one that is there.
    const other = copied(run, 'again');
    const again = await glore(['run', recipe, '--run', other, '--json']);
    expect(stagesThatWorked(again.stderr)).toEqual([]);
    const { rows, critics, seconds } = JSON.parse(again.stdout) as Report;
    expect({ rows, critics, seconds }).toEqual({
      rows: report.rows,
      critics: report.critics,
      seconds: report.seconds,
    });
  });
});

describe('the same recipe with the models of the run over HTTP', () => {
  /** A student that is served is not trained on, and does not write line by line. */
  const here = (name: string) => !/^(retrained|beam)|likeliest/.test(name);
  interface Line {
    readonly orm?: readonly number[];
    readonly sorm?: readonly number[];
  }
  const served = () => join(folder, 'served');
  const mixed = () => join(folder, 'mixed');
  beforeAll(async () => {
    const serving = start(['serve', run, '--port', '0', '--workers', '1', '--json'], {
      GLORE_API_KEY: '',
    });
    const { url } = JSON.parse(await firstSaid(serving)) as { url: string };
    const of = (role: string, endpoint: string, scoring = '') =>
      `  ${role}: { endpoint: ${endpoint}, model: ${role}, spelling: tokens${scoring} }\n`;
    const overHttp = (name: string, models: readonly string[]) =>
      recipeOfFinished(folder, name, fewerTests, [
        'rounds: 2 }\n',
        `rounds: 2 }
endpoints:
  policy: { url: "${url}" }
  others: { url: "${url}", parallel: 32 }
models:\n${models.join('')}`,
      ]);
    const some = [of('student', 'policy'), of('sorm', 'others', ', scoring: pooling')];
    some.push(of('global', 'others'));
    const everyone = [...some, of('orm', 'others'), of('local', 'others')];
    const ended = await glore(['run', overHttp('served', everyone), '--run', served()]);
    // What these sample is there already.
    copied(served(), 'mixed');
    const ofBoth = await glore(['run', overHttp('mixed', some), '--run', mixed()]);
    serving.child.kill('SIGTERM');
    await serving.ended;
    expect(ended).toMatchObject({ code: 0 });
    expect(ofBoth).toMatchObject({ code: 0 });
  });

  /** Numbers are close: other requests in a batch round sums in another order. */
  const close = (value: unknown): unknown => {
    if (typeof value === 'number')
      return Number.isInteger(value) ? value : expect.closeTo(value, 4);
    if (Array.isArray(value)) return value.map(close);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, close(part)]));
  };
  const there = <T>(name: string) => linesOf<T>(served(), name);
  const local = <T>(name: string) => linesOf<T>(few, name);

  it.each([
    'drafts/samples',
    'rollouts/rollouts',
    'labels/labels',
    'candidates/candidates',
    'datasets/sorm',
    'datasets/global',
    'datasets/local',
  ])('has the same %s', (name) => {
    expect(there(`${name}.jsonl`)).toEqual(local(`${name}.jsonl`));
  });

  it.each(['dev', 'test'])('has the same attempts and values of %s', (split) => {
    const [here, over] = [local<Line>, there<Line>].map((read) =>
      read(`evaluation/${split}.attempts.jsonl`),
    );
    expect(over).toEqual(close(here));
  });

  it.each(['dev', 'test'])('has the same decisions and refinements of %s', (split) => {
    const name = `evaluation/${split}.refinements.jsonl`;
    const here = local<ProblemRefinements>(name);
    // Where the candidates' values are as close, which of them is chosen is a matter of rounding.
    const same = there<ProblemRefinements>(name).map((refined, i) => {
      const { choice, candidates } = here[i]!.decision;
      const lead = candidates[choice]!.score - candidates[refined.decision.choice]!.score;
      return lead < 1e-6 ? { ...refined, decision: { ...refined.decision, choice } } : refined;
    });
    expect(same).toEqual(close(here));
  });

  it('has the same thresholds, table and figures', () => {
    const [over, alone] = [reportOf(served()), reportOf(few)];
    const figures = ({
      rows,
      comparisons,
      outcomes: { right, processed, ...outcomes },
      seconds,
      stages,
      machine,
      coverage,
      answered,
      ...rest
    }: Report) => ({
      ...rest,
      outcomes,
      right: Object.fromEntries(Object.entries(right).filter(([name]) => here(name))),
      processed: Object.fromEntries(Object.entries(processed!).filter(([name]) => here(name))),
      comparisons: comparisons.filter(({ b }) => here(b)),
      rows: rows.flatMap(({ seconds: _, ...row }) => (here(row.name) ? [row] : [])),
    });
    expect(figures(over)).toEqual(close(figures(alone)));
    // The ORM is read from log-probabilities there, the SORM is not.
    expect(Object.keys(over.coverage ?? {})).toEqual(['orm']);
    expect(alone.coverage).toBeUndefined();
  });

  it('may have only some of them there: what they alone decide is the same', () => {
    expect(existsSync(join(mixed(), 'orm/model'))).toBe(true);
    expect(existsSync(join(mixed(), 'sorm/model'))).toBe(false);
    const [both, alone] = [reportOf(mixed()), reportOf(few)];
    const row = ({ rows }: Report, name: string) => {
      const { seconds, ...rest } = rows.find((one) => one.name === name)!;
      return rest;
    };
    for (const name of ['draft', 'sample', `majority@${samples}`, 'global']) {
      expect(row(both, name)).toEqual(row(alone, name));
    }
    expect(both.critics.sorm).toEqual(close(alone.critics.sorm));
    // The ORM here began at the base, since the student is elsewhere.
    expect(both.critics.orm).not.toEqual(close(alone.critics.orm));
    expect(both.rows.map(({ name }) => name)).toEqual(
      alone.rows.map(({ name }) => name).filter(here),
    );
  });
});

/** A file that is there while the stage is at work. */
const moments = {
  student: 'student/training-0/curve.jsonl',
  drafts: 'drafts/samples.jsonl.journal',
  rollouts: 'rollouts/rollouts.jsonl.journal',
  orm: 'orm/training/curve.jsonl',
  sorm: 'sorm/training/curve.jsonl',
  evaluation: 'evaluation/test.attempts.jsonl.journal',
  retrained: 'retrained/training/curve.jsonl',
  controls: 'controls/test.controls.jsonl.journal',
};

describe('an interrupted run', () => {
  const begin = (name: string) => {
    const other = join(folder, name);
    return { other, running: start(['run', recipe, '--run', other, '--json']) };
  };
  const interrupt = async (stage: keyof typeof moments, signal: NodeJS.Signals) => {
    const { other, running } = begin('interrupted');
    await untilWritten(running, join(other, moments[stage]));
    running.child.kill(signal);
    return running.ended;
  };

  it.each(['student', 'drafts', 'rollouts'] as const)(
    'is killed in the stage %s',
    async (stage) => {
      expect(await interrupt(stage, 'SIGKILL')).toMatchObject({ signal: 'SIGKILL' });
    },
  );

  it('stops at Ctrl-C with the training state kept, and says how to go on', async () => {
    const { code, stderr } = await interrupt('sorm', 'SIGINT');
    expect(stderr).toContain('stopping after the work in flight; again to stop at once\n');
    expect(stderr).toMatch(/\nstopped; run the same command again to go on\n$/);
    expect(code).toBe(130);
    expect(existsSync(join(folder, 'interrupted/sorm/training/state.safetensors'))).toBe(true);
    const { code: unfinished, stderr: why } = await glore([
      'report',
      '--run',
      join(folder, 'interrupted'),
    ]);
    expect(unfinished).toBe(2);
    expect(why).toContain('(run-unfinished)');
  });

  it.each(['orm', 'evaluation', 'retrained', 'controls'] as const)(
    'goes on and is killed in the stage %s',
    async (stage) => {
      expect(await interrupt(stage, 'SIGKILL')).toMatchObject({ signal: 'SIGKILL' });
    },
  );

  it('ends with the records, models and figures of the uninterrupted run', async () => {
    const { other, running } = begin('interrupted');
    const { code, stderr } = await running.ended;
    expect(code).toBe(0);
    expect(stagesThatWorked(stderr)).toEqual(['controls']);
    expect(recordsOf(other)).toEqual(recordsOf(run));
    expect(stages.map((stage) => tokensOf(other, stage))).toEqual(
      stages.map((stage) => tokensOf(run, stage)),
    );
    const { rows, critics, refiners, curve } = JSON.parse(
      readFileSync(join(other, 'report.json'), 'utf8'),
    ) as Report;
    expect(curve).toEqual(report.curve);
    const untimed = (list: Report['rows']) => list.map(({ seconds: _, ...row }) => row);
    expect(untimed(rows)).toEqual(untimed(report.rows));
    expect({ critics, refiners }).toEqual({ critics: report.critics, refiners: report.refiners });
  });

  it('stops at once at a second Ctrl-C', async () => {
    // Where the drafts are next.
    const done = copied(run, 'stopped');
    for (const stage of stages.slice(stages.indexOf('drafts')))
      rmSync(join(done, stage), { recursive: true });
    const { other, running } = begin('stopped');
    await untilWritten(running, join(other, moments.drafts));
    running.child.stderr!.on('data', (text: string) => {
      if (text.includes('stopping')) running.child.kill('SIGINT');
    });
    running.child.kill('SIGINT');
    // Ended by the signal itself, which a shell shows as 130.
    expect(await running.ended).toMatchObject({
      signal: 'SIGINT',
      stderr: expect.not.stringContaining('stopped;'),
    });
  });

  it('has one process at a time', async () => {
    const { other, running } = begin('locked');
    await untilWritten(running, join(other, 'lock'));
    const second = await glore(['run', recipe, '--run', other]);
    running.child.kill('SIGKILL');
    await running.ended;
    expect(second.code).toBe(2);
    expect(second.stderr).toMatch(/^error: .* found process \d+ .*\(run-locked\)\n$/);
  });
});

describe('a run of which something is lost or damaged', () => {
  const asked = (of: string) => glore(['ask', '--run', of, 'Ann has 3 pens. How many?']);

  it.each([
    ['gone', (model: string) => rmSync(model, { recursive: true }), 'model-missing'],
    [
      'empty',
      (model: string) => writeFileSync(join(model, 'model.safetensors'), ''),
      'model-damaged',
    ],
  ])('names a model that is %s, with a cure that works', async (name, lose, code) => {
    const other = copied(few, name);
    const model = join(other, 'global/model');
    lose(model);
    const { stderr } = await asked(other);
    expect(stderr).toContain(`glore run <recipe> --run ${other}`);
    expect(stderr).toContain(`(${code})`);
    // What it says is done.
    rmSync(join(other, 'global'), { recursive: true });
    const again = await glore(['run', recipeOfFew, '--run', other, '--json']);
    expect(stagesThatWorked(again.stderr)).toEqual(['global']);
    expect(recordsOf(other)).toEqual(recordsOf(few));
    expect(tokensOf(other, 'global')).toEqual(tokensOf(few, 'global'));
    expect(await asked(other)).toMatchObject({ code: 0 });
  });

  it('makes files again that are gone, the same, and no others', async () => {
    const other = copied(few, 'lost');
    for (const file of ['drafts/samples.jsonl', 'evaluation/thresholds.json', 'student/round-1']) {
      rmSync(join(other, file), { recursive: true });
    }
    const { code, stderr } = await glore(['run', recipeOfFew, '--run', other, '--json']);
    expect(code).toBe(0);
    expect(stagesThatWorked(stderr)).toEqual(['student', 'drafts', 'evaluation']);
    expect(recordsOf(other)).toEqual(recordsOf(few));
  });

  it('writes through no link that stands in its place', async () => {
    const other = copied(few, 'links');
    const kept = join(folder, 'precious');
    writeFileSync(kept, 'precious');
    rmSync(join(other, 'labels/done.json'));
    const places = [
      'recipe.json.part-new',
      'report.svg',
      'labels/started.json',
      'labels/spent.json',
    ];
    for (const place of places) {
      rmSync(join(other, place), { force: true });
      symlinkSync(kept, join(other, place));
    }
    writeFileSync(kept, readFileSync(join(few, 'labels/started.json')));
    const before = readFileSync(kept, 'utf8');
    rmSync(join(other, 'labels/spent.json'));
    expect(await glore(['run', recipeOfFew, '--run', other])).toMatchObject({ code: 0 });
    expect(readFileSync(kept, 'utf8')).toBe(before);
    expect(recordsOf(other)).toEqual(recordsOf(few));
  });
});

describe('a changed recipe', () => {
  it('reruns the stage it is about and those after it, up to the one asked for', async () => {
    const { other, worked } = await rerun(run, 'rollouts', 'datasets', ['count: 2', 'count: 3']);
    expect(worked).toEqual(['rollouts', 'labels', 'datasets']);
    const [before, after] = [recordsOf(run), recordsOf(other)];
    for (const path of ['drafts/samples.jsonl', 'student/model/model.safetensors']) {
      expect(after[path]).toBe(before[path]);
    }
    expect(after['rollouts/rollouts.jsonl']).not.toBe(before['rollouts/rollouts.jsonl']);
    // The report was of other data.
    const stale = await glore(['report', '--run', other]);
    expect(stale.code).toBe(2);
    expect(stale.stderr).toContain('(run-unfinished)');
  });

  it('evaluates anew where only the tests change', () => {
    expect(workedOfFew).toEqual(['problems', 'evaluation', 'controls']);
  });

  it('trains and evaluates anew only what it changes', async () => {
    const { other, worked } = await rerun(few, 'local', 'run', fewerTests, [
      'localPairs: 2',
      'localPairs: 1',
    ]);
    expect(worked).toEqual([
      'datasets',
      'sorm',
      'global',
      'local',
      'candidates',
      'orm',
      'evaluation',
      'retrained',
      'controls',
    ]);
    const [before, after] = [recordsOf(few), recordsOf(other)];
    for (const same of ['sorm', 'global'].map((role) => `${role}/model/model.safetensors`)) {
      expect(after[same]).toBe(before[same]);
    }
    expect(after['datasets/local.jsonl']).not.toBe(before['datasets/local.jsonl']);
  });
});

const stages = [
  'problems',
  'student',
  'drafts',
  'rollouts',
  'labels',
  'datasets',
  'sorm',
  'global',
  'local',
  'candidates',
  'orm',
  'evaluation',
  'retrained',
  'controls',
];
