/**
 * What a text says: how a model's writing is read by everybody who reads it, to grade it, to learn from it or to refine it.
 *
 *   text                                       reasoning.ts   `<think>..</think>` and its like go; a special token ends the text
 *   └ solution                                 runon.ts       another problem that the model sets itself ends it
 *     ├ steps                                  solution.ts    its lines, up to the mark of the answer
 *     └ marks                                  marks.ts       `<answer>`, `####`, `\boxed{}`, "The answer is", in this order of trust
 *       └ field, without markup                plain.ts       on one line, in ASCII
 *         └ number, unit and what follows      field.ts       quantity.ts, words.ts, unit.ts
 *           └ the form that is compared        canonical.ts   equivalence.ts says which are equal
 *
 * The last mark of the most trusted kind gives the answer. Where none does, a text that is an answer and nothing else is its own,
 * and the last number of any other is a guess. A number is read only where nothing around it makes another one of it; what else
 * may be meant is said as a doubt: who reads without doubt reads right.
 *
 * Texts may have any length, and are gone through a bounded number of times: no pattern that sees all of one has an end that is
 * far away from its start, and what is read more closely is cut to `longestAnswer`.
 */
import { afterthought, otherNumber } from './afterthought.js';
import { stripAnnotations } from './annotations.js';
import { type Canonical, longestAnswer } from './canonical.js';
import { type Found, readAlone, readLast, readLine, readNumber, readText } from './field.js';
import { type How, type Mark, marksIn } from './marks.js';
import { type Parted, partReasoning } from './reasoning.js';
import { problemLines } from './runon.js';

/** What the answer is expected to be. With "number", text counts only where a mark says that it is the answer. */
export type Kind = 'number' | 'text';

export interface Extracted {
  /** The answer without markup, with its unit: "72 clips", "$1,000.00". */
  readonly value: string;
  readonly how: How;
  /** Why the value may not be what the writer meant. */
  readonly doubt?: string;
}

/** An answer, the mark that gave it, and its form. */
export interface Answer extends Extracted {
  readonly form: Canonical;
  readonly mark?: Mark;
}

/** A text as it is read; positions are those of `solution`. */
export interface Reading extends Parted {
  /** Without annotations, up to where the next problem begins. */
  readonly solution: string;
  /** Another problem follows it. */
  readonly runsOn: boolean;
  readonly answer?: Answer;
}

/**
 * The final answer that `text` gives, or undefined if it gives none; text that cannot be read is a value, not an error. With
 * `kind` "number" a Markdown heading `#### Step 2` is no answer, and the last number is taken where nothing is marked.
 */
export function extractAnswer(text: string, kind: Kind = 'number'): Extracted | undefined {
  const { answer } = read(text, kind);
  return (
    answer && { value: answer.value, how: answer.how, ...(answer.doubt && { doubt: answer.doubt }) }
  );
}

/** Reads a text whole. */
export function read(text: string, kind: Kind): Reading {
  return readParted(partReasoning(oneLineEnd(text)), kind);
}

/** The text with each line's end as one character, so that no line holds one however it is spelt. */
export const oneLineEnd = (text: string): string =>
  text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text;

/** Reads a text whose reasoning is known. */
export function readParted(parted: Parted, kind: Kind): Reading {
  const text = stripAnnotations(parted.solution);
  const problems = problemLines(text);
  const marks = marksOf(text).map((mark) => ({
    mark,
    found: readMark(text, mark, kind, firstAfter(problems, mark.at) ?? text.length),
  }));
  const marked = marks.filter((one): one is Marked => one.found !== undefined);
  const end = endOf(text, problems, marked);
  const solution = text.slice(0, end);
  const doubt =
    parted.doubt ??
    (problems.length > 0 && end === text.length
      ? 'it sets a problem before it answers'
      : undefined);
  const answer =
    chosen(
      solution,
      marks.filter(({ mark }) => mark.at < end),
    ) ??
    bare(solution, kind) ??
    lastOf(solution, kind);
  return {
    reasoning: parted.reasoning,
    solution,
    runsOn: end < text.length,
    ...(answer && { answer: doubt && !answer.doubt ? { ...answer, doubt } : answer }),
  };
}

/** The marks that are not inside of tags: what is there is a text of its own. */
function marksOf(text: string): Mark[] {
  const marks = marksIn(text);
  const tags = marks.filter(({ how }) => how === 'tag');
  if (tags.length === 0) return marks;
  const starts = tags.map(({ at }) => at);
  return marks.filter(
    ({ how, at }) => how === 'tag' || at >= (tags[countBelow(starts, at) - 1]?.to ?? 0),
  );
}

/** The first of the ascending numbers that is above `at`. */
const firstAfter = (ascending: readonly number[], at: number): number | undefined =>
  ascending[countBelow(ascending, at + 1)];

