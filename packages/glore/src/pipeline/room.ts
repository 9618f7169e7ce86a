/** Whether the models of this process can read the questions of a set, asked before any work. */
import { positionLimit } from '@glore/engine';
import { GloreError } from '../error.js';
import type { RoleName } from '../model/index.js';
import { readHeldOut } from '../recipe/index.js';
import type { Run } from './context.js';

/**
 * Refuses a set from files with a question that leaves no room for a draft, its refinement and the tags at their lines.
 * @throws GloreError `question-long` naming the problem; `problems-changed`
 */
export function checkRoom({ recipe, base, codec }: Run, roles: readonly RoleName[]): void {
  const { problems, maxTokens, models } = recipe;
  if (problems.source === 'world' || roles.every((role) => models?.[role])) return;
  const positions = positionLimit(base.config);
  const most = positions - Math.ceil(2.5 * maxTokens);
  const held = readHeldOut(problems);
  for (const problem of [...held.train, ...held.dev, ...held.test]) {
    const { length } = codec.prompt(problem.question);
    if (length <= most) continue;
    throw new GloreError(
      'question-long',
      `problem ${problem.id}: expected a question of at most ${most} tokens, to leave room for a draft of ${maxTokens} and its refinement in the ${positions} positions of the base, found ${length}; leave it out, lower maxTokens, or serve the models`,
    );
  }
}
