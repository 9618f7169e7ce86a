import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readGsm8k } from './gsm8k.js';
import { readJsonlProblems } from './jsonl.js';
import { readSvamp } from './svamp.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'glore-problems-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** The code and message of the error that `read` throws, with the folder's name taken off. */
function errorOf(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    const { code, message } = error as { code: string; message: string };
    return `${code}: ${message.replaceAll(`${folder}/`, '')}`;
  }
  throw new Error('expected an error, got a result');
}

const good = '{"question": "How many?", "answer": "1 + 1 = <<1+1=2>>2\\n#### 2"}';
const svamp = (fields: string) => `[\n  {\n    "ID": "chal-1",\n    ${fields}\n  }\n]\n`;

describe('readGsm8k', () => {
  it('splits answers into steps and final answer, and skips blank lines', () => {
    const path = write('train.jsonl', `\uFEFF${good}\r\n\n${good.replaceAll('2', '1,002')}\n`);
    expect(readGsm8k(path)).toEqual([
      { id: 'train-1', question: 'How many?', answer: '2', steps: ['1 + 1 = <<1+1=2>>2'] },
      {
        id: 'train-3',
        question: 'How many?',
        answer: '1,002',
        steps: ['1 + 1 = <<1+1=1,002>>1,002'],
      },
    ]);
  });

  it.each<[string, string | Uint8Array, string]>([
    [
      'broken JSON',
      `${good}\n{"question": \n`,
      'json-broken: a.jsonl:2: expected valid JSON, found Unexpected end of JSON input; write one whole object on each line',
    ],
    [
      'values too deep to be written again',
      `${good}\n{"x": ${'['.repeat(9000)}${']'.repeat(9000)}}`,
      'json-broken: a.jsonl:2: expected valid JSON, found values within values, more than 1000 levels deep; write one whole object on each line',
    ],
    [
      'a list',
      `${good}\n[1]`,
      'not-an-object: a.jsonl:2: expected a JSON object, found a list; write one object with named fields for each record',
    ],
    [
      'a missing field',
      '{"question": "How many?", "Answer": "#### 2"}',
      'field-missing: a.jsonl:1: expected the field "answer", found "question", "Answer"; add it or name another field',
    ],
    [
      'a wrong type',
      '{"question": "How many?", "answer": 2}',
      'field-type: a.jsonl:1: expected a string in the field "answer", found a number; change its type',
    ],
    [
      'an empty question',
      '\n{"question": " ", "answer": "#### 2"}',
      'field-empty: a.jsonl:2: expected text in the field "question", found an empty string; fill it in or remove the record',
    ],
    [
      'no marker',
      '{"question": "How many?", "answer": "1 + 1 = 2"}',
      'gold-unparsable: a.jsonl:1: expected a last line "#### answer" in the field "answer", found "1 + 1 = 2"; correct the record or remove it',
    ],
    [
      'a gold answer that is no number',
      '{"question": "How many?", "answer": "#### 1,5"}',
      'gold-unparsable: a.jsonl:1: expected a number after ####, found "1,5"; correct the record or remove it',
    ],
    [
      'other bytes',
      Buffer.from(`${good}\n\n{"question": "\xe9"}\n${good}`, 'latin1'),
      'not-utf8: a.jsonl:3: expected UTF-8, found other bytes; convert it, e.g. iconv -f latin1 -t utf-8 a.jsonl',
    ],
    ['an empty file', '\n \n', 'file-empty: a.jsonl: expected records, found none; check the path'],
  ])('names file, line, expectation, finding and cure for %s', (_, content, message) => {
    const path = write('a.jsonl', content);
    expect(errorOf(() => readGsm8k(path))).toBe(message);
  });

  it('names a missing file', () => {
    expect(errorOf(() => readGsm8k(join(folder, 'none.jsonl')))).toBe(
      'file-unreadable: none.jsonl: expected a readable file, got "ENOENT: no such file or directory, open \'none.jsonl\'"; check the path',
    );
  });
});

