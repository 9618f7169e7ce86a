/** LaTeX's \boxed{..}: what stands in it, and whether it is all of the answer. */
import { doubtAround } from './around.js';

export interface Box {
  /** Where \boxed stands, and where its content does. */
  readonly at: number;
  readonly from: number;
  readonly to: number;
  /** Why the content may be a part of the answer only. */
  readonly doubt?: string;
}

interface Group {
  readonly at: number;
  readonly from: number;
  readonly boxed: boolean;
  /** The group belongs to a command that makes another value of what is in it, as \frac does. */
  readonly changes: boolean;
  holdsBox: boolean;
}

const brace = /\\[{}\\]|(?:\\([a-zA-Z]{1,20})|[_^])?\s{0,3}\{|\}/g;
const dressing = /^(?:text|math|color|textcolor|underline|emph|displaystyle|bold|large)/i;

/** Each closed box that holds no other, in the order in which they close. */
export function boxesIn(text: string): Box[] {
  if (!text.includes('\\boxed') && !text.includes('\\fbox')) return [];
  const found: Box[] = [];
  const open: Group[] = [];
  /** How many open groups change what is in them. */
  let changing = 0;
  for (const match of text.matchAll(brace)) {
    const [written, command = ''] = match;
    if (written.startsWith('\\') && written.length === 2 && command === '') continue;
    if (written !== '}') {
      const boxed = command === 'boxed' || command === 'fbox';
      const changes = !boxed && written !== '{' && !dressing.test(command);
      open.push({
        at: match.index,
        from: match.index + written.length,
        boxed,
        changes,
        holdsBox: false,
      });
      if (changes) changing++;
      continue;
    }
    const group = open.pop();
    if (!group) continue;
    if (group.changes) changing--;
    if (group.boxed && !group.holdsBox) {
      found.push({
        at: group.at,
        from: group.from,
        to: match.index,
        ...doubtOf(text, group, match.index + 1, changing),
      });
    }
    const outer = open.at(-1);
    if (outer) outer.holdsBox ||= group.boxed || group.holdsBox;
  }
  return found;
}

function doubtOf(text: string, { at }: Group, end: number, changing: number): { doubt?: string } {
  const doubt =
    changing > 0 ? 'what is marked is a part of something else' : doubtAround(text, at, end);
  return doubt === undefined ? {} : { doubt };
}
