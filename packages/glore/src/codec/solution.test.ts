import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  parseLines,
  parseSolution,
  renderSolution,
  type Solution,
  stripAnnotations,
} from './solution.js';

const gsm8k = join(process.env.GLORE_DATA ?? '../shared/data', 'gsm8k');

/** Text rich in the marks that matter here. */
const text = fc
  .array(
    fc.oneof(
      fc.constantFrom('\n', '\r', '\r\n', '####', '#', ' ', '<<', '>>', '<', '>', '7', 'a+b=c'),
      fc.string({ unit: 'binary' }),
    ),
  )
  .map((parts) => parts.join(''));

describe.skipIf(!existsSync(gsm8k))(`GSM8K (${gsm8k})`, () => {
  // The body runs even where the tests are skipped.
  const splits = existsSync(gsm8k) ? ['train', 'test'] : [];
  const answers = splits.flatMap((split) =>
    readFileSync(join(gsm8k, `${split}.jsonl`), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line): string => JSON.parse(line).answer),
  );

  it('comes back as written, but for its six blank lines', () => {
    expect(answers).toHaveLength(7473 + 1319);
    let blank = 0;
    for (const answer of answers) {
      const solution = parseLines(answer);
      expect(parseSolution(answer)).toEqual(solution);
      expect(solution.steps.length).toBeGreaterThan(0);
      expect(`#### ${solution.answer}`).toBe(answer.split('\n').at(-1));
      expect(parseLines(renderSolution(solution))).toEqual(solution);
      if (renderSolution(solution) !== answer) {
        expect(renderSolution(solution)).toBe(answer.replace(/\n\n+/g, '\n'));
        blank++;
      }
    }
    expect(blank).toBe(6);
  });

  it('keeps no annotation mark once stripped', () => {
    for (const step of answers.flatMap((answer) => parseLines(answer).steps)) {
      expect(stripAnnotations(step)).not.toMatch(/<<|>>/);
    }
  });
});

describe('parseLines', () => {
  it('splits steps and answer', () => {
    expect(parseLines('Fay has 3+4=<<3+4=7>>7.\nFay has 7*2=14.\n#### 14')).toEqual({
      steps: ['Fay has 3+4=<<3+4=7>>7.', 'Fay has 7*2=14.'],
      answer: '14',
    });
  });

  it.each([
    ['', [], null],
    ['one', ['one'], null],
    ['one\n####', ['one'], null],
    ['one\n####  1,200 ', ['one'], '1,200'],
    ['####-3', [], '-3'],
    ['one\r\n\n  \n<<1+1=2>>\ntwo\r#### 2', ['one', 'two'], '2'],
    ['one\n#### 2\nQuestion: next', ['one'], '2'],
    ['one\n#### 2\n#### 3', ['one'], '2'],
    ['price #### 2', ['price #### 2'], null],
  ])('reads %j', (text, steps, answer) => {
    expect(parseLines(text)).toEqual({ steps, answer });
  });

  it('reads any text into what it can write and read again', () => {
    fc.assert(
      fc.property(text, (written) => {
        const solution = parseLines(written);
        expect(parseLines(renderSolution(solution))).toEqual(solution);
      }),
      { numRuns: 2000 },
    );
  });

  it('reads as models of the codec were always read', () => {
    const obvious = (written: string): Solution => {
      const steps: string[] = [];
      for (const line of written.split(/\r\n|\n|\r/)) {
        const read = line.replace(/<<.*?>>/g, '').trim();
        if (read.startsWith('####')) return { steps, answer: read.slice(4).trim() || null };
        if (read !== '') steps.push(line);
      }
      return { steps, answer: null };
    };
    fc.assert(
      fc.property(text, (written) => {
        expect(parseLines(written)).toEqual(obvious(written));
      }),
      { numRuns: 2000 },
    );
  });
});

describe('parseSolution', () => {
  it('reads what models of any kind write', () => {
    expect(
      parseSolution(
        '<think>\n12?\n</think>\n\n#### Step 1\n9*2=18\n**#### 18**\n\nQuestion: next\n#### 7',
      ),
    ).toEqual({ steps: ['Step 1', '9*2=18'], answer: '18' });
    expect(parseSolution('9*2=18\nThe answer is 18.')).toEqual({
      steps: ['9*2=18', 'The answer is 18.'],
      answer: '18',
    });
    expect(parseSolution('9*2=18\nThe answer is 1', { finished: false })).toEqual({
      steps: ['9*2=18'],
      answer: null,
    });
  });

  it('reads any text into what can be written and read again', () => {
    const marked = fc.array(
      fc.oneof(
        text,
        fc.constantFrom(
          '<think>',
          '</think>',
          '<answer>',
          '\\boxed{5}',
          'The answer is 5.\n',
          'Q: 5\n',
        ),
      ),
    );
    fc.assert(
      fc.property(marked, fc.boolean(), (parts, finished) => {
        const solution = parseSolution(parts.join(''), { finished });
        expect(parseLines(renderSolution(solution))).toEqual(solution);
      }),
      { numRuns: 3000 },
    );
  });
});

describe('renderSolution', () => {
  it('writes lines', () => {
    expect(renderSolution({ steps: ['a', 'b'], answer: '2' })).toBe('a\nb\n#### 2');
    expect(renderSolution({ steps: ['a', 'b'], answer: null })).toBe('a\nb');
    expect(renderSolution({ steps: [], answer: '2' })).toBe('#### 2');
  });

  it.each(['', ' ', 'a\nb', 'a\n', 'a\rb', '#### 3', ' ####', '<<1+1=2>>'])(
    'refuses %j as a step',
    (step) => {
      expect(() => renderSolution({ steps: ['a', step], answer: '2' })).toThrow(
        expect.objectContaining({
          code: 'solution-malformed',
          message: expect.stringContaining(JSON.stringify(step)),
        }),
      );
    },
  );

  it.each(['', ' ', ' 2', '2\n', '2\n3', '<<2>>2'])('refuses %j as an answer', (answer) => {
    expect(() => renderSolution({ steps: ['a'], answer })).toThrow(
      expect.objectContaining({ code: 'solution-malformed' }),
    );
  });
});