describe('readSvamp', () => {
  const question = (body: string, rest = 'How many are there?') =>
    readSvamp(
      write(
        'svamp.json',
        svamp(`"Body": "${body}", "Question": "${rest}", "Answer": 51.0, "Type": "Common-Divison"`),
      ),
    );

  it('reads the answer exactly and corrects the type', () => {
    expect(question('There are 51 cats.')).toEqual([
      {
        id: 'chal-1',
        question: 'There are 51 cats. How many are there?',
        answer: '51',
        steps: [],
        structure: 'Common-Division',
      },
    ]);
  });

  it.each([
    ['There are 51 cats', 'There are 51 cats. How many are there?'],
    ['If there are 51 cats', 'If there are 51 cats, how many are there?'],
    [
      'A cat has $ 4.5. If it gets 4.5 more',
      'A cat has $ 4.5. If it gets 4.5 more, how many are there?',
    ],
    ['If it rains, stay. Then leave', 'If it rains, stay. Then leave. How many are there?'],
  ])('joins %j to its question', (body, joined) => {
    expect(question(body)[0]!.question).toBe(joined);
  });

  it.each([
    [
      'broken JSON',
      svamp('"Body": "A", "Body": }'),
      /^json-broken: a\.json:4: expected valid JSON, found Unexpected token '}', .*; repair it there$/,
    ],
    ['a string over two lines', '[\n{"ID": "chal\n-1"}\n]', /^json-broken: a\.json:2:/],
    ['a missing comma', '[\n{"ID": "a"}\n\n{"ID": "b"}\n]', /^json-broken: a\.json:4:/],
    ['a missing value', '[\n{"ID":\n}\n]', /^json-broken: a\.json:3:/],
    ['text after the end', '[]\n\nx\n\n', /^json-broken: a\.json:3:/],
    ['a cut file', '[\n{"ID": "chal-1"', /^json-broken: a\.json:2: expected valid JSON/],
    [
      'another shape',
      '{}',
      /^not-a-list: a\.json:1: expected a JSON list of objects, found an object/,
    ],
    ['an empty list', '[]', /^file-empty: a\.json: expected records/],
    [
      'an answer that is no number',
      svamp('"Body": "[{\\"1\\n,", "Question": "B", "Answer": "51", "Type": "Sum"').replace(
        '\n,',
        ',',
      ),
      /^field-type: a\.json:2: expected a number in the field "Answer", found a string/,
    ],
    [
      'an inexact answer',
      svamp('"Body": "A", "Question": "B", "Answer": 9007199254740993, "Type": "Sum"'),
      /^number-inexact: a\.json:2: .* found 9007199254740992; write it as a string/,
    ],
  ])('names file and line for %s', (_, content, message) => {
    const path = write('a.json', content);
    expect(errorOf(() => readSvamp(path))).toMatch(message);
  });

  it('names both lines of a duplicate id', () => {
    const item = '{"ID": "chal-1", "Body": "A", "Question": "B?", "Answer": 1.0, "Type": "Sum"}';
    const path = write('a.json', `[\n${item},\n\n${item}]`);
    expect(errorOf(() => readSvamp(path))).toBe(
      'id-duplicate: a.json:4: expected an id of its own, found "chal-1", which line 2 has too; rename or remove one',
    );
  });
});

describe('readJsonlProblems', () => {
  it('reads fields of any name', () => {
    const path = write(
      'mine.jsonl',
      [
        '{"key": 7, "q": "How many?", "a": 2.50, "s": ["x", "y"]}',
        '{"key": "b", "q": "Which?", "a": "blue", "s": ["", " ", "\\ufeff"]}',
      ].join('\n'),
    );
    expect(readJsonlProblems(path, { question: 'q', answer: 'a', id: 'key', steps: 's' })).toEqual([
      { id: '7', question: 'How many?', answer: '2.5', steps: ['x', 'y'] },
      { id: 'b', question: 'Which?', answer: 'blue', steps: [] },
    ]);
  });

  it('takes steps from a text, a line each', () => {
    const path = write(
      'mine.jsonl',
      '{"question": "Sum?", "answer": "1,080", "solution": "a\\n\\n b \\n#### 1,080"}',
    );
    const fields = { question: 'question', answer: 'answer', steps: 'solution' };
    expect(readJsonlProblems(path, fields)).toEqual([
      { id: 'mine-1', question: 'Sum?', answer: '1,080', steps: ['a', 'b'] },
    ]);
    const wrong = write('a.jsonl', '{"question": "Sum?", "answer": 3, "solution": [3]}');
    expect(errorOf(() => readJsonlProblems(wrong, fields))).toMatch(
      /^field-type: a\.jsonl:1: expected a list of strings in the field "solution"/,
    );
  });

  it('takes steps and answer from a worked solution', () => {
    const path = write('mine.jsonl', `${good}\n{"question": "Sum?", "answer": "So \\\\boxed{3}"}`);
    expect(readJsonlProblems(path, { question: 'question', answer: 'answer' })).toEqual([
      { id: 'mine-1', question: 'How many?', answer: '2', steps: ['1 + 1 = <<1+1=2>>2'] },
      { id: 'mine-2', question: 'Sum?', answer: '3', steps: [] },
    ]);
  });

  it.each([
    [
      '{"id": "a", "question": "Q", "answer": " "}',
      'gold-unparsable: a.jsonl:1: expected a final answer in the field "answer", found " "; give the answer alone, or mark it with ####',
    ],
    [
      '{"id": true, "question": "Q", "answer": "1"}',
      'field-type: a.jsonl:1: expected a string or a number in the field "id", found a boolean; change its type',
    ],
    [
      '{"id": "a", "question": "Q", "answer": "1"}\n{"id": "a", "question": "Q", "answer": "1"}',
      'id-duplicate: a.jsonl:2: expected an id of its own, found "a", which line 1 has too; rename or remove one',
    ],
  ])('refuses %s', (content, message) => {
    const path = write('a.jsonl', content);
    const read = () =>
      readJsonlProblems(path, { question: 'question', answer: 'answer', id: 'id' });
    expect(errorOf(read)).toBe(message);
  });
});
