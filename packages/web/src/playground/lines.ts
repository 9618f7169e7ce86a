/** A candidate line by line: as its model wrote it, where that is known, with the SORM's value of each line. */
import type { Candidate } from '../../../glore/src/refine/decision.js';
import type { Line } from '../parts/solution.js';

type Written = Pick<Candidate, 'solution' | 'original'>;

/** `values`: the SORM's, if it has read it; `location`: the first error, 1-based. */
export function linesOf(candidate: Written, values: readonly number[] = [], location = -1): Line[] {
  const texts = textsOf(candidate);
  const { answer } = candidate.solution;
  // An answer within the last step is valued on its own all the same.
  if (answer !== null && values.length > texts.length) texts.push(`answer: ${answer}`);
  return texts.map((text, i) => ({
    text,
    value: values[i],
    marked: i + 1 === location,
  }));
}

/** The texts that have values, the steps and the answer, and what follows them. */
function textsOf({ solution, original }: Written): string[] {
  const { steps, answer } = solution;
  // Where a step stands in a text is not always known.
  if (original === undefined || original.ends.length < steps.length) {
    return [...steps, ...(answer === null ? [] : [`#### ${answer}`])];
  }
  const { text, ends } = original;
  const begin = thoughtIn(text).length;
  const written = steps.map((_, i) => trimmed(text.slice(ends[i - 1] ?? begin, ends[i])));
  const rest = trimmed(text.slice(ends[steps.length - 1] ?? begin));
  return rest === '' ? written : [...written, rest];
}

/** What the model thought before it wrote its solution. */
export function thoughtOf({ original }: Written): string | undefined {
  const thought = thoughtIn(original?.text ?? '');
  return thought === '' ? undefined : thought.replace(/<\/?think>/g, '').trim();
}

const thoughtIn = (text: string): string => /^\s*<think>[\s\S]*?<\/think>/.exec(text)?.[0] ?? '';

const trimmed = (text: string): string => text.replace(/^\s*\n/, '').trimEnd();
