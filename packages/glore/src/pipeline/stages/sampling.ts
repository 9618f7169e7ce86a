/** The student, its samples, and rollouts from their prefixes. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { loadCheckpoint, saveCheckpoint } from '@glore/engine';
import { byProblem, type StudentRecord, studentExample } from '../../dataset/index.js';
import { verifies } from '../../label/index.js';
import { openEmbedded, type RoleModel, type Student } from '../../model/index.js';
import type { Problem } from '../../problem/index.js';
import {
  adaptiveRollouts,
  type RolloutItem,
  rolloutsFrom,
  type Sample,
  type SampleOptions,
  sampleSolutions,
} from '../../rollout/index.js';
import { collect, readJsonl, type StageContext, writeJson } from '../../run/index.js';
import {
  chunks,
  modelFolder,
  pathIn,
  type Run,
  readProblems,
  rolesOf,
  trainModel,
  unitsOf,
  withModels,
} from '../context.js';
import { openServedRoles } from '../served.js';
import {
  advancing,
  correct,
  isServed,
  PROBLEMS_PER_UNIT,
  problemsIn,
  questionsOf,
  ROLLED_OUT_PER_UNIT,
  readSamples,
  rightShare,
  toLabel,
  total,
  type Work,
  waitingIn,
} from './shared.js';

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
    if (round === 0 && records.length === 0) {
      context.progress.note('no worked solutions to learn from: the student begins as the base is');
      await saveCheckpoint(folder, base);
    } else if (!existsSync(folder)) {
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

/** Samples of a checkpoint on problems, journalled by units. */
async function sampleAll(
  run: Run,
  context: StageContext,
  list: readonly Problem[],
  path: string,
  options: SampleOptions & { readonly model: string },
): Promise<Sample[]> {
  const { recipe } = run;
  const served = await openServedRoles(run, ['student'], waitingIn(context));
  const model =
    served.models.student ??
    (await openEmbedded(await loadCheckpoint(options.model), recipe.workers, recipe.provider));
  const { size, parallel } = unitsOf(run, ['student'], PROBLEMS_PER_UNIT, 1);
  const { model: _, ...sampling } = { ...options, seed: `${recipe.seed}/${options.seed}` };
  context.progress.total(list.length, 'problems');
  try {
    return await collect({
      path,
      units: chunks(list, size),
      key: ([first]) => first!.id,
      work: (unit, kept) =>
        sampleSolutions(rolesOf(run, { student: model }, kept).student, unit, sampling),
      parallel,
      shard: context.shard,
      ...(context.signal && { signal: context.signal }),
      onUnit: advancing(context, problemsIn, rightShare),
    });
  } finally {
    await model.close();
    await served.close();
  }
}

/** Samples of the student on fresh training problems. */
export const drafts: Work = async (run, context) => {
  const { drafts: options } = run.recipe;
  const list = await readProblems(run, 'train');
  const samples = await sampleAll(run, context, list, join(context.folder, 'samples.jsonl'), {
    model: modelFolder(run, 'student'),
    count: options.samples,
    temperature: options.temperature,
    further: options.further,
    seed: 'drafts',
  });
  const solved = problemsIn(samples.filter(({ right }) => right));
  context.progress.note(
    `${samples.length} samples, ${rightShare(samples)}; ${solved} of ${list.length} problems solved`,
  );
  return { generatedTokens: total(samples) };
};

/** Rollouts from prefixes of the chosen wrong samples: those on which a label hangs, or all. */
export const rollouts: Work = async (run, context) => {
  const { recipe } = run;
  const { method, count, temperature } = recipe.rollouts;
  const byId = new Map((await readProblems(run, 'train')).map((problem) => [problem.id, problem]));
  const samples = await readSamples(run);
  const { wrong } = toLabel(run, samples);
  // Samples at another temperature are no rollouts, but a right one still shows that its prefixes verify.
  const drafts = byProblem(
    samples.filter(({ right }) => right || recipe.drafts.temperature === temperature),
  );
  const options = { count, temperature, seed: `${recipe.seed}/rollouts`, drafts };
  context.progress.total(wrong.length, 'samples');
  const { size, parallel } = unitsOf(run, ['student'], ROLLED_OUT_PER_UNIT, 1);
  const sampled = (models: Record<'student', RoleModel>) => {
    const collector = (policy: Student, items: readonly RolloutItem[]) =>
      method === 'brute'
        ? rolloutsFrom(policy, items, options)
        : adaptiveRollouts(policy, items, {
            ...options,
            verifies: (prefix, trace) => verifies(prefix, trace, recipe.labels.consistency),
          });
    return collect({
      path: join(context.folder, 'rollouts.jsonl'),
      // Whole problems: the samples of one share what is known of it.
      units: chunks([...byProblem(wrong).values()], size),
      key: ([first]) => first![0]!.problem,
      work: (unit, kept) =>
        collector(
          rolesOf(run, models, kept).student,
          unit.flat().map((sample) => ({ problem: byId.get(sample.problem)!, sample })),
        ),
      parallel,
      shard: context.shard,
      ...(context.signal && { signal: context.signal }),
      onUnit: advancing(context, (found) => found.length),
    });
  };
  const records = await withModels(run, ['student'], sampled, waitingIn(context));
  return { generatedTokens: total(records) };
};
