/** What stands after an answer and may take it back: "Wait, ..", or a computation that goes on to another result. */
import { type Canonical, longestAnswer } from './canonical.js';
import { plain } from './plain.js';
import { readQuantity } from './quantity.js';
import { spell } from './rational.js';
import { numberWords } from './words.js';

const secondThought =
  /\b(?:wait|actually|oops|sorry|mistake|mistaken|incorrect|not right|wrong|correction|corrected|however|hold on|hmm|instead|re-?(?:check|calculat\w{1,3}|consider\w{0,3}|read\w{0,3}|think\w{0,3})|i forgot|but)\b|\bno[,.]/gi;
const checking =
  /^[\s*_>#-]{0,8}(?:check|verif|proof|to check|to verify|sanity|note|we can check|let us check|let's check)/i;

const saidWrong =
  /\b(?:is|was|seems|looks)\s(?:the\s)?(?:wrong|incorrect|mistaken|not (?:right|correct|the answer))\b/i;
/** Of a question with parts: "(b) 15", "Answer (b): 15". */
const nextPart = /^[ \t>*_]{0,8}(?:answer )?\(b\)[^\n\d]{0,80}\d/im;

const conclusion =
  /^[\s*_>-]{0,8}(?:so|thus|therefore|hence|finally|overall|altogether|then|now|in (?:total|all|conclusion)|(?:the |my |our )?(?:final |correct |grand )?(?:answer|total|result|sum))\b/gim;
const aWord = new RegExp(String.raw`\b(?!one\b)(?:${numberWords})\b`, 'i');

/** Why `value` may have been given up: in the `line` that announces it, or in the lines after it. */
export function afterthought(line: string, after: string, value: Canonical): string | undefined {
  const text = line + after;
  let seen = 0;
  for (const { index } of text.matchAll(secondThought)) {
    // A second thought that comes to no other number changes nothing.
    const end = index + longestAnswer;
    const thought = text.slice(Math.max(seen, index), end);
    if (otherNumber(thought, value) || aWord.test(thought)) return 'second thoughts follow it';
    seen = end;
  }
  if (saidWrong.test(line)) return 'it is said to be wrong';
  if (value.kind !== 'number') return undefined;
  const next = /\S.*/.exec(after.slice(0, longestAnswer))?.[0] ?? '';
  if (/\d/.test(next) && (/[,;]\s{0,8}$/.test(line) || /^(?:and|or|plus|&)\s/i.test(next))) {
    return 'it goes on in the next line';
  }
  if (nextPart.test(after)) return 'another part of the answer follows it';
  for (const { index, 0: start } of after.matchAll(conclusion)) {
    const from = index + start.length;
    const last = numbersIn(after.slice(from, from + longestAnswer).split('\n', 1)[0]!).at(-1);
    if (last !== undefined && last !== value.key) return `a conclusion follows it, with ${last}`;
  }
  const result = lastResult(after);
  if (result !== undefined && result !== value.key) {
    return `a computation follows it, with the result ${result}`;
  }
  return undefined;
}

/** Whether a number stands in `text` that is not `value`. */
export const otherNumber = (text: string, value: Canonical): boolean =>
  numbersIn(text).some((key) => key !== value.key);

/** The keys of the numbers in a text. */
function numbersIn(text: string): string[] {
  return [...text.matchAll(/\d[\d,]{0,30}(?:\.\d{1,30})?/g)].flatMap(([written]) => {
    const read = readQuantity(written.replace(/,$/, ''));
    return read ? [spell(read.value)] : [];
  });
}

/** The right-hand side of the last equation of numbers, unless it checks the answer. */
function lastResult(text: string): string | undefined {
  for (
    let at = text.lastIndexOf('='), tries = 0;
    at !== -1 && tries < 8;
    at = text.lastIndexOf('=', at - 1), tries++
  ) {
    const from = text.lastIndexOf('\n', at) + 1;
    const line = text.slice(Math.max(from, at - longestAnswer), at);
    const read = readQuantity(plain(text.slice(at + 1, at + 60).split('\n', 1)[0]!));
    if (read && /\d/.test(line) && !checking.test(line)) return spell(read.value);
    if (at === 0) break;
  }
  return undefined;
}
