/** What reads each kind of file of a run, as the stages and commands do, up to the first thing that only models could do. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadCheckpoint, openTokenizer } from '@glore/engine';
import { renderReport } from '../../src/cli/report.js';
import { screenOf } from '../../src/cli/terminal.js';
import {
  globalExample,
  localExample,
  rewardExample,
  studentExample,
} from '../../src/dataset/index.js';
import { renderChart, renderCurve } from '../../src/evaluate/index.js';
import { exportRun } from '../../src/export/index.js';
import { readGolden } from '../../src/model/golden.js';
import {
  evaluationIn,
  openRunFolder,
  openUnfinishedRun,
  ormSet,
  type Plan,
  type Run,
  readProblems,
  readRun,
  readSet,
  type StageName,
  studentRecords,
} from '../../src/pipeline/index.js';
import { openServedRoles, readAnswered, readCoverage } from '../../src/pipeline/served.js';
import { table } from '../../src/pipeline/table.js';
import { examplesOf } from '../../src/pipeline/training.js';
import { isRight, sampleShape } from '../../src/rollout/index.js';
import { collect, lockRun, runStage, silentReporter } from '../../src/run/index.js';
import { readRecord } from '../../src/study/record.js';
import { fit } from '../../src/train/index.js';

/** A file, which of its lines are records (all, or the file as a whole), and what reads it. */
export interface Reader {
  readonly file: string;
  readonly lines: boolean;
  /** What comes of reading: unchanged, if it is right. */
  readonly read: (folder: string) => Promise<unknown>;
}

/** The run as its stages have it; only what they read may be mutated. */
const runIn = (folder: string): Promise<Run> => {
  opened ??= openRunFolder(
    folder,
    JSON.parse(readFileSync(join(folder, 'whole.json'), 'utf8')).recipe,
  );
  return opened;
};
let opened: Promise<Run> | undefined;

/** Does the work of a stage that needs no models, elsewhere. */
async function workOf(folder: string, name: StageName): Promise<unknown> {
  const out = mkdtempSync(join(tmpdir(), 'glore-stage-'));
  try {
    const run = await runIn(folder);
    await table[name].work(run, {
      folder: out,
      signal: undefined,
      progress: silentReporter.stage(name),
      count() {},
    });
    return ['labels.jsonl', 'sorm.jsonl', 'local.jsonl', 'summary.json']
      .map((file) => join(out, file))
      .filter(existsSync)
      .map((path) => readFileSync(path, 'utf8'));
  } finally {
    rmSync(out, { recursive: true });
  }
}

async function exportOf(
  folder: string,
  format: 'trl-prompt-completion' | 'processbench',
  set: string,
): Promise<unknown> {
  const out = mkdtempSync(join(tmpdir(), 'glore-export-'));
  try {
    await exportRun({ folder, format, sets: [set], out });
    return [`${set}.jsonl`, 'README.md'].map((file) => readFileSync(join(out, file), 'utf8'));
  } finally {
    rmSync(out, { recursive: true });
  }
}

const lines = (file: string, read: Reader['read']): Reader => ({ file, lines: true, read });
const whole = (file: string, read: Reader['read']): Reader => ({ file, lines: false, read });

const evaluated = (folder: string) => evaluationIn(folder);

/** Goes on from a journal of all units. */
async function goOn(folder: string): Promise<unknown> {
  const path = join(folder, 'other', 'samples.jsonl');
  const journal = readFileSync(`${path}.journal`);
  try {
    return await collect({
      path,
      shape: sampleShape,
      units: ['unit-0', 'unit-1', 'unit-2'],
      key: String,
      work: async () => {
        throw new Error('it is all in the journal');
      },
      parallel: 1,
    });
  } finally {
    rmSync(path, { force: true });
    writeFileSync(`${path}.journal`, journal);
  }
}

