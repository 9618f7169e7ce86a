/**
 * The stages of a run, in the order in which data flows. Each reads files of earlier stages and writes its own; what it
 * returns are its token counts, worked out from the records, so that they do not depend on interruptions.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Example, loadCheckpoint, saveCheckpoint } from '@glore/engine';
import type { Codec } from '../codec/index.js';
import {
  byProblem,
  distance,
  distinct,
  type GlobalRecord,
  globalExample,
  globalRecords,
  type LocalRecord,
  localExample,
  localRecords,
  ormRecords,
  type RewardRecord,
  rewardExample,
  type StudentRecord,
  sampleKey,
  sormRecords,
  studentExample,
} from '../dataset/index.js';
import {
  attempt,
  fitThresholds,
  type ProblemAttempts,
  type ProblemRefinements,
  percent,
  prefixTruth,
  refinements,
  type Speeds,
} from '../evaluate/index.js';
import { flipOf, type LabelledSample, propagate, verifies, verify } from '../label/index.js';
import {
  GlobalRefiner,
  LocalRefiner,
  openEmbedded,
  RewardModel,
  type RoleModel,
  Student,
} from '../model/index.js';
import { generateProblems, type Problem, Random } from '../problem/index.js';
import { firstErrorOf, type Models } from '../refine/index.js';
import {
  adaptiveRollouts,
  isRight,
  type RolloutItem,
  type RolloutRecord,
  rolloutsFrom,
  type Sample,
  sampleSolutions,
} from '../rollout/index.js';
import { collect, readJsonl, type StageContext, writeJson, writeJsonl } from '../run/index.js';
import {
  chunks,
  inRoles,
  modelFolder,
  pathIn,
  type RoleName,
  type Run,
  readProblems,
  readRole,
  roles,
  trainModel,
  unitsOf,
  withModels,
} from './context.js';
import type { Training } from './recipe.js';
import { openServedRoles, type Waiting } from './served.js';

/** Problems sampled as one unit of work, and problems whose wrong samples are rolled out as one. */
const PROBLEMS_PER_UNIT = 64;
const ROLLED_OUT_PER_UNIT = 24;

export interface Tokens {
  readonly generatedTokens?: number;
  readonly scoredTokens?: number;
  readonly trainedTokens?: number;
}

type Work = (run: Run, context: StageContext) => Promise<Tokens>;

const total = (records: readonly { readonly tokens: number }[]): number =>
  records.reduce((sum, { tokens }) => sum + tokens, 0);
const questionsOf = (problems: readonly Problem[]) =>
  new Map(problems.map(({ id, question }) => [id, question]));

/** Problems of every split; training problems are fresh for each use, and no structure is in two splits. */
export const problems: Work = async (run) => {
  const { seed, problems: set, student, drafts } = run.recipe;
  const { settings } = set;
  const write = (name: string, split: 'train' | 'dev' | 'test', count: number, offset: number) =>
    writeJsonl(
      pathIn(run, 'problems', `${name}.jsonl`),
      generateProblems({ split, count, seed: seed * 1000 + offset, settings, prefix: name }),
    );
  await write('sft', 'train', student.sft.problems, 1);
  for (let round = 1; round <= student.expertIteration.rounds; round++) {
    await write(`ei-${round}`, 'train', student.expertIteration.problems, 10 + round);
  }
  await write('train', 'train', drafts.problems, 2);
  await write('candidates', 'train', run.recipe.training.orm.candidates, 4);
  await write('dev', 'dev', set.dev, 3);
  await write('test', 'test', set.test, 4);
  return {};
};

