/** How far an answer is, in one sentence for eyes and screen readers: it changes with each stage and not with each word. */
import type { Round, State } from './state.js';
import type { Settings } from './trace.js';
import { nameOf } from './why.js';

export function sayState({ phase, rounds, settings }: State): string {
  if (phase === 'empty' || settings === undefined) return '';
  const number = rounds.length;
  const where = number > 1 ? `Round ${number}: ` : '';
  const last = rounds.at(-1);
  switch (phase) {
    case 'asking':
      return `${where}${last ? sayStage(last, settings, number) : ''}`;
    case 'stopped':
      return 'Stopped. What has come is below.';
    case 'failed':
      return '';
    case 'whole': {
      const answer = answerOf(rounds);
      return answer === null ? 'No answer was found.' : `The answer is ${answer}.`;
    }
  }
}

/** The answer of the last round's choice; null where that has none. */
export const answerOf = (rounds: readonly Round[]): string | null => {
  const { candidates = [], choice = 0 } = rounds.at(-1) ?? {};
  return candidates[choice]?.solution.answer ?? null;
};

function sayStage(round: Round, { mode, samples }: Settings, number: number): string {
  const { candidates, values, location, choice } = round;
  const draft = number > 1 ? 'the best so far' : 'the draft';
  if (candidates.length === 0) {
    return number > 1 ? `${draft} is refined again` : 'the draft is being written';
  }
  if (choice !== undefined) return 'the choice is made';
  if (mode === 'vote') {
    return `${candidates.length} of up to ${samples} solutions are there`;
  }
  if (values === undefined) return `the critics read ${draft}`;
  const found = location! > 0 ? `the first error is line ${location}` : 'no first error';
  const due =
    candidates.length === 1
      ? 'global'
      : location! > 0 && candidates.length === 2
        ? 'local'
        : undefined;
  if (due === undefined) return `${found}; the ORM chooses`;
  return `${found}; ${nameOf({ source: due }, 0, number)} is being written`;
}
