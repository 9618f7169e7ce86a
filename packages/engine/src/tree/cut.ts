/** Sequences cut into parts that are computed apart from one another, so that parts are alike and little is computed twice. */
import { shared } from './tree.js';

/** Sequences [first, end) of those that are cut, and how many distinct positions they have. */
export interface TreePart {
  readonly first: number;
  readonly end: number;
  readonly size: number;
}

type Sequences = readonly (readonly number[])[];

/**
 * In order, each part as large as it may be; a sequence that is larger alone is a part. `beside`: something else of each
 * sequence, of which a part has a most too.
 */
export function filled(
  sequences: Sequences,
  capacity: number,
  beside: { readonly of: readonly number[]; readonly most: number } = { of: [], most: Infinity },
): TreePart[] {
  const parts: TreePart[] = [];
  let [first, size, sum] = [0, 0, 0];
  sequences.forEach((sequence, i) => {
    const more = sequence.length - (i > first ? shared(sequences[i - 1]!, sequence) : 0);
    const own = beside.of[i] ?? 0;
    if (i > first && (size + more > capacity || sum + own > beside.most)) {
      parts.push({ first, end: i, size });
      [first, size, sum] = [i, sequence.length, own];
    } else {
      size += more;
      sum += own;
    }
  });
  if (sequences.length > 0) parts.push({ first, end: sequences.length, size });
  return parts;
}

/** At most `count` parts in the order of `compareSequences`, the largest of which is as small as can be. */
export function evenly(sequences: Sequences, count: number): TreePart[] {
  let low = sequences.reduce((most, { length }) => Math.max(most, length), 0);
  let high = sequences.reduce((sum, { length }) => sum + length, 0);
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (filled(sequences, middle).length <= count) high = middle;
    else low = middle + 1;
  }
  return filled(sequences, low);
}

/** A part for each run of sequences that have at least `least` tokens in common with the one before. */
export function families(sequences: Sequences, least: number): TreePart[] {
  const parts: TreePart[] = [];
  sequences.forEach((sequence, i) => {
    const common = i > 0 ? shared(sequences[i - 1]!, sequence) : 0;
    const last = parts.at(-1);
    if (last && common >= least) {
      parts[parts.length - 1] = {
        ...last,
        end: i + 1,
        size: last.size + sequence.length - common,
      };
    } else parts.push({ first: i, end: i + 1, size: sequence.length });
  });
  return parts;
}