/** Base -> SFT -> Expert Iteration: each round samples with the last student and fine-tunes the base on the union. */
export const student: Work = async (run, context) => {
  if (isServed(run, 'student', context)) return {};
  const { recipe, base, codec } = run;
  const { sft, expertIteration } = recipe.student;
  const worked = await workedRecords(run);
  let generatedTokens = 0;
  let trainedTokens = 0;
  let records: StudentRecord[] = worked;
  for (let round = 0; round <= expertIteration.rounds; round++) {
    const folder = join(context.folder, `round-${round}`);
    if (round > 0) {
      const fresh = await readProblems(run, `ei-${round}`);
      const samples = await sampleAll(
        run,
        context,
        fresh,
        join(context.folder, `samples-${round}.jsonl`),
        {
          model: join(context.folder, `round-${round - 1}`),
          count: expertIteration.samples,
          temperature: expertIteration.temperature,
          seed: `ei-${round}`,
        },
      );
      generatedTokens += total(samples);
      records = [...records, ...correct(samples, questionsOf(fresh))];
      await writeJson(join(context.folder, `samples-${round}.summary.json`), {
        samples: samples.length,
        right: samples.filter(({ right }) => right).length,
        distinctRight: records.length - worked.length,
      });
    }
    if (!existsSync(folder)) {
      const { tokens } = await trainModel(run, context, {
        name: `training-${round}`,
        start: base,
        examples: records.map((record) => studentExample(codec, record)),
        groups: records.map(({ problem }) => problem),
        training: round === 0 ? sft : expertIteration,
        model: folder,
      });
      trainedTokens += tokens;
    }
  }
  await saveCheckpoint(
    modelFolder(run, 'student'),
    await loadCheckpoint(join(context.folder, `round-${expertIteration.rounds}`)),
  );
  return { generatedTokens, trainedTokens };
};

/** Worked solutions, which the first student learns from. */
const workedRecords = async (run: Run): Promise<StudentRecord[]> =>
  (await readProblems(run, 'sft')).map(({ id, question, steps, answer }) => ({
    problem: id,
    question,
    steps,
    answer,
  }));

/**
 * What the last student has learned from: worked solutions, and the correct samples of every round. Where it is served
 * there were no rounds.
 */
export async function studentRecords(run: Run): Promise<StudentRecord[]> {
  const records = await workedRecords(run);
  if (run.recipe.models?.student) return records;
  for (let round = 1; round <= run.recipe.student.expertIteration.rounds; round++) {
    const samples = await readJsonl<Sample>(pathIn(run, 'student', `samples-${round}.jsonl`));
    records.push(...correct(samples, questionsOf(await readProblems(run, `ei-${round}`))));
  }
  return records;
}

/** Correct and distinct samples. */
function correct(
  samples: readonly Sample[],
  questions: ReadonlyMap<string, string>,
): StudentRecord[] {
  const found = new Map<string, StudentRecord>();
  for (const { problem, steps, answer, right } of samples) {
    if (right)
      found.set(JSON.stringify([problem, steps]), {
        problem,
        question: questions.get(problem)!,
        steps,
        answer,
      });
  }
  return [...found.values()];
}

/** Samples of a checkpoint on problems, journalled by units. */
async function sampleAll(
  run: Run,
  context: StageContext,
  list: readonly Problem[],
  path: string,
  options: {
    readonly model: string;
    readonly count: number;
    readonly temperature: number;
    readonly seed: string;
  },
): Promise<Sample[]> {
  const { recipe, codec } = run;
  const served = await openServedRoles(run, ['student'], waitingIn(context));
  const model =
    served.models.student ??
    (await openEmbedded(await loadCheckpoint(options.model), recipe.workers));
  const policy = new Student(model, codec, recipe.maxTokens);
  const { size, parallel } = unitsOf(run, ['student'], PROBLEMS_PER_UNIT, 1);
  const seed = `${recipe.seed}/${options.seed}`;
  context.progress.total(list.length, 'problems');
  try {
    return await collect({
      path,
      units: chunks(list, size),
      key: ([first]) => first!.id,
      work: (unit) =>
        sampleSolutions(policy, unit, {
          count: options.count,
          temperature: options.temperature,
          seed,
        }),
      parallel,
      shard: context.shard,
      ...(context.signal && { signal: context.signal }),
      onUnit: advancing(context, (records) => records.length / options.count, rightShare),
    });
  } finally {
    await model.close();
    await served.close();
  }
}

