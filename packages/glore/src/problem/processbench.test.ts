import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readProcessBench } from './processbench.js';

const rows = [
  {
    id: 'gsm8k-0',
    generator: 'someone',
    problem: 'Ann has 3 and buys 4.',
    steps: ['3 + 4 = 8.', 'So 8.'],
    final_answer_correct: false,
    label: 0,
  },
  { id: 1, problem: 'Bob has 2.', steps: ['2.'], label: -1 },
];

let folder: string;
let file: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'glore-processbench-'));
  file = join(folder, 'rows.jsonl');
});
afterAll(() => rmSync(folder, { recursive: true }));

const lines = (list: readonly object[]) => list.map((row) => `${JSON.stringify(row)}\n`).join('');
const read = (text: string) => {
  writeFileSync(file, text);
  return readProcessBench(file);
};

describe('readProcessBench', () => {
  it.each([
    ['JSON Lines', lines(rows)],
    ['a JSON list', JSON.stringify(rows, null, 2)],
  ])('reads %s', (_, text) => {
    expect(read(text)).toMatchObject([
      { id: 'gsm8k-0', problem: rows[0]!.problem, steps: rows[0]!.steps, label: 0 },
      { id: '1', steps: ['2.'], label: -1 },
    ]);
    expect(readProcessBench(file)[0]!.row.fields).toEqual(rows[0]);
  });

  const broken: [string, object, string, string][] = [
    ['a label beyond the steps', { label: 2 }, 'label-invalid', 'found 2;'],
    ['a label that is no number', { label: '0' }, 'label-invalid', 'found "0";'],
    ['a label without end', { label: Array(9999).fill(0) }, 'label-invalid', '0,0..; correct it'],
    ['half a label', { label: 0.5 }, 'label-invalid', 'found 0.5;'],
    ['no steps', { steps: [] }, 'field-empty', 'found no step;'],
    ['an empty step', { steps: ['a', ' '] }, 'field-empty', 'an empty one at index 1;'],
    ['steps that are no list', { steps: 'a' }, 'field-type', 'a list of strings'],
    ['no problem', { problem: undefined }, 'field-missing', 'the field "problem"'],
    ['an id twice', { id: 'gsm8k-0' }, 'id-duplicate', 'line 1'],
  ];
  it.each(broken)('refuses %s by file and line', (_, change, code, message) => {
    const text = lines([rows[0]!, { ...rows[1], ...change }]);
    expect(() => read(text)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) }),
    );
    expect(() => read(text)).toThrow(`${file}:2: `);
  });
});