/** How many of the ascending numbers are below `limit`. */
function countBelow(ascending: readonly number[], limit: number): number {
  let [low, high] = [0, ascending.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ascending[middle]! >= limit) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Where the first problem is set after something that could be an answer: one before may be the one to be solved, told again. */
function endOf(text: string, problems: readonly number[], marked: readonly Marked[]): number {
  if (problems.length === 0) return text.length;
  const digit = text.search(/\p{Nd}/u);
  const first = marked.reduce(
    (at, { mark }) => Math.min(at, mark.at),
    digit === -1 ? text.length : digit,
  );
  return firstAfter(problems, first) ?? text.length;
}

interface Marked {
  readonly mark: Mark;
  readonly found: Found;
}

/** A mark that announces nothing that can be read. */
interface Unread {
  readonly mark: Mark;
  readonly found: undefined;
}

/** What a mark announces; `end` is where the solution does. */
function readMark(text: string, mark: Mark, kind: Kind, end: number): Found | undefined {
  const field = text.slice(mark.from, mark.to);
  if (mark.below) return readBelow(field, kind);
  switch (mark.how) {
    case 'tag':
      return readTag(field, kind);
    case 'boxed':
      return readAlone(field);
    case 'marker': {
      // Text after #### is an answer where nothing follows it, and else the heading of what does.
      const isLast = !/[^\s>]/.test(text.slice(mark.to, end));
      const found = readNumber(field) ?? (isLast ? readText(field) : undefined);
      return found && (isLast || isValue(found.form)) ? found : undefined;
    }
    case 'phrase':
      return kind === 'number' ? readNumber(field) : readText(field);
  }
}

const isValue = (form: Canonical): boolean =>
  form.kind !== 'text' || !form.unread || form.others.length > 0;

/** What stands between tags is a text of its own. */
function readTag(field: string, kind: Kind): Found | undefined {
  const { answer } = readParted(
    { reasoning: '', solution: field.replace(/<\/?[a-z_ -]{0,16}>/gi, ' ') },
    kind,
  );
  return answer ?? readNumber(field);
}

/** A line that is an answer and nothing else: of a sentence that begins with a number nobody knows what it begins. */
function readBelow(line: string, kind: Kind): Found | undefined {
  const found = readLine(line.replace(/^\s{0,8}[•*]\s/, ''));
  const fits =
    found &&
    (isNumeric(found.form) || (kind === 'text' && found.value.split(' ').length <= mostWords));
  return fits ? found : undefined;
}

/** A line of more words says something else. */
const mostWords = 6;

const isNumeric = (form: Canonical): boolean => form.kind !== 'text' || form.others.length > 0;

const trust = ['tag', 'marker', 'boxed', 'phrase'] as const;

/** The answer of the last mark of the most trusted kind. */
function chosen(text: string, marks: readonly (Marked | Unread)[]): Answer | undefined {
  const marked = marks.filter((one): one is Marked => one.found !== undefined);
  const headings = marked.filter(({ mark }) => mark.heading);
  const usable =
    headings.length < marked.length ? marked.filter(({ mark }) => !mark.heading) : headings;
  const how = trust.find((kind) => usable.some(({ mark }) => mark.how === kind));
  const last = usable.findLast(({ mark }) => mark.how === how);
  if (!last) return undefined;
  const { mark, found } = last;
  const doubt =
    conflict(last, usable) ??
    unreadAfter(text, mark, marks) ??
    found.doubt ??
    usable.find((other) => other.mark.at > mark.at && other.found.doubt)?.found.doubt ??
    mark.doubt ??
    (mark.heading ? 'it may be the number of a heading' : undefined) ??
    doubtAfter(text, last);
  return { value: found.value, how: mark.how, form: found.form, mark, ...(doubt && { doubt }) };
}

/** Whether another number is announced later, in a way that is none. */
function unreadAfter(
  text: string,
  { to }: Mark,
  marks: readonly (Marked | Unread)[],
): string | undefined {
  const later = marks.some(
    ({ mark, found }) =>
      !found && mark.at > to && !mark.heading && /\p{Nd}/u.test(text.slice(mark.from, mark.to)),
  );
  return later ? 'what is announced after it could not be read' : undefined;
}

/** So many answers of a text that marks ever more are named. */
const mostShown = 5;

function conflict({ found }: Marked, all: readonly Marked[]): string | undefined {
  const values = new Map(all.map((other) => [other.found.form.key, other.found.value]));
  if (values.size <= 1) return undefined;
  const shown = [...values.values()].slice(-mostShown);
  const others = shown.length < values.size ? `${values.size - shown.length} others, ` : '';
  return `several answers are marked (${others}${shown.join(', ')}), and ${found.value} was taken`;
}

function doubtAfter(text: string, { mark, found: { form } }: Marked): string | undefined {
  const line = text.indexOf('\n', mark.to);
  const rest = line === -1 ? '' : text.slice(line);
  // Nothing follows GSM8K's mark; a heading is followed by what it is the heading of.
  if (mark.how === 'marker' && otherNumber(rest, form)) return 'other numbers follow it';
  // "The answer is:", and then a list.
  const next = mark.below
    ? readBelow(/\S.*/.exec(rest.slice(0, 80))?.[0] ?? '', 'number')
    : undefined;
  if (next && isNumeric(next.form) && next.form.key !== form.key)
    return 'another answer is below it';
  return afterthought(text.slice(mark.from, line === -1 ? undefined : line), rest, form);
}

function bare(solution: string, kind: Kind): Answer | undefined {
  const text = solution.trim();
  if (
    text.length > longestAnswer ||
    text.split('\n').filter((line) => /\p{Nd}/u.test(line)).length > 1
  ) {
    return undefined;
  }
  const found = readLine(text);
  return found && (kind === 'text' || isNumeric(found.form))
    ? { ...found, how: 'bare' }
    : undefined;
}

const longestLine = 2 * longestAnswer;
const guessed = 'no number is marked as the answer, so the last one was taken';

/** The last number in digits, or in words where there are no digits; the answer that it is may be any other. */
function lastOf(solution: string, kind: Kind): Answer | undefined {
  if (kind === 'text') return undefined;
  const inWords = !/\p{Nd}/u.test(solution);
  for (let end = solution.length; end > 0; ) {
    const from = solution.lastIndexOf('\n', end - 1) + 1;
    const line = solution.slice(Math.max(from, end - longestLine), end);
    const found = inWords || /\p{Nd}/u.test(line) ? readLast(line, inWords) : undefined;
    if (found) return { value: found.value, how: 'last-number', form: found.form, doubt: guessed };
    end = from - 1;
  }
  return undefined;
}