/** Served models wait where this process sees it, and begin nothing once it is to stop. */
const waitingIn = ({ signal, progress, shard }: StageContext): Waiting => ({
  signal,
  shard,
  note: (text) => progress.note(text),
});

/** Whether a role's model is served, so that there is nothing to train. */
function isServed(run: Run, role: RoleName, { progress }: StageContext): boolean {
  const served = run.recipe.models?.[role];
  if (served) progress.note(`${role} is served (${served.endpoint}: ${served.model}), not trained`);
  return served !== undefined;
}

/** The checkpoint that training starts from: the base where that role is served. */
const startOf = (run: Run, role: RoleName) =>
  run.recipe.models?.[role] ? run.base : readRole(run, role);

/** Progress of a collection, what was found in its journal apart: it must not count into the rate. */
function advancing<R>(
  { progress }: StageContext,
  units: (records: readonly R[]) => number,
  detail?: (records: readonly R[]) => string,
) {
  return (_done: number, _total: number, records: readonly R[], resumed: boolean): void => {
    if (resumed) progress.resume(units(records));
    else progress.advance(units(records), detail?.(records));
  };
}

const rightShare = (samples: readonly Sample[]): string =>
  `${Math.round((100 * samples.filter(({ right }) => right).length) / Math.max(1, samples.length))}% right`;

/** Samples of the student on fresh training problems. */
export const drafts: Work = async (run, context) => {
  const { drafts: options } = run.recipe;
  const list = await readProblems(run, 'train');
  const samples = await sampleAll(run, context, list, join(context.folder, 'samples.jsonl'), {
    model: modelFolder(run, 'student'),
    count: options.samples,
    temperature: options.temperature,
    seed: 'drafts',
  });
  context.progress.note(`${samples.length} samples, ${rightShare(samples)}`);
  return { generatedTokens: total(samples) };
};

const readSamples = (run: Run) => readJsonl<Sample>(pathIn(run, 'drafts', 'samples.jsonl'));

/** The samples whose steps are labelled: distinct wrong ones, and as many right ones, which need no rollouts. */
function toLabel(run: Run, samples: readonly Sample[]): { wrong: Sample[]; right: Sample[] } {
  const { seed, rollouts: options } = run.recipe;
  const pick = (right: boolean) => {
    const all = [...byProblem(samples).values()].flatMap((group) =>
      distinct(group.filter((sample) => sample.right === right && sample.steps.length > 0)),
    );
    const chosen = new Set(
      new Random(seed, 'labelled', String(right)).shuffle(all).slice(0, options.samples),
    );
    return all.filter((sample) => chosen.has(sample));
  };
  return { wrong: pick(false), right: pick(true) };
}

/** Rollouts from prefixes of the chosen wrong samples: those on which a label hangs, or all. */
export const rollouts: Work = async (run, context) => {
  const { recipe, codec } = run;
  const { method, count, temperature } = recipe.rollouts;
  const options = { count, temperature, seed: `${recipe.seed}/rollouts` };
  const byId = new Map((await readProblems(run, 'train')).map((problem) => [problem.id, problem]));
  const samples = await readSamples(run);
  const { wrong } = toLabel(run, samples);
  // Samples at another temperature are no rollouts, but a right one still shows that its prefixes verify.
  const drafts = byProblem(
    samples.filter(({ right }) => right || recipe.drafts.temperature === temperature),
  );
  context.progress.total(wrong.length, 'samples');
  const { size, parallel } = unitsOf(run, ['student'], ROLLED_OUT_PER_UNIT, 1);
  const sampled = (models: Record<'student', RoleModel>) => {
    const policy = new Student(models.student, codec, recipe.maxTokens);
    const collector = (items: readonly RolloutItem[]) =>
      method === 'brute'
        ? rolloutsFrom(policy, items, options)
        : adaptiveRollouts(policy, items, {
            ...options,
            drafts,
            verifies: (prefix, trace) => verifies(prefix, trace, recipe.labels.consistency),
          });
    return collect({
      path: join(context.folder, 'rollouts.jsonl'),
      // Whole problems: the samples of one share what is known of it.
      units: chunks([...byProblem(wrong).values()], size),
      key: ([first]) => first![0]!.problem,
      work: (unit) =>
        collector(unit.flat().map((sample) => ({ problem: byId.get(sample.problem)!, sample }))),
      parallel,
      shard: context.shard,
      ...(context.signal && { signal: context.signal }),
      onUnit: advancing(context, (found) => found.length),
    });
  };
  const records = await withModels(run, ['student'], sampled, waitingIn(context));
  return { generatedTokens: total(records) };
};

