/** A candidate line by line: as its model wrote it, where that is known, with the SORM's value of each line. */
import type { Candidate } from '../../../glore/src/refine/decision.js';
import type { Line } from '../parts/solution.js';

/** `location`: the first error, 1-based. */
export function linesOf(
  candidate: Pick<Candidate, 'solution' | 'original'>,
  values: readonly number[] = [],
  location = -1,
): Line[] {
  let step = 0;
  return piecesOf(candidate).map(({ text, isStep }) => {
    if (!isStep) return { text };
    step++;
    const value = values[step - 1];
    return { text, ...(value !== undefined && { value }), marked: step === location };
  });
}

interface Piece {
  readonly text: string;
  /** Has a value: a step, or the answer. */
  readonly isStep: boolean;
}

function piecesOf({ solution, original }: Pick<Candidate, 'solution' | 'original'>): Piece[] {
  const { steps, answer } = solution;
  // Where a step stands in a text is not always known.
  if (original === undefined || original.ends.length < steps.length) {
    const lines = [...steps, ...(answer === null ? [] : [`#### ${answer}`])];
    return lines.map((text) => ({ text, isStep: true }));
  }
  const { text, ends } = original;
  const pieces = steps.flatMap((_, i) => {
    const written = text.slice(ends[i - 1] ?? 0, ends[i]);
    return i === 0 ? withoutThought(written) : [{ text: trimmed(written), isStep: true }];
  });
  const rest = trimmed(text.slice(ends[steps.length - 1] ?? 0));
  if (rest !== '') return [...pieces, { text: rest, isStep: answer !== null }];
  // An answer within the last step is valued on its own all the same.
  return answer === null ? pieces : [...pieces, { text: `answer: ${answer}`, isStep: true }];
}

/** What was thought before the first step is no part of it. */
function withoutThought(text: string): Piece[] {
  const [thought = ''] = /^\s*<think>[\s\S]*?<\/think>/.exec(text) ?? [];
  return [
    ...(thought === '' ? [] : [{ text: trimmed(thought), isStep: false }]),
    { text: trimmed(text.slice(thought.length)), isStep: true },
  ];
}

const trimmed = (text: string): string => text.replace(/^\s*\n/, '').trimEnd();
