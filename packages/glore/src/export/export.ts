/** A run's data in the formats of others, with a card that says how it was made. */
import { existsSync, readdirSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { fingerprint } from '@glore/engine';
import { firstErrorOf } from '../codec/index.js';
import {
  type GlobalRecord,
  type LocalRecord,
  type OrmBalance,
  type RewardRecord,
  type StudentRecord,
  sampleKey,
} from '../dataset/index.js';
import { GloreError } from '../error.js';
import { type ProblemAttempts, percent, trueFirstError } from '../evaluate/index.js';
import type { LabelledSample } from '../label/index.js';
import type { StageName } from '../pipeline/index.js';
import {
  type LabelSummary,
  openUnfinishedRun,
  ormSet,
  pathIn,
  problemsIn,
  type Run,
  readProblems,
  readSet,
  studentRecords,
} from '../pipeline/index.js';
import { contentsOf, identityOf } from '../recipe/index.js';
import type { Sample } from '../rollout/index.js';
import { readJson, readJsonl, replaceFile, writeJsonl } from '../run/index.js';
import { type CardSet, places, renderCard, signs } from './card.js';
import { type FormatName, formats } from './formats.js';
import { type ExportRow, encodeParquet } from './parquet.js';
import {
  globalRow,
  type JudgedSolution,
  localRow,
  processBenchRow,
  shepherdRow,
  stepwiseRow,
  studentRow,
} from './rows.js';

/** A set to export: the rows, and what the card says of them. */
type Made = Pick<CardSet, 'balance' | 'problems' | 'origin'> & {
  readonly rows: readonly ExportRow[];
};

/** A set that a format can have: the stage whose records it is made of, and how. */
interface ExportSet {
  readonly stage: StageName;
  readonly split: CardSet['split'];
  /** Undefined where the run cannot have it. */
  readonly make: (run: Run) => Promise<Made | undefined>;
}

const set = (stage: StageName, make: ExportSet['make'], split: ExportSet['split'] = 'train') => ({
  stage,
  make,
  split,
});

const exported: Readonly<Record<FormatName, Readonly<Record<string, ExportSet>>>> = {
  'trl-stepwise': {
    sorm: set('datasets', (run) => reward(run, 'sorm', stepwiseRow)),
    orm: set('drafts', (run) => reward(run, 'orm', stepwiseRow)),
  },
  'trl-prompt-completion': {
    student: set('student', async (run) =>
      pairs(
        await studentRecords(run),
        studentRow,
        run.recipe.models?.student
          ? 'Worked solutions. The student was served, not trained: its correct samples are in the set `plain`.'
          : 'Worked solutions, and the correct and distinct samples of all rounds of Expert Iteration.',
      ),
    ),
    global: set('datasets', async (run) =>
      pairs(
        await readSet<GlobalRecord>(run, 'global'),
        globalRow,
        'Drafts are distinct wrong samples of the student; the target is the right sample of the same problem with the smallest edit distance in lines.',
      ),
    ),
    local: set('datasets', async (run) =>
      pairs(
        await readSet<LocalRecord>(run, 'local'),
        localRow,
        'Drafts are wrong samples, and failing rollouts joined to the prefix they came from, with `[BAD]` before the first line whose label is negative; the target is a verifying trace from there on.',
      ),
    ),
    plain: set('datasets', async (run) =>
      pairs(
        await readSet<StudentRecord>(run, 'plain'),
        studentRow,
        "Correct and distinct samples of the student, which the refiners' training mixes in.",
      ),
    ),
  },
  'math-shepherd': {
    sorm: set('datasets', (run) => reward(run, 'sorm', shepherd(run))),
    orm: set('drafts', (run) => reward(run, 'orm', shepherd(run))),
  },
  processbench: {
    labels: set('labels', labelledSolutions),
    dev: set('evaluation', (run) => judgedDrafts(run, 'dev'), 'validation'),
    test: set('evaluation', (run) => judgedDrafts(run, 'test'), 'test'),
  },
};

/** The sets that each format has. */
export const exportSets = (format: FormatName): string[] => Object.keys(exported[format]);

export interface ExportOptions {
  /** The run's folder. */
  readonly folder: string;
  readonly format: FormatName;
  /** All that the format has if left out. */
  readonly sets?: readonly string[] | undefined;
  /** A new or empty folder. */
  readonly out: string;
  readonly parquet?: boolean | undefined;
}

export interface Exported {
  readonly format: FormatName;
  readonly folder: string;
  readonly sets: readonly Pick<CardSet, 'name' | 'rows' | 'problems' | 'balance'>[];
  readonly files: readonly string[];
}

/**
 * Writes `<set>.jsonl`, with `parquet` also `<set>.parquet`, and the card README.md.
 *
 * The stages that the sets are made of must be done with the run's recipe; the run itself need not be finished.
 * @throws GloreError `export-set`, `truth-unknown`, `out-occupied`, `run-missing`, `run-unfinished`, `run-changed`, `tag-in-text`
 */
export async function exportRun(options: ExportOptions): Promise<Exported> {
  const { folder, format, out, parquet = false } = options;
  const names = options.sets ?? exportSets(format);
  checkSets(format, names);
  checkFree(out);
  const chosen = names.map((name) => ({ name, ...exported[format][name]! }));
  const run = await openUnfinishedRun(
    folder,
    chosen.map(({ stage }) => stage),
  );
  const made: (CardSet & { readonly records: readonly ExportRow[] })[] = [];
  for (const { name, split, make } of chosen) {
    const found = await make(run);
    if (!found) {
      // Asked for by name it is an error; as one of all it is left out.
      if (!options.sets) continue;
      throw new GloreError(
        'truth-unknown',
        `--set ${name}: expected solutions whose steps can be judged, found that the truth of steps is not known in ${folder}; choose other sets`,
      );
    }
    const { rows, ...rest } = found;
    const file = `${name}.${parquet ? 'parquet' : 'jsonl'}`;
    made.push({ name, split, file, records: rows, rows: rows.length, ...rest });
  }
  const files: string[] = [];
  const file = (name: string) => {
    files.push(name);
    return join(out, name);
  };
  for (const { name, records } of made) {
    await writeJsonl(file(`${name}.jsonl`), records);
    if (!parquet) continue;
    await replaceFile(file(`${name}.parquet`), [encodeParquet(records, formats[format].columns)]);
  }
  await replaceFile(file('README.md'), [
    renderCard({
      title: `${basename(resolve(folder))}: ${format}`,
      format: formats[format],
      sets: made,
      facts: await factsOf(run),
      settings: settingsOf(run),
    }),
  ]);
  const sets = made.map(({ name, rows, problems, balance }) => ({ name, rows, problems, balance }));
  return { format, folder: out, sets, files };
}

function checkSets(format: FormatName, names: readonly string[]): void {
  const known = exportSets(format);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new GloreError(
    'export-set',
    `--set: expected a set of the format ${format} (${known.join(', ')}), found "${unknown}"`,
  );
}

/** A card speaks for its whole folder, so nothing else may be in it. */
function checkFree(out: string): void {
  const found = existsSync(out) ? readdirSync(out) : [];
  if (found.length === 0) return;
  throw new GloreError(
    'out-occupied',
    `${out}: expected a new or empty folder, found ${found.slice(0, 3).join(', ')}; choose another folder, or empty it`,
  );
}

async function factsOf(run: Run): Promise<Record<string, string>> {
  const { recipe, base, codec } = run;
  const { method, count, temperature } = recipe.rollouts;
  const served = recipe.models?.student;
  const { samples, further } = recipe.drafts;
  return {
    problems: sourceOf(recipe),
    codec: `\`${codec.hash}\``,
    seed: String(recipe.seed),
    ...(served
      ? { 'student (served under this name)': `\`${served.model}\`` }
      : { 'student (SHA-256 of its weights)': `\`${fingerprint(base)}\`` }),
    'samples of the student': `${samples} for each of ${(await readProblems(run, 'train')).length} problems, temperature ${recipe.drafts.temperature}${further ? `; where none is right up to ${further.most}, temperature ${further.temperature}` : ''}`,
    'rollouts from a prefix (K)': `${method === 'adaptive' ? 'at most ' : ''}${count}, temperature ${temperature}`,
  };
}

/** Files by name and content: where they were is nobody's concern. */
function sourceOf({ problems }: Run['recipe']): string {
  if (problems.source === 'world') return problems.source;
  const files = Object.values(problems.files).map(
    ({ file, sha256 }) => `${basename(file)} (SHA-256 \`${sha256}\`)`,
  );
  return `${problems.source}: ${files.join(', ')}`;
}

const settingsOf = ({ recipe }: Run) => ({
  seed: recipe.seed,
  problems: recipe.problems.source === 'world' ? recipe.problems : contentsOf(recipe.problems),
  maxTokens: recipe.maxTokens,
  student: identityOf(recipe.models, 'student') ?? recipe.student,
  drafts: recipe.drafts,
  rollouts: recipe.rollouts,
  labels: recipe.labels,
  localPairs: recipe.localPairs,
});

function pairs<R extends { readonly problem: string }>(
  records: readonly R[],
  row: (record: R) => ExportRow,
  origin: string,
): Made {
  const rows = records.map(row);
  return { rows, problems: problemsIn(records), balance: '', origin };
}

async function reward(
  run: Run,
  name: 'orm' | 'sorm',
  row: (record: RewardRecord) => ExportRow,
): Promise<Made> {
  const all =
    name === 'orm' ? await ormSet(run, 'samples') : await readSet<RewardRecord>(run, name);
  // Where the student wrote nothing, there is no line to label.
  const records = all.filter(({ labels }) => labels.some((label) => label !== null));
  const labels = records.flatMap((record) => record.labels.filter((label) => label !== null));
  const origin =
    name === 'orm'
      ? `Every line of a sample has the label of its final answer (dense). Balance: ${ormBalance[run.recipe.training.orm.balance]}. The labels are exact: the answer is compared with the problem's.`
      : await stepOrigin(run, true);
  return {
    rows: records.map(row),
    problems: problemsIn(records),
    balance: signs(labels),
    origin,
  };
}

const ormBalance: Record<OrmBalance, string> = {
  answer: 'as many right as wrong samples, the surplus left out',
  problem: 'of each problem with both, as many right as wrong samples, the rarer kind repeated',
  prefix: 'as many right as wrong samples, and as many positive as negative labels at each line',
};

const shepherd = (run: Run) => (record: RewardRecord) =>
  shepherdRow(record, run.recipe.problems.source);

/** The rollouts that a label follows from. */
const evidence = {
  brute: (count: number) =>
    `of ${count} rollouts of the student from the prefix that the step ends`,
  adaptive: (count: number) =>
    `known rollout of the student from the prefix that the step ends (at most ${count} drawn there, and only from the prefixes on which a label hangs; rollouts and samples of the problem that pass through the prefix count as well)`,
};

/** How the labels of steps were made, and how good they are. */
async function stepOrigin(run: Run, balanced: boolean): Promise<string> {
  const { labels: transforms, rollouts } = run.recipe;
  const summary = await readJson<LabelSummary>(pathIn(run, 'labels', 'summary.json'));
  const applied = [
    ...(transforms.consistency
      ? ['consistency (a trace counts only if it uses every result of the prefix)']
      : []),
    ...(transforms.propagation
      ? ['propagation (a positive label makes those before it positive)']
      : []),
    ...(balanced && transforms.balance
      ? ['balance (as many positive as negative labels at each line)']
      : []),
  ];
  const known =
    summary.accuracy === null
      ? 'How many of these labels are true is not known.'
      : `Of ${summary.labels} labels of steps${balanced && transforms.balance ? ', before balance,' : ''} ${percent(summary.accuracy)} are true` +
        (summary.accuracyOfWrong === null
          ? '.'
          : `; of those of wrong samples, which rollouts decide, ${percent(summary.accuracyOfWrong)}.`);
  return [
    `A step of a wrong sample is positive if any ${evidence[rollouts.method](rollouts.count)} reaches the right answer; those of right samples are positive. The answer line is positive if the answer is right.`,
    `Transforms: ${applied.join('; ') || 'none'}.`,
    known,
  ].join(' ');
}

/** Samples with the first error that rollouts find. */
async function labelledSolutions(run: Run): Promise<Made> {
  const labelled = await readJsonl<LabelledSample>(pathIn(run, 'labels', 'labels.jsonl'));
  const samples = new Map(
    (await readJsonl<Sample>(pathIn(run, 'drafts', 'samples.jsonl'))).map((sample) => [
      sampleKey(sample.problem, sample.index),
      sample,
    ]),
  );
  const questions = await questionsOf(run, 'train');
  const solutions = labelled.map(({ problem, sample, labels, answer }): JudgedSolution => {
    const id = sampleKey(problem, sample);
    const { steps, right } = samples.get(id)!;
    const flags = [...labels, ...(answer === null ? [] : [answer])];
    return {
      id,
      question: questions.get(problem)!,
      steps,
      answer: samples.get(id)!.answer,
      right,
      firstError: firstErrorOf(flags),
    };
  });
  return benchmark(
    solutions,
    problemsIn(labelled),
    `Samples of the student; the first error is the first line with a negative label. ${await stepOrigin(run, false)}`,
  );
}

/** The student's greedy solutions of problems whose steps can be judged exactly; undefined where none can. */
async function judgedDrafts(run: Run, split: 'dev' | 'test'): Promise<Made | undefined> {
  const attempts = await readJsonl<ProblemAttempts>(
    pathIn(run, 'evaluation', `${split}.attempts.jsonl`),
  );
  if (attempts.every(({ draft }) => draft.truth === null)) return undefined;
  const questions = await questionsOf(run, split);
  const solutions = attempts.flatMap(({ problem, draft }): JudgedSolution[] => {
    const { steps, answer, right } = draft;
    const firstError = trueFirstError(draft);
    // What is wrong with a draft of right steps that stops without an answer is in none of its lines.
    if (firstError === undefined || firstError > steps.length + (answer === null ? 0 : 1))
      return [];
    return [{ id: problem, question: questions.get(problem)!, steps, answer, right, firstError }];
  });
  const left = attempts.length - solutions.length;
  return benchmark(
    solutions,
    solutions.length,
    `The student's greedy solutions of ${split} problems; the first error is exact, since the steps of these problems can be judged.` +
      (left === 0
        ? ''
        : ` ${left} of ${attempts.length} are left out: the truth of their steps is not known, or they stop without an answer and without a wrong step.`),
  );
}

async function questionsOf(run: Run, split: string): Promise<Map<string, string>> {
  return new Map((await readProblems(run, split)).map(({ id, question }) => [id, question]));
}

function benchmark(solutions: readonly JudgedSolution[], problems: number, origin: string): Made {
  const rows = solutions.map((solution) => processBenchRow(solution, 'student'));
  return { rows, problems, balance: places(rows.map(({ label }) => label)), origin };
}