/** Stepwise labels with their transforms, and how many of them are true where the truth is known. */
export const labels: Work = async (run, context) => {
  const { propagation, consistency } = run.recipe.labels;
  const byId = new Map((await readProblems(run, 'train')).map((problem) => [problem.id, problem]));
  const records = new Map(
    (await readRollouts(run)).map((record) => [sampleKey(record.problem, record.sample), record]),
  );
  const { wrong, right } = toLabel(run, await readSamples(run));
  const labelled = [...wrong, ...right].map((sample) => {
    const verified = verify(
      sample,
      records.get(sampleKey(sample.problem, sample.index)),
      consistency,
    );
    return propagation ? { ...verified, labels: propagate(verified.labels) } : verified;
  });
  await writeJsonl(join(context.folder, 'labels.jsonl'), labelled);
  const truth = [...wrong, ...right].map((sample) =>
    prefixTruth(byId.get(sample.problem)!, sample.steps),
  );
  const summary = labelSummary(labelled, truth);
  await writeJson(join(context.folder, 'summary.json'), summary);
  context.progress.done(
    `${summary.labels} labels, ${percent(summary.positive)} positive${summary.accuracy === null ? '' : `, ${percent(summary.accuracy)} as the truth`}`,
  );
  return {};
};

const readRollouts = (run: Run) =>
  readJsonl<RolloutRecord>(pathIn(run, 'rollouts', 'rollouts.jsonl'));
const readLabels = (run: Run) => readJsonl<LabelledSample>(pathIn(run, 'labels', 'labels.jsonl'));

export interface LabelSummary {
  readonly labels: number;
  readonly positive: number;
  /** Share of labels equal to the truth; of the labels of wrong samples alone, which rollouts decide; null if unknown. */
  readonly accuracy: number | null;
  readonly accuracyOfWrong: number | null;
  /** Share of wrong samples whose flip is the true first error. */
  readonly firstErrors: number | null;
}

function labelSummary(
  labelled: readonly LabelledSample[],
  truth: readonly (boolean[] | null)[],
): LabelSummary {
  const flat = labelled.flatMap(({ labels, answer }, i) =>
    labels.map((label, k) => ({ label, truth: truth[i]?.[k], wrong: answer !== true })),
  );
  const equal = (list: typeof flat) =>
    list.length === 0 || list.some((item) => item.truth === undefined)
      ? null
      : list.filter((item) => item.label === item.truth).length / list.length;
  const wrong = labelled
    .map((item, i) => ({ item, truth: truth[i] }))
    .filter(({ item }) => item.answer !== true);
  return {
    labels: flat.length,
    positive: flat.filter(({ label }) => label).length / Math.max(1, flat.length),
    accuracy: equal(flat),
    accuracyOfWrong: equal(flat.filter((item) => item.wrong)),
    firstErrors: wrong.some(({ truth: known }) => !known)
      ? null
      : wrong.filter(({ item, truth: known }) => flipOf(item.labels) === flipOf(known!)).length /
        Math.max(1, wrong.length),
  };
}

