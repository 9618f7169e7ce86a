/** Whether the models of this process can read the questions of a set, asked before any work. */
import { positionLimit } from '@glore/engine';
import { GloreError } from '../error.js';
import type { RoleName } from '../model/index.js';
import { readHeldOut } from '../recipe/index.js';
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

/**
 * Refuses a set from files with a question that leaves no room for a draft, its refinement and the tags at their lines.
 * @throws GloreError `question-long` naming the problem; `problems-changed`
 */
export function checkRoom(run: Run, roles: readonly RoleName[]): void {
  const { problems, maxTokens } = run.recipe;
  const room = roomFor(run, roles, 2.5);
  if (problems.source === 'world' || !room) return;
  const held = readHeldOut(problems);
  for (const problem of [...held.train, ...held.dev, ...held.test]) {
    const { length } = run.codec.prompt(problem.question);
    if (length <= room.most) continue;
    throw new GloreError(
      'question-long',
      `problem ${problem.id}: expected a question of at most ${room.most} tokens, to leave room for a draft of ${maxTokens} and its refinement in the ${room.positions} positions of the base, found ${length}; leave it out, lower maxTokens, or serve the models`,
    );
  }
}
