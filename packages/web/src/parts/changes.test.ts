import { describe, expect, it } from 'vitest';
import { changesOf, type Piece } from './changes.js';

const shown = (pieces: readonly Piece[]) =>
  pieces
    .map(({ text, kind }) =>
      kind === 'same' ? text : kind === 'added' ? `+${text}+` : `-${text}-`,
    )
    .join('');

describe('changesOf', () => {
  it('shows words in the lines of the second text', () => {
    const before = ['48 / 2 = 24', '48 + 24 = 62', '#### 62'];
    const after = ['48 / 2 = 24', '48 + 24 = 72', '#### 72'];
    expect(changesOf(before, after).map(shown)).toEqual([
      '48 / 2 = 24',
      '48 + 24 = -62-+72+',
      '#### -62-+72+',
    ]);
  });

  it('gives each line its own text, whatever lines are in it', () => {
    const lines = ['First:\n\\[ 2 + 2 = 4 \\]', '', 'The answer is 4.\n\nIndeed.', '#### 4'];
    for (const before of [[], lines, ['First:', '\\[ 2 + 2 = 5 \\]\nso 5'], lines.toReversed()]) {
      const kept = changesOf(before, lines).map((pieces) =>
        pieces.map(({ text, kind }) => (kind === 'removed' ? '' : text)).join(''),
      );
      expect(kept).toEqual(lines);
    }
  });

  it('takes nothing away from a text that is not yet whole', () => {
    const before = ['2 + 2 = 4', '4 + 1 = 5', '#### 5'];
    expect(changesOf(before, ['2 + 2 = 4', '4 + 3'], true).map(shown)).toEqual([
      '2 + 2 = 4',
      '4 + +3+',
    ]);
    expect(changesOf(before, ['2 + 2 = 4'], true).map(shown)).toEqual(['2 + 2 = 4']);
  });
});