/** Cuts the four training sets from samples, rollouts and labels. */
export const datasets: Work = async (run, context) => {
  const { seed, labels: transforms, localPairs } = run.recipe;
  const samples = await readSamples(run);
  const labelled = await readLabels(run);
  const questions = questionsOf(await readProblems(run, 'train'));
  const bySample = new Map(
    samples.map((sample) => [sampleKey(sample.problem, sample.index), sample]),
  );
  const byRollout = new Map(
    (await readRollouts(run)).map((record) => [sampleKey(record.problem, record.sample), record]),
  );
  const sets = {
    orm: ormRecords(samples, questions, `${seed}/orm`),
    sorm: sormRecords(labelled, bySample, questions, {
      balanced: transforms.balance,
      seed: `${seed}/sorm`,
    }),
    global: globalRecords(samples, questions),
    local: localRecords(labelled, byRollout, samples, questions, {
      perSample: localPairs,
      seed: `${seed}/local`,
    }),
    plain: correct(samples, questions),
  };
  for (const [name, records] of Object.entries(sets))
    await writeJsonl(join(context.folder, `${name}.jsonl`), records);
  const pairs = sets.global.map(({ draft, target }) => distance(draft, target));
  await writeJson(join(context.folder, 'summary.json'), {
    ...Object.fromEntries(Object.entries(sets).map(([name, records]) => [name, records.length])),
    globalEditDistance: pairs.reduce((sum, lines) => sum + lines, 0) / Math.max(1, pairs.length),
  });
  context.progress.done(
    Object.entries(sets)
      .map(([name, records]) => `${name} ${records.length}`)
      .join(', '),
  );
  return {};
};

export const readSet = <T>(run: Run, name: string) =>
  readJsonl<T>(pathIn(run, 'datasets', `${name}.jsonl`));

/** Trains one role from the student on its set. */
function training<R extends { readonly problem: string }>(
  role: 'orm' | 'sorm' | 'global' | 'local',
  example: (run: Run, record: R) => Example,
  options: (run: Run) => Training & { readonly plain?: number; readonly start?: RoleName },
  more: (run: Run) => Promise<R[]> = async () => [],
): Work {
  return async (run, context) => {
    if (isServed(run, role, context)) return {};
    const { plain = 0, start = 'student', ...settings } = options(run);
    const records = [...(await readSet<R>(run, role)), ...(await more(run))];
    const chosen = new Random(run.recipe.seed, role, 'examples')
      .shuffle(records)
      .slice(0, settings.examples ?? records.length);
    // A refiner that only sees refinements forgets how to solve, so some plain solving is mixed in.
    const solved = new Random(run.recipe.seed, role, 'plain')
      .shuffle(plain > 0 ? await readSet<StudentRecord>(run, 'plain') : [])
      .slice(0, Math.round(plain * chosen.length));
    const { examples: _, ...schedule } = settings;
    const { tokens } = await trainModel(run, context, {
      name: 'training',
      start: await startOf(run, start),
      examples: [
        ...chosen.map((record) => example(run, record)),
        ...solved.map((record) => studentExample(run.codec, record)),
      ],
      groups: [...chosen, ...solved].map(({ problem }) => problem),
      training: schedule,
      model: modelFolder(run, role),
    });
    return { trainedTokens: tokens };
  };
}

