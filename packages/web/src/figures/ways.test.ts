import { describe, expect, it } from 'vitest';
import {
  groups,
  meaningOf,
  rowName,
  standardWays,
} from '../../../glore/src/evaluate/ways/index.js';
import { BASELINE, groups as drawnGroups, inGroups, METHOD, wordsOf } from './ways.js';

describe('the words of rows', () => {
  it('are those of glore, for every way to answer', () => {
    for (const way of standardWays) {
      const row = rowName(way, 8);
      expect(wordsOf(row), row).toEqual({
        meaning: meaningOf(row),
        group: way.group,
        drawn: !way.undrawn,
      });
    }
    expect(drawnGroups).toEqual(groups);
    const withRole = (role: string) => standardWays.find((way) => way.role === role)?.name;
    expect([withRole('method'), withRole('baseline')]).toEqual([METHOD, BASELINE]);
  });

  it('are missing for a row of another', () => {
    expect(wordsOf('mine')).toBeUndefined();
  });

  it('group rows in their order, without those that are in the table alone', () => {
    const rows = ['rerank', 'draft', 'best-of-4', 'weighted@4', 'bo3'].map((name) => ({ name }));
    expect(inGroups(rows).map((group) => group.map(({ name }) => name))).toEqual([
      ['draft'],
      ['best-of-4', 'bo3'],
      ['rerank'],
    ]);
  });
});
