/** Long scoring tasks in parts, so that no request keeps a worker for long. */
import type { ScoreTask } from '@glore/engine';

type Items = ScoreTask['items'];

/** Positions of sequences that are scored together, unless one alone has more. */
export const mostPositions = 16_384;

/** Sequences in their order, cut into runs that are scored one after the other. */
export function partsOf(items: Items): Items[] {
  const parts: Items[number][][] = [];
  let positions = Infinity;
  for (const item of items) {
    positions += item.tokens.length;
    if (positions > mostPositions) {
      parts.push([]);
      positions = item.tokens.length;
    }
    parts.at(-1)!.push(item);
  }
  return parts;
}

export const positionsOf = (items: Items): number =>
  items.reduce((sum, { tokens }) => sum + tokens.length, 0);