export const orm = training<RewardRecord>(
  'orm',
  // The ORM ranks whole solutions, so four fifths of each example's loss is at its last line. Before an error the right and
  // the wrong samples of a problem look alike, and at equal weights that noise undoes what the model has learned.
  ({ codec }, record) => rewardExample(codec, record, Math.max(1, 4 * (record.labels.length - 1))),
  ({ recipe }) => {
    const { candidates: _, ...settings } = recipe.training.orm;
    return settings;
  },
  async (run) =>
    ormRecords(
      await readJsonl<Sample>(pathIn(run, 'candidates', 'candidates.jsonl')),
      questionsOf(await readProblems(run, 'candidates')),
      `${run.recipe.seed}/candidates`,
    ),
);
export const sorm = training<RewardRecord>(
  'sorm',
  ({ codec }, record) => rewardExample(codec, record),
  ({ recipe }) => recipe.training.sorm,
);
export const global = training<GlobalRecord>(
  'global',
  ({ codec }, record) => globalExample(codec, record),
  ({ recipe }) => recipe.training.global,
);
export const local = training<LocalRecord>(
  'local',
  ({ codec }, record) => localExample(codec, record),
  ({ recipe }) => recipe.training.local,
);

/** A line is wrong below this before a threshold has been fitted. */
const HALF = 0.5;

/**
 * Draft, global and local refinement of fresh training problems, judged by their answers: what the ORM will have to choose
 * among, which samples of the student are not.
 */
export const candidates: Work = async (run, context) => {
  const { recipe, codec } = run;
  const list = await readProblems(run, 'candidates');
  context.progress.total(list.length, 'problems');
  const needed = ['student', 'sorm', 'global', 'local'] as const;
  const { size, parallel } = unitsOf(run, needed, PROBLEMS_PER_UNIT, 8);
  const refined = (models: Record<(typeof needed)[number], RoleModel>) => {
    const student = new Student(models.student, codec, recipe.maxTokens);
    const sorm = new RewardModel(models.sorm, codec);
    const global = new GlobalRefiner(models.global, codec, recipe.maxTokens);
    const local = new LocalRefiner(models.local, codec, recipe.maxTokens);
    return collect({
      path: join(context.folder, 'candidates.jsonl'),
      units: chunks(list, size),
      key: ([first]) => first!.id,
      work: async (unit) => {
        const drafts = await student.draft(unit.map(({ question }) => question));
        const items = unit.map(({ question }, i) => ({ question, draft: drafts[i]! }));
        const values = await sorm.values(
          items.map(({ question, draft }) => ({ question, solution: draft })),
        );
        const marked = items
          .map((item, i) => ({ ...item, index: i, location: firstErrorOf(values[i]!, HALF) }))
          .filter(({ location }) => location > 0);
        const globals = await global.refine(items);
        const locals = await local.refine(marked);
        return unit.flatMap((problem, i) => {
          const at = marked.findIndex(({ index }) => index === i);
          return [drafts[i]!, globals[i]!, ...(at < 0 ? [] : [locals[at]!])].map(
            ({ steps, answer, tokens }, index): Sample => ({
              problem: problem.id,
              index,
              seed: 0,
              steps,
              answer: answer ?? null,
              right: isRight(problem, answer),
              tokens,
            }),
          );
        });
      },
      parallel,
      ...(context.signal && { signal: context.signal }),
      onUnit: advancing(
        context,
        (records) => new Set(records.map(({ problem }) => problem)).size,
        rightShare,
      ),
    });
  };
  const found = await withModels(run, needed, refined, waitingIn(context));
  return { generatedTokens: total(found) };
};

