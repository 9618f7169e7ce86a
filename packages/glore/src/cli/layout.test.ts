import picocolors from 'picocolors';
import { describe, expect, it } from 'vitest';
import { renderTable } from '../evaluate/index.js';
import { renderWithin, wrap } from './layout.js';

const screen = (width: number, colours = false) => ({
  width,
  paint: picocolors.createColors(colours),
});

const figures = {
  headers: ['refined', 'tokens/problem', 'accuracy', '95% interval', 'difference', '95% interval'],
  rows: [
    ['rounds@1', '164', '78.3%', '[76.1%, 80.3%]', '16.5%', '[14.3%, 18.9%]'],
    ['budget@2', '1,125', '7.7%', '[5.6%, 9.8%]', '1.4%', '[0.0%, 3.9%]'],
  ],
};

describe('renderWithin', () => {
  it('is the plain table where that fits', () => {
    const plain = renderTable(figures.headers, figures.rows);
    expect(renderWithin(screen(80), figures)).toBe(plain);
    expect(renderWithin(screen(plain.indexOf('\n')), figures)).toBe(plain);
  });

  it('wraps headers first, down to their rule', () => {
    expect(renderWithin(screen(72), figures)).toBe(
      `\
          tokens/
refined   problem  accuracy    95% interval  difference    95% interval
--------  -------  --------  --------------  ----------  --------------
rounds@1      164     78.3%  [76.1%, 80.3%]       16.5%  [14.3%, 18.9%]
budget@2    1,125      7.7%    [5.6%, 9.8%]        1.4%    [0.0%, 3.9%]`,
    );
  });

  it('goes on below where they are not enough, with the first column and no interval alone', () => {
    expect(renderWithin(screen(46), figures)).toBe(
      `\
          tokens/
refined   problem  accuracy    95% interval
--------  -------  --------  --------------
rounds@1      164     78.3%  [76.1%, 80.3%]
budget@2    1,125      7.7%    [5.6%, 9.8%]

refined   difference    95% interval
--------  ----------  --------------
rounds@1       16.5%  [14.3%, 18.9%]
budget@2        1.4%    [0.0%, 3.9%]`,
    );
  });

  it('wraps texts, which hang from their first line', () => {
    const plan = {
      headers: ['run', 'does', 'seed'],
      rows: [
        ['main', 'problems, student, drafts', '1'],
        ['other', '', '2'],
      ],
      align: ['left', 'left', 'right'] as const,
    };
    expect(renderWithin(screen(26), plan)).toBe(
      `\
run    does       seed
-----  ---------  ----
main   problems,     1
       student,
       drafts
other                2`,
    );
  });

  it('is wider than asked where a single column is', () => {
    const long = 'a-path-without-any-space';
    expect(renderWithin(screen(10), { headers: ['', 'file'], rows: [['a', long]] })).toContain(
      long,
    );
  });

  it('is coloured without moving', () => {
    const coloured = renderWithin(screen(72, true), figures);
    expect(coloured).toContain('\x1b[1m');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what a terminal is sent
    expect(coloured.replaceAll(/\x1b\[\d+m/g, '')).toBe(renderWithin(screen(72), figures));
  });
});

describe('wrap', () => {
  it('breaks at spaces, and indents what follows', () => {
    expect(wrap('one two three four', 9)).toBe('one two\nthree\nfour');
    expect(wrap('one two three four', 9, '  ')).toBe('one two\n  three\n  four');
    expect(wrap('', 9)).toBe('');
  });

  it('leaves what has no spaces whole', () => {
    expect(wrap('see runs/tiny/problems/test.jsonl there', 10)).toBe(
      'see\nruns/tiny/problems/test.jsonl\nthere',
    );
  });
});

it('makes what others have written fit to be seen, in tables and sentences', () => {
  const evil = '\u001b]0;x\u0007name\u009b31m\u202e';
  const table = renderWithin(screen(80), { headers: ['model', evil], rows: [[evil, '1']] });
  for (const text of [table, wrap(`a ${evil} b`, 20)]) {
    expect(text).not.toMatch(/[^\P{C}\n]/u);
    expect(text).toContain('\\u001b');
  }
});
