/** The steps and the answer of a text, for who works on solutions. */
import { stripAnnotations } from './annotations.js';
import { type Answer, oneLineEnd, readParted } from './read.js';
import { type Parted, partReasoning } from './reasoning.js';
import { type StepKind, stepsIn } from './steps.js';

/** A text as a solution. */
export interface Written {
  /** What was thought before it: its tokens count, but it has no steps. */
  readonly reasoning: string;
  /** One line each, as written; the lines of one that has several are joined. */
  readonly steps: readonly string[];
  /** Where each step ends in the text, as far as the steps stand in it in their order. */
  readonly ends: readonly number[];
  /** What `extractAnswer` finds, unless it guesses; null where there is none. */
  readonly answer: string | null;
}

const answerMark = '####';

/**
 * Reads a solution of any model. Of one that did not finish, the last line was cut off and counts for nothing, and only `####` and
 * `<answer>` say that an answer is the final one.
 */
export function readSolution(
  text: string,
  {
    finished = true,
    steps: kind = 'lines',
  }: { readonly finished?: boolean; readonly steps?: StepKind } = {},
): Written {
  const parted = partReasoning(oneLineEnd(text));
  const whole = finished ? parted : { ...parted, solution: wholeLines(parted.solution) };
  const reading = readParted(whole, 'number');
  const all = whole.solution.split('\n');
  const lines = reading.runsOn ? all.slice(0, reading.solution.split('\n').length - 1) : all;
  const said = statedIn(reading.answer) ?? wordsIn(whole);
  const final = said && (finished || said.how === 'marker' || said.how === 'tag');
  const before = final ? linesBefore(said, reading.solution, lines) : lines;
  const found = stepsIn(before, kind).flatMap(({ from, to }) => {
    const step = stepOf(before.slice(from, to));
    return step === undefined ? [] : [{ step, to }];
  });
  return {
    reasoning: parted.reasoning,
    steps: found.map(({ step }) => step),
    ends: endsIn(text, whole.solution, before, found),
    answer: (final && stripAnnotations(said.value).trim()) || null,
  };
}

/** Where steps end in the text that their lines are from. */
function endsIn(
  text: string,
  solution: string,
  lines: readonly string[],
  steps: readonly { readonly to: number }[],
): number[] {
  // Tokens that end a text, and lines' ends of two characters, are not looked for.
  let at = text.lastIndexOf(solution.trimEnd());
  if (at < 0) return [];
  const ends = lines.map((line) => {
    const end = text.startsWith(line.trimEnd(), at) ? at + line.trimEnd().length : Number.NaN;
    at += line.length + 1;
    return end;
  });
  const found = steps.map(({ to }) => ends[to - 1]!);
  const missing = found.findIndex(Number.isNaN);
  return missing === -1 ? found : found.slice(0, missing);
}

const wholeLines = (text: string): string => text.slice(0, text.lastIndexOf('\n') + 1);

const statedIn = (answer: Answer | undefined): Answer | undefined =>
  answer?.how === 'last-number' ? undefined : answer;

/** An answer in words, "The answer is blue"; what is longer is more likely to say something else. */
function wordsIn(whole: Parted): Answer | undefined {
  const { answer } = readParted(whole, 'text');
  return answer && answer.how !== 'bare' && answer.value.split(' ').length <= 3
    ? answer
    : undefined;
}

/** The lines before the answer, where its mark ends the solution. */
function linesBefore({ mark, how }: Answer, solution: string, lines: readonly string[]): string[] {
  if (!mark || (how !== 'marker' && how !== 'tag')) return [...lines];
  const before = solution.slice(0, mark.at);
  const count = before.split('\n').length - 1;
  const begun = before.slice(before.lastIndexOf('\n') + 1);
  return [
    ...lines.slice(0, count),
    ...(/[\p{L}\p{N}]/u.test(begun) ? [begun] : []),
    ...(how === 'tag' ? stepsInTag(solution.slice(mark.from, mark.to)) : []),
  ];
}

/** Between tags may stand the answer, or all of the solution. */
function stepsInTag(field: string): readonly string[] {
  const isSolution = field.trim().includes('\n');
  return isSolution ? readSolution(field).steps : [];
}

/** A step on one line. One of nothing but an annotation is none; a heading spelt like an answer loses its marks. */
function stepOf(lines: readonly string[]): string | undefined {
  const step =
    lines.length === 1
      ? lines[0]!
      : lines
          .map((line) => line.trim())
          .filter((line) => line !== '')
          .join(' ');
  const read = stripAnnotations(step).trim();
  if (!read.startsWith(answerMark)) return read === '' ? undefined : step;
  return read.replace(/^[#\s]+/, '') || undefined;
}
