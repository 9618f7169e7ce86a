/** What in a question the models of the built-in world cannot know, said before they answer it all the same. */
import { join } from 'node:path';
import { GloreError } from '../../error.js';
import type { OpenRun } from '../../pipeline/index.js';
import { parseStory, solve, worldTexts } from '../../problem/index.js';

/** What the models of a run have never seen in a question; undefined where nothing, or where nobody knows what they have. */
export type Unfamiliar = (question: string) => string | undefined;

export function unfamiliarTo({ problems, models }: OpenRun['recipe']): Unfamiliar {
  if (problems.source !== 'world' || models?.student) return () => undefined;
  const vocabulary = new Set(worldTexts(problems.settings).flatMap(wordsOf));
  const [least, most] = problems.settings.steps;
  return (question) => {
    const words = new Set(wordsOf(question).filter((word) => !vocabulary.has(word)));
    if (words.size > 0) return `the words ${[...words].join(', ')}`;
    const steps = stepsOf(question);
    if (steps === undefined) return 'such sentences';
    if (steps >= least && steps <= most) return undefined;
    return `a question of ${steps} ${steps === 1 ? 'step' : 'steps'}, only of ${least} to ${most}`;
  };
}

/** Words and signs; numbers are read digit by digit. */
const wordsOf = (text: string): string[] => text.match(/\p{L}+|[^\s\p{L}\p{N}]/gu) ?? [];

/** How many steps the world's own solution has; undefined if the question is none of the world's. */
function stepsOf(question: string): number | undefined {
  try {
    return solve(parseStory(question)).steps.length;
  } catch (error) {
    if (error instanceof GloreError) return undefined;
    throw error;
  }
}

/** Where to see what the models of a run know. */
export const problemsOf = (folder: string): string => join(folder, 'problems', 'test.jsonl');
