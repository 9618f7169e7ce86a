/** Whether what a stage has made is enough for those after it: where it is not, the run stops there and says what to change. */
import { GloreError } from '../../error.js';
import { roleNames } from '../../model/index.js';
import type { Problem } from '../../problem/index.js';
import { learns, type Recipe } from '../../recipe/index.js';
import type { Sample } from '../../rollout/index.js';
import type { Run } from '../context.js';
import { problemsIn } from '../records.js';

/** Refuses `maxTokens` that no solution has room in. @throws GloreError `max-tokens` */
export function checkSolvable({ codec, recipe }: Run, list: readonly Problem[]): void {
  const { maxTokens, models } = recipe;
  // A served student counts in tokens of its own.
  if (models?.student) return;
  // Of a problem without a worked solution it is known that its answer has to be written.
  const lengthOf = (problem: Problem) => codec.solution(problem).length;
  if (list.length === 0 || list.some((problem) => lengthOf(problem) <= maxTokens)) return;
  const least = list.reduce(
    (least, problem) => Math.min(least, lengthOf(problem)),
    Number.POSITIVE_INFINITY,
  );
  throw new GloreError(
    'max-tokens',
    `maxTokens: expected at least ${least}, the tokens of the shortest solution of these problems, found ${maxTokens}: no solution would reach its answer; raise it`,
  );
}

/** So many samples without an answer are enough to know that there will be none. */
const ENOUGH = 256;

/** Whether somebody else than the student learns from its drafts in this run. */
const teaches = (recipe: Recipe): boolean =>
  roleNames.some((role) => role !== 'student' && learns(recipe, role));

/**
 * Counts samples as they come (`all`: there will be no more), and refuses them once it is plain that none will have an answer.
 * Where nobody learns from them a few without one are no harm.
 * @throws GloreError `answers-none`
 */
export function answerCounter({ recipe }: Pick<Run, 'recipe'>) {
  const least = teaches(recipe) ? 1 : ENOUGH;
  let [samples, answered, full] = [0, 0, 0];
  return (found: readonly Sample[], all = false): void => {
    samples += found.length;
    answered += found.filter(({ answer }) => answer !== null).length;
    full += found.filter(({ tokens }) => tokens >= recipe.maxTokens).length;
    if (answered > 0 || samples < (all ? least : ENOUGH)) return;
    const stop = recipe.models?.student?.template?.stop;
    const cure =
      full > samples / 2
        ? `${full} are as long as maxTokens, ${recipe.maxTokens}: raise it`
        : stop
          ? 'models.student.template.stop may end them before their answer: correct it'
          : 'train the student on worked solutions (student.sft), or take a model that ends with its answer';
    throw new GloreError(
      'answers-none',
      `expected samples of the student with an answer, found none in ${samples}; ${cure}`,
    );
  };
}

/** @throws GloreError `drafts-alike` where all drafts are wrong, or all are right: there is nothing to learn from them */
export function checkDrafts(run: Pick<Run, 'recipe'>, samples: readonly Sample[]): void {
  // Where nobody else is trained by this run nobody learns from them.
  if (!teaches(run.recipe)) return;
  const { problems, samples: count } = run.recipe.drafts;
  const right = samples.filter((sample) => sample.right).length;
  if (samples.length === 0 || (right > 0 && right < samples.length)) return;
  const solved = `${right === 0 ? 0 : problemsIn(samples)} of ${problemsIn(samples)} problems solved`;
  throw new GloreError(
    'drafts-alike',
    right === 0
      ? `expected right and wrong drafts, found none right (${solved}, ${samples.length} samples): there would be no labels; make the student better (student.sft, student.expertIteration, or a better model), draw more (drafts.problems ${problems}, drafts.samples ${count}, drafts.further), or take easier problems`
      : `expected right and wrong drafts, found none wrong (${solved}, ${samples.length} samples): there would be nothing to refine; take harder problems, draw more (drafts.problems ${problems}, drafts.samples ${count}), or raise drafts.temperature`,
  );
}

type Learned = 'sorm' | 'global' | 'local';

const more = 'draw more (drafts.problems, drafts.samples, drafts.further)';
const cures: Readonly<Record<Learned, (recipe: Recipe) => string>> = {
  sorm: ({ labels }) =>
    labels.balance
      ? `labels are all of one kind at each prefix length, and at the answer; label more (rollouts.samples), ${more}, or set labels.balance to false`
      : `no sample has a label; ${more}`,
  global: () => `no problem has a right and a wrong draft; ${more}`,
  local: ({ localDrafts }) => {
    const failing =
      localDrafts === 'rollouts'
        ? ' and a failing rollout from behind it (localDrafts: rollouts)'
        : '';
    return `no wrong draft has a right continuation from before its first error${failing}; raise rollouts.count or rollouts.samples, or ${more}`;
  },
};

/** @throws GloreError `set-empty` for the first set that is empty though a model of this run learns from it */
export function checkSets(
  { recipe }: Pick<Run, 'recipe'>,
  sizes: Readonly<Record<Learned, number>>,
): void {
  for (const name of ['sorm', 'global', 'local'] as const) {
    if (sizes[name] > 0 || !learns(recipe, name)) continue;
    throw new GloreError(
      'set-empty',
      `expected records for the ${name}, found none: ${cures[name](recipe)}`,
    );
  }
}
