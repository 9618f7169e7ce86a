/** What a gold field says: an answer alone, or a worked solution that marks its answer or ends on it. */
import { type Found, readLine, readNumber } from './field.js';
import { read } from './read.js';

/** No answer has more words; a longer text is a solution, and one that no answer would be equal to. */
const mostWords = 8;
/** With numbers among them, so many words tell how the answer is found. */
const leastOfSentence = 4;

/** The answer of a gold field, with a doubt where it had to be guessed; undefined where there is none. */
export function readGold(field: string): Found | undefined {
  const numeric = read(field, 'number');
  const solution = numeric.solution.trim();
  const alone = solution.includes('\n') ? undefined : readLine(solution);
  if (alone && alone.form.kind !== 'text') return alone;
  const { answer } = numeric;
  if (answer && answer.how !== 'last-number' && answer.how !== 'bare') return answer;
  const inWords = read(field, 'text').answer;
  if (inWords && inWords.how !== 'bare') return inWords;
  // The last line, or what follows its "A:", is the answer of a solution that marks none.
  const last = readLine(solution.slice(solution.lastIndexOf('\n') + 1).replace(/^\s{0,8}A:/, ''));
  if (last && last.form.kind !== 'text') return last;
  const begun = alone?.form.kind === 'text' && alone.form.unread ? readBegun(solution) : undefined;
  if (begun && begun.form.kind !== 'text') return begun;
  const words = solution.match(/\p{L}{2,40}/gu)?.length ?? 0;
  const numbers = /\p{Nd}/u.test(solution);
  const isAnswer = words <= mostWords && !(numbers && words >= leastOfSentence);
  if (alone && isAnswer && /[\p{L}\p{N}]/u.test(alone.value)) return alone;
  if (!answer || !numbers) return undefined;
  return { ...answer, doubt: 'the gold answer is not marked, so its last number was taken' };
}

/** The number that a line begins with, of which no text would be equal to all: "Ans. 18", "= 20", "18;", "18 because 9 * 2 = 18". */
const readBegun = (line: string): Found | undefined =>
  readNumber(line.replace(label, '').replace(/[;,/]$/, ''));

const label = /^(?:(?:ans|answer|solution|result|final|total)\b[.:=\s]{0,8}|=\s{0,8})/i;

/** The final answer of a gold field, "" where there is none. */
export const goldAnswer = (field: string): string => readGold(field)?.value ?? '';
