/** The sets that each format has: the stage whose records each is made of, its rows, and what the card says of them. */
import { firstErrorOf, lineCount } from '../codec/index.js';
import {
  globalRow,
  localRow,
  type RewardRecord,
  stepwiseRow,
  studentRow,
} from '../dataset/index.js';
import { trueFirstError } from '../evaluate/index.js';
import {
  ormSet,
  problemsIn,
  type Run,
  readAttempts,
  readLabels,
  readQuestions,
  readSamples,
  readSet,
  type StageName,
  studentRecords,
} from '../pipeline/index.js';
import { byKey, sampleKey } from '../rollout/index.js';
import { type CardSet, places, signs } from './card.js';
import type { FormatName } from './formats.js';
import {
  globalOrigin,
  judgedOrigin,
  labelOrigin,
  localOrigin,
  ormOrigin,
  plainOrigin,
  studentOrigin,
} from './origin.js';
import type { ExportRow } from './parquet.js';
import { type JudgedSolution, processBenchRow, shepherdRow } from './rows.js';

/** A set that is made: the rows, and what the card says of them. */
type Made = Pick<CardSet, 'balance' | 'problems' | 'origin'> & {
  readonly rows: readonly ExportRow[];
};

/** A set that a format can have. */
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

export const exported: Readonly<Record<FormatName, Readonly<Record<string, ExportSet>>>> = {
  'trl-stepwise': {
    sorm: set('datasets', (run) => sormRows(run, stepwiseRow)),
    orm: set('drafts', (run) => ormRows(run, stepwiseRow)),
  },
  'trl-prompt-completion': {
    student: set('student', async (run) =>
      pairs(await studentRecords(run), studentRow, studentOrigin(run.recipe)),
    ),
    global: set('datasets', async (run) =>
      pairs(await readSet(run, 'global'), globalRow, globalOrigin(run.recipe)),
    ),
    local: set('datasets', async (run) =>
      pairs(await readSet(run, 'local'), localRow, localOrigin(run.recipe)),
    ),
    plain: set('datasets', async (run) =>
      pairs(await readSet(run, 'plain'), studentRow, plainOrigin(run.recipe)),
    ),
  },
  'math-shepherd': {
    sorm: set('datasets', (run) => sormRows(run, shepherd(run))),
    orm: set('drafts', (run) => ormRows(run, shepherd(run))),
  },
  processbench: {
    labels: set('labels', labelledSamples),
    dev: set('evaluation', (run) => judgedDrafts(run, 'dev'), 'validation'),
    test: set('evaluation', (run) => judgedDrafts(run, 'test'), 'test'),
  },
};

/** The sets that each format has. */
export const exportSets = (format: FormatName): string[] => Object.keys(exported[format]);

const shepherd = (run: Run) => (record: RewardRecord) =>
  shepherdRow(record, run.recipe.problems.source);

function pairs<R extends { readonly problem: string }>(
  records: readonly R[],
  row: (record: R) => ExportRow,
  origin: string,
): Made {
  return { rows: records.map(row), problems: problemsIn(records), balance: '', origin };
}

const sormRows = async (run: Run, row: (record: RewardRecord) => ExportRow): Promise<Made> =>
  labelled(
    await readSet(run, 'sorm'),
    row,
    await labelOrigin(run, { balanced: run.recipe.labels.balance }),
  );

const ormRows = async (run: Run, row: (record: RewardRecord) => ExportRow): Promise<Made> =>
  labelled(await ormSet(run, 'samples'), row, ormOrigin(run.recipe));

function labelled(
  records: readonly RewardRecord[],
  row: (record: RewardRecord) => ExportRow,
  origin: string,
): Made {
  const labelsOf = (record: RewardRecord) => record.labels.filter((label) => label !== null);
  // Where the student wrote nothing, there is no line to label.
  const some = records.filter((record) => labelsOf(record).length > 0);
  return { ...pairs(some, row, origin), balance: signs(some.flatMap(labelsOf)) };
}

/** Samples with the first error that rollouts find. */
async function labelledSamples(run: Run): Promise<Made> {
  const questions = await readQuestions(run, 'train');
  const drafts = await readSamples(run, questions);
  const labels = await readLabels(run, drafts);
  const samples = byKey(drafts);
  const solutions = labels.map(({ problem, sample, labels, answer: verdict }): JudgedSolution => {
    const id = sampleKey(problem, sample);
    const { steps, answer, right } = samples.get(id)!;
    const flags = [...labels, ...(verdict === null ? [] : [verdict])];
    const firstError = firstErrorOf(flags);
    return { id, question: questions.get(problem)!, steps, answer, right, firstError };
  });
  const origin = await labelOrigin(run, { balanced: false });
  return benchmark(
    solutions,
    problemsIn(labels),
    `Samples of the student; the first error is the first line with a negative label. ${origin}`,
  );
}

/** The student's greedy solutions of problems whose steps can be judged exactly; undefined where none can. */
async function judgedDrafts(run: Run, split: 'dev' | 'test'): Promise<Made | undefined> {
  const attempts = await readAttempts(run.folder, split);
  if (attempts.every(({ draft }) => draft.truth === null)) return undefined;
  const questions = await readQuestions(run, split);
  const solutions = attempts.flatMap(({ problem, draft }): JudgedSolution[] => {
    const { steps, answer, right } = draft;
    const firstError = trueFirstError(draft);
    // What is wrong with a draft of right steps that stops without an answer is in none of its lines.
    if (firstError === undefined || firstError > lineCount(draft)) return [];
    return [{ id: problem, question: questions.get(problem)!, steps, answer, right, firstError }];
  });
  const origin = judgedOrigin(split, attempts.length, solutions.length);
  return benchmark(solutions, solutions.length, origin);
}

function benchmark(solutions: readonly JudgedSolution[], problems: number, origin: string): Made {
  const rows = solutions.map((solution) => processBenchRow(solution, 'student'));
  return { rows, problems, balance: places(rows.map(({ label }) => label)), origin };
}
