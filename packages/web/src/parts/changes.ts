/** What changed from one text to another, word by word, in the lines of the second. */
import { diffWordsWithSpace } from 'diff';

export interface Piece {
  readonly text: string;
  readonly kind: 'same' | 'added' | 'removed';
}

/** Words that were added and taken away; texts that differ in more are as good as new, and comparing them takes seconds. */
const most = 2000;

/**
 * The pieces of each line of `after`. What was taken away stands where it was; if `after` is `unfinished`, what is after its last
 * word that was there before may still come.
 */
export function changesOf(
  before: readonly string[],
  after: readonly string[],
  unfinished = false,
): Piece[][] {
  const [old, now] = [before, after].map((lines) => lines.join('\n')) as [string, string];
  const changes = diffWordsWithSpace(old, now, { maxEditLength: most });
  if (!changes) return after.map((text) => [{ text, kind: 'added' }]);
  const sure = unfinished ? changes.findLastIndex(({ added, removed }) => !added && !removed) : 0;
  const byLine = after.map((): Piece[] => []);
  // A line may have several of its own, as models write them.
  const own = after.map((text) => text.split('\n').length);
  let line = 0;
  let left = own[0] ?? 0;
  for (const [place, { value, added, removed }] of changes.entries()) {
    if (unfinished && removed && place > sure) continue;
    const kind = added ? 'added' : removed ? 'removed' : 'same';
    value.split('\n').forEach((piece, i) => {
      let text = piece;
      if (i > 0 && removed) text = ` ${piece}`;
      else if (i > 0) {
        left--;
        if (left > 0) text = `\n${piece}`;
        else left = own[++line] ?? 0;
      }
      if (text !== '') byLine[line]?.push({ text, kind });
    });
  }
  return byLine;
}
