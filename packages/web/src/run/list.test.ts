import { describe, expect, it } from 'vitest';
import { listHref, listOf, pagePath, placeIn, problemHref } from './list.js';

describe('the list of problems', () => {
  const list = { choice: 'right-to-wrong', search: 'a & b' } as const;

  it('has an address, from which it is read again', () => {
    const href = listHref(0, list, 50);
    expect(href).toBe('#/runs/0/problems?filter=right-to-wrong&search=a+%26+b&from=50');
    const query = new URLSearchParams(href.split('?')[1]);
    expect([listOf(query), placeIn(query, 'from')]).toEqual([list, 50]);
    expect(listHref(1, { choice: 'all', search: '' })).toBe('#/runs/1/problems');
  });

  it('says where a problem stands in it', () => {
    expect(problemHref(0, 17, list, 3)).toBe(
      '#/runs/0/problems/17?filter=right-to-wrong&search=a+%26+b&at=3',
    );
  });

  it('is asked for a page at a time', () => {
    expect(pagePath(0, list, 50, 50)).toBe(
      'api/runs/0/problems?filter=right-to-wrong&search=a+%26+b&from=50&count=50',
    );
    expect(pagePath(0, { choice: 'all', search: '' }, 0, 50)).toBe(
      'api/runs/0/problems?from=0&count=50',
    );
  });

  it('takes nothing for a place that is none', () => {
    const query = new URLSearchParams('from=-1&at=1e9&filter=other');
    expect([placeIn(query, 'from'), placeIn(query, 'at', 7), listOf(query).choice]).toEqual([
      0,
      7,
      'all',
    ]);
  });
});
