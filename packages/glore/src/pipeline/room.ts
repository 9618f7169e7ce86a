/** Whether the models of this process can read the questions of a set, asked before any work. */
import { positionLimit } from '@glore/engine';
import { GloreError } from '../error.js';
import { type RoleName, roleNames } from '../model/index.js';
import type { HeldOut } from '../problem/index.js';
import { allServed, type FileSet, learns, type Recipe, readHeldOut } from '../recipe/index.js';
import type { Run } from './context.js';

/** How long questions may be. */
export interface Room {
  /** Tokens that the models of this process read. */
  readonly positions: number;
  /** Tokens of a question. */
  readonly most: number;
}

/**
 * The room for questions that leaves so many times a solution's tokens behind them; undefined where all of the roles are
 * served, since how much those read is their servers' to say.
 */
export function roomFor(
  { recipe, base }: Run,
  roles: readonly RoleName[],
  solutions: number,
): Room | undefined {
  if (roles.every((role) => recipe.models?.[role])) return undefined;
  const positions = positionLimit(base.config);
  return { positions, most: positions - Math.ceil(solutions * recipe.maxTokens) };
}

/** Times a solution's tokens: a draft, its refinement, and the tags at their lines. */
const REFINED = 2.5;

/** A question that is too long, by its problem's id, and its tokens. */
interface Long {
  readonly id: string;
  readonly length: number;
}

/** The problems of a set from files, divided, without the questions that are too long for `room`; and those. */
export function problemsWithin(
  run: Pick<Run, 'codec'>,
  set: FileSet,
  room: Room | undefined,
): HeldOut & { readonly tooLong: readonly Long[] } {
  const tooLong = new Map<string, Long>();
  const held = readHeldOut(set, ({ id, question }) => {
    if (!room) return true;
    const { length } = run.codec.prompt(question);
    if (length <= room.most) return true;
    tooLong.set(`${id} ${question}`, { id, length });
    return false;
  });
  return { ...held, tooLong: [...tooLong.values()] };
}

/** Whether the problems of a recipe depend on how long solutions may be: where all roles are served nothing is too long. */
const leavesOut = (recipe: Recipe): boolean =>
  recipe.problems.source !== 'world' && recipe.problems.tooLong === 'drop' && !allServed(recipe);

/** What of the models the problems depend on: what is too long for them, and that a student that learns nothing takes none of a file's. */
export const modelsIn = (recipe: Recipe): unknown[] => [
  ...(leavesOut(recipe) ? [recipe.maxTokens] : []),
  ...(recipe.problems.source !== 'world' && !learns(recipe, 'student') ? ['student served'] : []),
];

/** What a recipe that leaves out what is too long leaves out, whichever stages are asked for. */
export const roomLeft = (run: Run): Room | undefined => roomFor(run, roleNames, REFINED);

/**
 * Refuses a set from files with questions that leave no room for a draft, its refinement and the tags at their lines, unless
 * the recipe leaves them out; and one of which nothing would be left.
 * @throws GloreError `question-long` naming all of them; `problems-changed`; `set-empty`
 */
export function checkRoom(run: Run, roles: readonly RoleName[]): void {
  const { problems, maxTokens } = run.recipe;
  if (problems.source === 'world') return;
  const drop = problems.tooLong === 'drop';
  const room = drop ? roomLeft(run) : roomFor(run, roles, REFINED);
  if (!room) return;
  const { tooLong, ...held } = problemsWithin(run, problems, room);
  if (tooLong.length > 0 && !drop) {
    const named = tooLong.slice(0, mostNamed).map(({ id, length }) => `${id} (${length})`);
    const more = tooLong.length > mostNamed ? ` and ${tooLong.length - mostNamed} more` : '';
    throw new GloreError(
      'question-long',
      `problems: expected questions of at most ${room.most} tokens, to leave room for a draft of ${maxTokens} and its refinement in the ${room.positions} positions of the base, found ${tooLong.length} longer: ${named.join(', ')}${more}; leave them out with problems.tooLong: drop, lower maxTokens, or serve the models`,
    );
  }
  for (const name of ['train', 'dev', 'test'] as const) {
    if (held[name].length > 0) continue;
    throw new GloreError(
      'set-empty',
      `problems: expected ${name} problems that the models can read, found none: ${tooLong.length} are longer than ${room.most} tokens and left out; lower maxTokens, or serve the models`,
    );
  }
}

/** More would fill a terminal. */
const mostNamed = 100;
