/** Solutions as text: as they were written where that is known, in the codec's form else. */
import { renderSolution } from '../codec/index.js';
import type { Draft } from './types.js';

export const textOf = ({ original, ...solution }: Draft): string =>
  original?.text ?? renderSolution(solution);

/** The text before line `location`, which a local refinement keeps. */
export function textBefore({ original, steps }: Draft, location: number): string {
  if (location === 1) return '';
  const end = original?.ends[location - 2];
  const kept =
    original === undefined || end === undefined
      ? steps.slice(0, location - 1).join('\n')
      : original.text.slice(0, end);
  return kept === '' ? '' : `${kept}\n`;
}
