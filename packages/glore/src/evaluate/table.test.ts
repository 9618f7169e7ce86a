import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { interval, percent, renderMarkdownTable, renderTable } from './table.js';

describe('renderTable', () => {
  it('aligns names left and figures right', () => {
    const rows = [
      ['draft', percent(0.531), interval(0.504, 0.558)],
      ['rerank', '-', '-'],
    ];
    expect(renderTable(['method', 'accuracy', '95%'], rows)).toBe(
      [
        'method  accuracy             95%',
        '------  --------  --------------',
        'draft      53.1%  [50.4%, 55.8%]',
        'rerank         -               -',
      ].join('\n'),
    );
  });

  it('follows the alignment asked for, without trailing spaces', () => {
    expect(renderTable(['a', 'b'], [['10', 'xyz']], { align: ['right', 'left'] })).toBe(
      [' a  b', '--  ---', '10  xyz'].join('\n'),
    );
  });

  it('gives colours no width', () => {
    const coloured = '\u001b[32m5%\u001b[39m';
    expect(renderTable(['m', 'rate'], [['x', coloured]])).toBe(
      ['m  rate', '-  ----', `x    ${coloured}`].join('\n'),
    );
  });

  it('starts each column at the same place in every line', () => {
    const cell = fc.stringMatching(/^[a-z0-9%]{1,8}$/);
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell, cell), { minLength: 2 }), ([header, ...rows]) => {
        const [first, rule, ...rest] = renderTable(header!, rows).split('\n');
        const ends = [...rule!.matchAll(/-+/g)].map((dashes) => dashes.index + dashes[0].length);
        for (const [line, cells] of [
          [first!, header!] as const,
          ...rest.map((text, i) => [text, rows[i]!] as const),
        ]) {
          expect(line.length).toBe(rule!.length);
          expect(line.slice(0, ends[0]).trimEnd()).toBe(cells[0]);
          expect(line.slice(ends[0], ends[1]).trim()).toBe(cells[1]);
          expect(line.slice(ends[1], ends[2]).trim()).toBe(cells[2]);
        }
      }),
    );
  });

  it('refuses rows that do not fit the headers', () => {
    expect(() => renderTable(['a', 'b'], [['1', '2'], ['3']])).toThrow(
      expect.objectContaining({ code: 'ragged-table' }),
    );
  });
});

describe('renderMarkdownTable', () => {
  it('marks the alignment and escapes cells', () => {
    expect(renderMarkdownTable(['method', 'p'], [['a|b\nc', '0.04']])).toBe(
      ['| method | p |', '| --- | ---: |', '| a\\|b<br>c | 0.04 |'].join('\n'),
    );
  });
});

describe('percent', () => {
  it.each([
    [0.531, 1, '53.1%'],
    [1, 1, '100.0%'],
    [0.0049, 0, '0%'],
    [-0.0204, 1, '-2.0%'],
    [-0.0001, 1, '0.0%'],
    [undefined, 1, '-'],
  ])('%d with %i digits is %s', (fraction, digits, text) => {
    expect(percent(fraction, digits)).toBe(text);
  });
});

describe('interval', () => {
  it('shows differences on both sides of zero', () => {
    expect(interval(-0.012, 0.034)).toBe('[-1.2%, 3.4%]');
    expect(interval(0, 1, 0)).toBe('[0%, 100%]');
  });
});