/** All kinds of files that are read. @param plan of the run, for the record of its study */
export const readersOf = (plan: Plan): Reader[] => [
  ...['problems/train.jsonl', 'problems/candidates.jsonl', 'problems/sft.jsonl'].map((file) =>
    lines(file, async (folder) => {
      const run = await runIn(folder);
      const problems = await readProblems(run, file.slice(9, -6));
      return problems.map((problem) => [
        run.codec.prompt(problem.question),
        isRight(problem, '72'),
        studentExample(run.codec, { ...problem, problem: problem.id }),
      ]);
    }),
  ),
  lines('drafts/samples.jsonl', (folder) => workOf(folder, 'labels')),
  lines('rollouts/rollouts.jsonl', (folder) => workOf(folder, 'labels')),
  lines('rollouts/rollouts.jsonl', (folder) => workOf(folder, 'datasets')),
  lines('labels/labels.jsonl', (folder) => workOf(folder, 'datasets')),
  lines('labels/labels.jsonl', (folder) => exportOf(folder, 'processbench', 'labels')),
  whole('labels/summary.json', (folder) => exportOf(folder, 'processbench', 'labels')),
  lines('student/samples-1.jsonl', async (folder) => studentRecords(await runIn(folder))),
  lines('candidates/candidates.jsonl', async (folder) => ormSet(await runIn(folder), 'candidates')),
  lines('datasets/sorm.jsonl', async (folder) => {
    const run = await runIn(folder);
    return examplesOf(run.codec, await readSet(run, 'sorm'), rewardExample);
  }),
  lines('datasets/global.jsonl', async (folder) => {
    const run = await runIn(folder);
    return examplesOf(run.codec, await readSet(run, 'global'), globalExample);
  }),
  lines('datasets/local.jsonl', async (folder) => {
    const run = await runIn(folder);
    return examplesOf(run.codec, await readSet(run, 'local'), localExample);
  }),
  lines('datasets/plain.jsonl', async (folder) => {
    const run = await runIn(folder);
    return examplesOf(run.codec, await readSet(run, 'plain'), studentExample);
  }),
  ...['dev', 'test'].flatMap((split) => [
    lines(`evaluation/${split}.attempts.jsonl`, evaluated),
    lines(`evaluation/${split}.attempts.jsonl`, (folder) =>
      exportOf(folder, 'processbench', split),
    ),
    lines(`evaluation/${split}.refinements.jsonl`, evaluated),
    lines(`evaluation/${split}.rounds.jsonl`, evaluated),
  ]),
  whole('evaluation/thresholds.json', evaluated),
  whole('evaluation/speeds.json', evaluated),
  whole('report.json', async (folder) => {
    const { report } = await readRun(folder);
    return [renderReport(report, screenOf({})), renderChart(report), renderCurve(report)];
  }),
  whole('recipe.json', async (folder) => {
    const { recipe } = await openUnfinishedRun(folder, ['evaluation']);
    return recipe;
  }),
  whole('recipe.json', async (folder) => {
    const { run } = await readRun(folder);
    return [run.recipe, run.codec.hash];
  }),
  whole('drafts/done.json', async (folder) => (await openUnfinishedRun(folder, ['drafts'])).recipe),
  whole(
    'drafts/started.json',
    async (folder) => (await openUnfinishedRun(folder, ['drafts'])).recipe,
  ),
  ...['done.json', 'started.json', 'spent.json'].map((name) =>
    whole(`other/${name}`, async (folder) => {
      const { seconds: _, ...rest } = await runStage({
        run: folder,
        name: 'other',
        settings: 1,
        upstream: [],
        reporter: silentReporter,
        work: async () => ({ generatedTokens: 5 }),
      });
      return rest.fingerprint;
    }),
  ),
  lines('other/samples.jsonl.journal', goOn),
  whole('endpoints/coverage.json', readCoverage),
  whole('endpoints/roles/run.json', readAnswered),
  whole('endpoints/local.json', async (folder) => {
    const { base } = await runIn(folder);
    const served = { endpoint: 'local', model: 'm', api: 'completions', spelling: 'text' } as const;
    const recipe = {
      endpoints: { local: { url: 'http://127.0.0.1:9/v1', patience: 0 } },
      models: { student: { ...served, scoring: 'logprobs', positive: 1 } as const },
    };
    // Nobody answers there: what has been spent is written again.
    await openServedRoles({ folder, base, recipe }, ['student']).catch((error) => {
      if (!/^endpoint-/.test(error.code)) throw error;
    });
    const { seconds: _, ...spent } = JSON.parse(
      readFileSync(join(folder, 'endpoints', 'local.json'), 'utf8'),
    );
    return spent;
  }),
  whole('study.json', async (folder) => {
    const record = await readRecord(folder, plan);
    // Of other settings it is done anew.
    return record && [record.stages.map(({ seconds }) => seconds + 1), record.labels?.positive];
  }),
  lines('golden.jsonl', readGolden),
  lines('training/curve.jsonl', async (folder) => {
    const base = await loadCheckpoint(join(folder, 'student', 'model'));
    const path = join(folder, 'training');
    const { tokens } = await fit({
      start: base,
      batch: () => [],
      heldOut: [],
      schedule: { rate: 1e-3, warmup: 0, steps: 4, floor: 0 },
      steps: 0,
      evaluateEvery: 1,
      saveEvery: 1,
      folder: path,
      workers: 1,
    });
    return tokens;
  }),
  whole('lock', async (folder) => {
    await (await lockRun(folder))();
    return 'free';
  }),
  ...['config.json', 'tokenizer.json'].map((name) =>
    whole(`orm/model/${name}`, async (folder) => {
      const { config, tokenizer } = await loadCheckpoint(join(folder, 'orm', 'model'));
      const { encode, decode } = openTokenizer(tokenizer);
      return [config, encode('Ann has 3 pens.\n'), decode([9, 10, 11])];
    }),
  ),
];
