/** What stands directly around an answer's box or tags and makes another one of what is in them: "\boxed{12},000", "2x = \boxed{12}". */
import { plain } from './plain.js';
import { readUnit } from './unit.js';

/** Characters looked at on either side. */
const near = 60;

const changesBefore = new RegExp(
  [
    String.raw`(?:[-/^_√≤≥≠±≈\d]|[\w)}][ \t][<>]|[\w)}]<|\d[.,]|\\(?:sqrt|pm|div|over|times|cdot|log|ln|l[et]q?|g[et]q?|neq?|approx)|[\d.][ \t]?[*·×])[ \t]?\$?`,
    // An unknown with a factor or a power is worth another number than the one beside it.
    String.raw`(?:\d[ \t]?[a-z]|(?<![a-z])[a-z][ \t]?\^[ \t]?\{?\d\}?|\\sqrt\{[a-z]\})[ \t]?=[ \t]?\$?`,
    // A quote, an arrow and the end of a tag are no comparison, and a table's bars stand apart.
    String.raw`\|\$?`,
    String.raw`\b(?:not|than|between|at least|at most)[ \t]\$?`,
  ]
    .map((one) => `(?:${one})$`)
    .join('|'),
  'i',
);
const changesAfter =
  /^[ \t$]{0,4}(?:\\[)\]])?[ \t$]{0,4}(?:[.,]\d|[,;][ \t]\d|!|[\^/·×%π√]|[*_][ \t]{0,2}[\d\\({a-z]|\\(?:pi|sqrt|times|cdot|over|div|d?frac|pm|%)|[-+][ \t]{0,2}\d|percent\b)/i;

/** Why what stands from `at` to `end` may be a part of the answer only. */
export function doubtAround(text: string, at: number, end: number): string | undefined {
  const before = text.slice(Math.max(0, at - near), at);
  const after = text.slice(end, end + near).split('\n', 1)[0]!;
  // The first hyphen of a line begins an item of a list.
  const changed = changesBefore.test(before) && !/(?:^|\n)[ \t]*-[ \t]$/.test(before);
  return changed || changesAfter.test(after) || !readUnit(following(after))
    ? 'what is marked is a part of something else'
    : undefined;
}

/** What follows as text; what ends the formula that the box is in says nothing. */
function following(after: string): string {
  const text = after.replace(/^[ \t$*]{0,6}(?:\\[)\]])?[ \t$*]{0,6}/, '');
  return (text.length < after.length ? ' ' : '') + plain(text);
}
