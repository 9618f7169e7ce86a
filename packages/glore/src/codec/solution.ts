// A solution as text, in GSM8K's form: one step a line, then `#### answer`. What models of the codec write is in this form and
// no other; what others write is read by `reading/`.

import { z } from 'zod';
import { GloreError } from '../error.js';
import { listOf } from '../files/index.js';
import { oneLineEnd, readSolution, stripAnnotations } from '../reading/index.js';

export { stripAnnotations };

const answerMark = '####';

/** Steps `S_1 .. S_L`, each one line, and the final answer; null when the solution stops before its answer. */
export interface Solution {
  readonly steps: readonly string[];
  readonly answer: string | null;
}

/** A text that is surely one line with nothing in it that would be read in another way; most are. */
const plainLine = /^[^\s#<](?:[^\n\r\v\f\u0085\u2028\u2029<]*[^\s<])?$/;

/** The fields of a solution in a record. */
export const solutionFields = {
  steps: listOf(
    (step): step is string =>
      typeof step === 'string' && (plainLine.test(step) || readsAs(step, { steps: [step] })),
    'one line of text that is no answer line',
  ),
  answer: z
    .string()
    .refine((answer) => plainLine.test(answer) || readsAs(`${answerMark} ${answer}`, { answer }), {
      error: 'one line of text without outer spaces',
    })
    .nullable(),
};

/** A solution as it stands in records. */
export const solutionShape: z.ZodType<Solution> = z.object(solutionFields);

/** The solution alone, of a record that has more. */
export const solutionIn = ({ steps, answer }: Solution): Solution => ({ steps, answer });

/** Lines of a solution: its steps and, if it has one, its answer. */
export const lineCount = ({ steps, answer }: Solution): number =>
  steps.length + (answer === null ? 0 : 1);

/** Each spelling once, in the order of first sight. */
export function distinct<S extends Solution>(solutions: readonly S[]): S[] {
  const found = new Map<string, S>();
  for (const solution of solutions) {
    const spelling = spellingOf(solution);
    if (!found.has(spelling)) found.set(spelling, solution);
  }
  return [...found.values()];
}

/** Equal for solutions of the same steps and answer. */
export const spellingOf = ({ steps, answer }: Solution): string => JSON.stringify([steps, answer]);

/** The first error `E` of lines that pass or not: the first (from 1) that does not, -1 if all pass (GLoRe). */
export function firstErrorOf(passes: readonly boolean[]): number {
  const index = passes.indexOf(false);
  return index === -1 ? -1 : index + 1;
}

/**
 * Reads a solution that any model wrote: without its reasoning and what follows its answer, which is the one that
 * `extractAnswer` finds unless it guesses. Of a text that did not finish, the last line was cut off and counts for nothing. Never
 * throws; the lines are such that `renderSolution` writes them.
 */
export function parseSolution(text: string, options?: { readonly finished?: boolean }): Solution {
  const { steps, answer } = readSolution(text, options);
  return { steps, answer };
}

/**
 * Reads a solution in the codec's own form: the first `####` line is its answer and ends it; blank lines, and lines of nothing
 * but an annotation, are no steps. Never throws, since models write these texts too.
 */
export function parseLines(text: string): Solution {
  const steps: string[] = [];
  for (const line of oneLineEnd(text).split('\n')) {
    const read = stripAnnotations(line).trim();
    if (read.startsWith(answerMark)) {
      return { steps, answer: read.slice(answerMark.length).trim() || null };
    }
    if (read !== '') steps.push(line);
  }
  return { steps, answer: null };
}

/** Writes a solution, which `parseLines` reads back; throws `GloreError` "solution-malformed". */
export function renderSolution({ steps, answer }: Solution): string {
  const lines = steps.map(checkStep);
  if (answer !== null) lines.push(answerLine(answer));
  return lines.join('\n');
}

/** The last line of a solution; throws `GloreError` "solution-malformed" unless `parseLines` would read it back. */
export function answerLine(answer: string): string {
  const line = `${answerMark} ${answer}`;
  if (!readsAs(line, { answer })) {
    throw new GloreError(
      'solution-malformed',
      `answer ${JSON.stringify(answer)}: expected one line of text without outer spaces or annotations; use parseSolution to read answers`,
    );
  }
  return line;
}

/** The step itself; throws `GloreError` "solution-malformed" unless `parseLines` would read it back as one step. */
export function checkStep(step: string): string {
  if (!readsAs(step, { steps: [step] })) {
    throw new GloreError(
      'solution-malformed',
      `step ${JSON.stringify(step)}: expected one line of text that is no #### line; use parseSolution to split solutions into steps`,
    );
  }
  return step;
}

/** Whether `parseLines` makes these steps and this answer of a text. */
function readsAs(text: string, { steps = [], answer = null }: Partial<Solution>): boolean {
  const read = parseLines(text);
  return (
    read.answer === answer &&
    read.steps.length === steps.length &&
    read.steps.every((step, i) => step === steps[i])
  );
}

/** A local refinement as a whole solution: the draft before line `e`, then the continuation. @throws as `checkLocation` */
export function joinLocal(draft: Solution, e: number, continuation: Solution): Solution {
  checkLocation(draft, e);
  const steps = [...draft.steps.slice(0, e - 1), ...continuation.steps];
  return { steps, answer: continuation.answer };
}

/**
 * Throws `GloreError` "location-invalid" unless line `e` is one of 1..L+1. A draft without an answer may be marked at its end too: what is wrong there is that it
 * stops.
 */
export function checkLocation({ steps }: Solution, e: number): void {
  if (!Number.isInteger(e) || e < 1 || e > steps.length + 1) {
    throw new GloreError(
      'location-invalid',
      `location: expected a line in 1..${steps.length + 1} (${steps.length} steps, then the answer line), found ${e}`,
    );
  }
}
