/** The places of a text that announce an answer: `<answer>`, `####`, `\boxed{..}`, "The answer is ..". */
import { doubtAround } from './around.js';
import { boxesIn } from './boxes.js';
import { longestAnswer } from './canonical.js';

/** Where an answer was found; "bare": the text is an answer and nothing else; "last-number" is a guess. */
export type How = 'tag' | 'marker' | 'boxed' | 'phrase' | 'bare' | 'last-number';

export interface Mark {
  readonly how: Exclude<How, 'bare' | 'last-number'>;
  /** Where the announcement starts. */
  readonly at: number;
  /** What it announces, `text.slice(from, to)`. */
  readonly from: number;
  readonly to: number;
  /** The answer stands on a line after the announcement, and is all of that line. */
  readonly below: boolean;
  /** It may be the heading of a list, as in "#### 1. Find the cost". */
  readonly heading: boolean;
  /** Why what is announced may not be what the writer meant. */
  readonly doubt?: string;
}

/** Every mark, those of a kind in the order of the text. Fields of a kind do not overlap. */
export function marksIn(text: string): Mark[] {
  const marks = [...(text.includes('<') ? tags(text) : []), ...markers(text), ...boxes(text)];
  return answerWord.test(text) ? [...marks, ...phrases(text)] : marks;
}

// GLM's boxes are tokens.
const boundary = /<\/?(?:final|(?:final[_ -]?)?answer)>|<\|(?:begin|end)_of_box\|>/gi;

function tags(text: string): Mark[] {
  const found: Mark[] = [];
  let open: RegExpMatchArray | undefined;
  const put = (to: number, closed?: number): void => {
    if (open) {
      const doubt = closed === undefined ? undefined : doubtAround(text, open.index!, closed);
      const tag = mark('tag', open.index!, open.index! + open[0].length, to);
      found.push({ ...tag, ...(doubt && { doubt }) });
    }
    open = undefined;
  };
  for (const match of text.matchAll(boundary)) {
    const closes = /^<(?:\/|\|end)/.test(match[0]);
    put(match.index, closes ? match.index + match[0].length : undefined);
    if (!closes) open = match;
  }
  put(text.length);
  return found;
}

const announced =
  /^[\s*_]{0,6}(?:(?:so|thus|therefore|hence),? )?(?:the )?(?:final )?answer(?: is\b)?[\s*_]{0,3}[:=]?/i;
const step =
  /^[\s*_]{0,6}(?:step|part|case|phase|stage|solution|given|explanation|calculation|note|problem|question)s?\b/i;

/** GSM8K's `#### 72`; a Markdown heading of that level is none. */
function markers(text: string): Mark[] {
  const found: Mark[] = [];
  for (let at = text.indexOf('####'); at !== -1; at = text.indexOf('####', at)) {
    const start = at;
    while (text.charAt(at) === '#') at++;
    if (at - start > 4) continue;
    const line = endOfLine(text, at);
    const next = text.indexOf('#', at);
    const to = next === -1 ? line : Math.min(line, next);
    const from = at + (announced.exec(text.slice(at, Math.min(to, at + 60)))?.[0].length ?? 0);
    const field = text.slice(from, to);
    if (step.test(field)) continue;
    if (isBlank(field)) {
      const below = lineBelow(text, to);
      if (below) found.push({ ...below, how: 'marker', at: start });
    } else {
      const heading = /^[\s*_]*\d{1,3}[.)][*_]{0,3}\s+\S/.test(field);
      found.push({ ...mark('marker', start, from, to), heading });
    }
    at = to;
  }
  return found;
}

const boxes = (text: string): Mark[] =>
  boxesIn(text).map(({ at, from, to, doubt }) => ({
    ...mark('boxed', at, from, to),
    ...(doubt && { doubt }),
  }));

const words =
  'answers?|antwort|respuesta|réponse|risposta|resposta|ответ|jibu|答案|答え|정답|คำตอบ|উত্তর';
