/** What the ORM will have to choose among, and the measurement of everything on dev and test. */
import { join } from 'node:path';
import type { Codec, Solution } from '../../codec/index.js';
import {
  attempt,
  fitThresholds,
  laterRounds,
  type ProblemAttempts,
  type ProblemRefinements,
  type ProblemRounds,
  refinements,
  type Speeds,
} from '../../evaluate/index.js';
import type { RoleModel } from '../../model/index.js';
import { type RoleName, type Roles, roleNames } from '../../model/index.js';
import type { Problem } from '../../problem/index.js';
import { locate } from '../../refine/index.js';
import { isRight, type Sample } from '../../rollout/index.js';
import { collect, writeJson } from '../../run/index.js';
import { chunks, readProblems, rolesOf, unitsOf, withModels } from '../context.js';
import {
  advancing,
  PROBLEMS_PER_UNIT,
  problemsIn,
  rightShare,
  type Tokens,
  total,
  type Work,
  waitingIn,
} from './shared.js';

/** A line is wrong below this before a threshold has been fitted. */
const HALF = 0.5;

/**
 * Draft, global and local refinement of fresh training problems, judged by their answers: what the ORM will have to choose
 * among, which samples of the student are not.
 */
export const candidates: Work = async (run, context) => {
  // A run may take its problems from one that has more of them.
  const list = (await readProblems(run, 'candidates')).slice(0, run.recipe.training.orm.candidates);
  context.progress.total(list.length, 'problems');
  const needed = ['student', 'sorm', 'global', 'local'] as const;
  const { size, parallel } = unitsOf(run, needed, PROBLEMS_PER_UNIT, 8);
  const refined = (models: Record<(typeof needed)[number], RoleModel>) =>
    collect({
      path: join(context.folder, 'candidates.jsonl'),
      units: chunks(list, size),
      key: ([first]) => first!.id,
      work: async (unit, kept) => {
        const { student, sorm, global, local } = rolesOf(run, models, kept);
        const drafts = await student.draft(unit.map(({ question }) => question));
        const items = unit.map(({ question }, index) => ({
          question,
          draft: drafts[index]!,
          index,
        }));
        const marked = (await locate(items, sorm, HALF)).filter(({ location }) => location > 0);
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
              answer,
              right: isRight(problem, answer),
              tokens,
            }),
          );
        });
      },
      parallel,
      ...(context.signal && { signal: context.signal }),
      onUnit: advancing(context, problemsIn, rightShare),
    });
  const found = await withModels(run, needed, refined, waitingIn(context));
  return { generatedTokens: total(found) };
};

/** Attempts and refinements of dev and test; thresholds come from dev alone. */
export const evaluation: Work = async (run, context) => {
  const { recipe, codec } = run;
  const { samples, temperature, rounds } = recipe.evaluation;
  const opened = await Promise.all(
    (['dev', 'test'] as const).map((split) => readProblems(run, split)),
  );
  const dev = opened[0]!;
  const test = opened[1]!.slice(0, recipe.evaluation.problems);
  const { size, parallel } = unitsOf(run, roleNames, PROBLEMS_PER_UNIT, 8);
  const evaluated = async (models: Record<RoleName, RoleModel>) => {
    const passes = rounds > 1 ? 3 : 2;
    context.progress.total(passes * (dev.length + test.length), 'problems');
    const collectUnits = <T extends { problem: string }>(
      name: string,
      list: readonly Problem[],
      work: (named: Roles, unit: Problem[]) => Promise<T[]>,
    ) =>
      collect({
        path: join(context.folder, `${name}.jsonl`),
        units: chunks(list, size),
        key: ([first]) => first!.id,
        work: (unit, kept) => work(rolesOf(run, models, kept), unit),
        parallel,
        ...(context.signal && { signal: context.signal }),
        onUnit: advancing<T>(context, (records) => records.length),
      });
    const attempts = (split: string, list: readonly Problem[]) =>
      collectUnits(`${split}.attempts`, list, (named, unit) =>
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
      return collectUnits(`${split}.refinements`, list, (named, unit) =>
        refinements(
          named,
          unit,
          unit.map(({ id }) => byProblem.get(id)!),
          thresholds.locate,
        ),
      );
    };
    const inRounds = async (
      split: string,
      list: readonly Problem[],
      made: readonly ProblemRefinements[],
    ) => {
      if (rounds === 1) return [];
      const byProblem = new Map(made.map((item) => [item.problem, item]));
      return collectUnits(`${split}.rounds`, list, (named, unit) =>
        laterRounds(
          named,
          unit,
          unit.map(({ id }) => byProblem.get(id)!),
          {
            rounds,
            threshold: thresholds.locate.sorm,
            temperature,
            seed: `${recipe.seed}/${split}`,
          },
        ),
      );
    };
    const devRefined = await refined('dev', dev, devAttempts);
    const devRounds = await inRounds('dev', dev, devRefined);
    const testAttempts = await attempts('test', test);
    const testRefined = await refined('test', test, testAttempts);
    const testRounds = await inRounds('test', test, testRefined);
    await writeJson(
      join(context.folder, 'speeds.json'),
      await measureSpeeds(rolesOf(run, models), test.slice(0, PROBLEMS_PER_UNIT), recipe.workers),
    );
    return evaluationTokens(
      codec,
      [...dev, ...test],
      [...devAttempts, ...testAttempts],
      [...devRefined, ...testRefined],
      [...devRounds, ...testRounds],
    );
  };
  return withModels(run, roleNames, evaluated, waitingIn(context));
};

/** What the evaluation generated and scored, from its records. */
function evaluationTokens(
  codec: Codec,
  list: readonly Problem[],
  attempts: readonly ProblemAttempts[],
  refined: readonly ProblemRefinements[],
  later: readonly ProblemRounds[],
): Tokens {
  const decisions = later.map(({ rounds }) => rounds.map(({ decision }) => decision));
  const generatedTokens =
    total(attempts.flatMap(({ draft, samples }) => [draft, ...samples])) +
    total(
      refined.flatMap(({ global, local, localOrm, localTruth }) => [
        global,
        local,
        localOrm,
        ...(localTruth ? [localTruth] : []),
      ]),
    ) +
    total(decisions.flat(2).flatMap(({ candidates: all }) => all));
  const length = (question: string, solution: Solution) =>
    codec.tagged(question, solution).tokens.length;
  const scoredTokens = list.reduce((sum, { question }, i) => {
    const { draft, samples } = attempts[i]!;
    const read = [draft, ...samples].reduce(
      (tokens, attempt) => tokens + 2 * length(question, attempt),
      0,
    );
    // Attempts are read by both critics; of a decision the draft by both, the refinements by the ORM.
    const decided = [refined[i]!.decision, ...(decisions[i] ?? [])]
      .flatMap(({ candidates: [first, ...rest] }) => [first!, first!, ...rest])
      .reduce((tokens, { solution }) => tokens + length(question, solution), 0);
    return sum + read + decided;
  }, 0);
  return { generatedTokens, scoredTokens };
}

/** Tokens a second of drafting and of scoring with every worker busy, for the report's seconds. */
async function measureSpeeds(
  models: Roles,
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