/** Attempts and refinements of dev and test; thresholds come from dev alone. */
export const evaluation: Work = async (run, context) => {
  const { recipe, codec } = run;
  const { samples, temperature } = recipe.evaluation;
  const opened = await Promise.all(
    (['dev', 'test'] as const).map((split) => readProblems(run, split)),
  );
  const [dev, test] = opened as [Problem[], Problem[]];
  const { size, parallel } = unitsOf(run, roles, PROBLEMS_PER_UNIT, 8);
  const collectUnits = <T extends { problem: string }>(
    name: string,
    list: readonly Problem[],
    work: (unit: Problem[]) => Promise<T[]>,
  ) =>
    collect({
      path: join(context.folder, `${name}.jsonl`),
      units: chunks(list, size),
      key: ([first]) => first!.id,
      work,
      parallel,
      ...(context.signal && { signal: context.signal }),
      onUnit: advancing<T>(context, (records) => records.length),
    });
  const evaluated = async (models: Record<RoleName, RoleModel>) => {
    const named = inRoles(run, models);
    context.progress.total(2 * (dev.length + test.length), 'problems');
    const attempts = (split: string, list: readonly Problem[]) =>
      collectUnits(`${split}.attempts`, list, (unit) =>
        attempt(named, unit, { samples, temperature, seed: `${recipe.seed}/${split}` }),
      );
    const devAttempts = await attempts('dev', dev);
    const thresholds = fitThresholds(devAttempts);
    await writeJson(join(context.folder, 'thresholds.json'), thresholds);
    const refined = async (
      split: string,
      list: readonly Problem[],
      made: readonly ProblemAttempts[],
    ) => {
      const byProblem = new Map(made.map((item) => [item.problem, item]));
      return collectUnits(`${split}.refinements`, list, (unit) =>
        refinements(
          named,
          unit,
          unit.map(({ id }) => byProblem.get(id)!),
          thresholds.locate,
        ),
      );
    };
    const devRefined = await refined('dev', dev, devAttempts);
    const testAttempts = await attempts('test', test);
    const testRefined = await refined('test', test, testAttempts);
    await writeJson(
      join(context.folder, 'speeds.json'),
      await measureSpeeds(named, test.slice(0, PROBLEMS_PER_UNIT), recipe.workers),
    );
    return evaluationTokens(
      codec,
      [...dev, ...test],
      [...devAttempts, ...testAttempts],
      [...devRefined, ...testRefined],
    );
  };
  return withModels(run, roles, evaluated, waitingIn(context));
};

/** What the evaluation generated and scored, from its records. */
function evaluationTokens(
  codec: Codec,
  list: readonly Problem[],
  attempts: readonly ProblemAttempts[],
  refined: readonly ProblemRefinements[],
): Tokens {
  const generatedTokens =
    total(attempts.flatMap(({ draft, samples }) => [draft, ...samples])) +
    total(
      refined.flatMap(({ global, local, localOrm, localTruth }) => [
        global,
        local,
        localOrm,
        ...(localTruth ? [localTruth] : []),
      ]),
    );
  const length = (
    question: string,
    { steps, answer }: { steps: readonly string[]; answer?: string | null | undefined },
  ) => codec.tagged(question, { steps, answer: answer ?? undefined }).tokens.length;
  const scoredTokens = list.reduce((sum, { question }, i) => {
    const { draft, samples } = attempts[i]!;
    // Attempts are read by both critics; of a decision the draft by both, the refinements by the ORM.
    const read = [draft, ...samples].reduce(
      (tokens, attempt) => tokens + 2 * length(question, attempt),
      0,
    );
    const decided = refined[i]!.decision.candidates.reduce(
      (tokens, { solution }) => tokens + length(question, solution),
      0,
    );
    return sum + read + decided + length(question, draft);
  }, 0);
  return { generatedTokens, scoredTokens };
}

/** Tokens a second of drafting and of scoring with every worker busy, for the report's seconds. */
async function measureSpeeds(
  models: Models,
  list: readonly Problem[],
  workers: number,
): Promise<Speeds> {
  const timed = async (work: () => Promise<unknown>, tokens: number) => {
    const start = performance.now();
    await Promise.all(Array.from({ length: workers }, work));
    return (1000 * tokens) / (performance.now() - start);
  };
  const questions = list.map(({ question }) => question);
  const solutions = await models.student.draft(questions);
  return {
    generatedPerSecond: await timed(
      () => models.student.draft(questions),
      workers * total(solutions),
    ),
    // In tokens of the solutions scored, as the report counts them; the question is read with each.
    scoredPerSecond: await timed(
      () =>
        models.orm.values(questions.map((question, i) => ({ question, solution: solutions[i]! }))),
      workers * total(solutions),
    ),
  };
}