/** Most texts hold none of them, which is soon seen. */
const answerWord = new RegExp(words, 'i');
const verb = String.raw`(?:(?:is|are|would be|will be|should be|ist|lautet|es|est|è|é|ni)(?!\p{L})|[:=：→—]|是|为|は|คือ|হল)`;
const about = String.raw`(?:\s{1,3}(?:to|in|for|of)\s[^.\n:=]{1,80}?)?`;
// Only the announcement is consumed, for "Answer: The answer is 72" holds two; and nothing here has an end that is far away.
const announcement = new RegExp(
  String.raw`(?<![\p{L}\p{N}])(?:${words})[*_]{0,3}${about}[*_\s]{0,6}${verb}[*_ \t]{0,6}[:：]?[*_ \t]{0,6}` +
    String.raw`|^[ \t#>*_]{0,8}(?:the )?(?:final |correct )?answer[*_: \t]{0,8}$`,
  'gimu',
);
// "If the answer is 5", "one might think the answer is 5", "a wrong answer is 5", "Bo's answer is 5".
const supposed =
  /(?:\b(?:if|whether|unless|suppose|supposing|assum\w{1,3}|imagine|maybe|perhaps|says|said|claim\w{0,2}|not|check|verify|(?:first|initially|originally|tempting to|might|may|could|would) (?:think|thought|say|guess|guessed|believe|believed))|n't)\s(?:that\s)?(?:(?:the|your|our|his|her|an?)\s)?(?:final\s)?$/i;
const notTheOne =
  /\b(?:wrong|incorrect|false|mistaken|initial|first|second|previous|earlier|partial|intermediate|estimated?|rough|expected|common|tempting|naive|other|(?!let)[a-z]{2,20}'s)\s$/i;

function phrases(text: string): Mark[] {
  const found: Mark[] = [];
  const announcements = [...text.matchAll(announcement)];
  for (const [i, match] of announcements.entries()) {
    const at = match.index;
    const from = at + match[0].length;
    const next = announcements[i + 1]?.index ?? text.length;
    const to = Math.min(endOfLine(text, from), next);
    const before = text.slice(Math.max(0, at - 60), at);
    const doubt =
      supposed.test(before) || notTheOne.test(before) ? 'it may only be supposed' : undefined;
    const field = isBlank(text.slice(from, to))
      ? lineBelow(text, to)
      : mark('phrase', at, from, to);
    if (field && field.from < next)
      found.push({ ...field, how: 'phrase', at, ...(doubt && { doubt }) });
  }
  return found;
}

const mark = (how: Mark['how'], at: number, from: number, to: number): Mark => ({
  how,
  at,
  from,
  to,
  below: false,
  heading: false,
});

/** Lines of nothing but what opens a formula, a block of code or a rule. */
const opening =
  /^[ \t]{0,8}(?:\\\[|\\\(|\$\$|\\begin\{[a-z]{1,12}\*?\}|```[a-z]{0,12}|[-*_]{3,8})?[ \t]{0,8}$/;
const mostLines = 6;

/** The first line after `end` with an answer's text, of the few that follow. */
function lineBelow(text: string, end: number): Mark | undefined {
  // A line of which more follows has nothing below.
  if (text.charAt(end) !== '\n') return undefined;
  let from = end;
  for (let i = 0; i <= mostLines && from < text.length; i++) {
    const to = endOfLine(text, from);
    const line = text.slice(from, to);
    if (from > end && !opening.test(line)) {
      const listed = /^\s{0,8}-\s/.test(line);
      return {
        ...mark('phrase', end, from, to),
        below: true,
        ...(listed && { doubt: 'the minus sign may be a bullet' }),
      };
    }
    from = to + 1;
  }
  return undefined;
}

const isBlank = (field: string): boolean => !/[^\s*_$:`]/.test(field.replace(/\\[[(]/, ''));

/** The end of the line in which `from` is, or of the longest answer that fits in it. */
function endOfLine(text: string, from: number): number {
  const end = text.slice(from, from + longestAnswer).indexOf('\n');
  return Math.min(text.length, from + (end === -1 ? longestAnswer : end));
}
