import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseSolution, renderSolution, stripAnnotations } from './solution.js';

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
      const solution = parseSolution(answer);
      expect(solution.steps.length).toBeGreaterThan(0);
      expect(`#### ${solution.answer}`).toBe(answer.split('\n').at(-1));
      expect(parseSolution(renderSolution(solution))).toEqual(solution);
      if (renderSolution(solution) !== answer) {
        expect(renderSolution(solution)).toBe(answer.replace(/\n\n+/g, '\n'));
        blank++;
      }
    }
    expect(blank).toBe(6);
  });

  it('keeps no annotation mark once stripped', () => {
    for (const step of answers.flatMap((answer) => parseSolution(answer).steps)) {
      expect(stripAnnotations(step)).not.toMatch(/<<|>>/);
    }
  });
});

describe('parseSolution', () => {
  it('splits steps and answer', () => {
    expect(parseSolution('Fay has 3+4=<<3+4=7>>7.\nFay has 7*2=14.\n#### 14')).toEqual({
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
    expect(parseSolution(text)).toEqual({ steps, answer });
  });

  it('reads any text into what it can write and read again', () => {
    fc.assert(
      fc.property(text, (written) => {
        const solution = parseSolution(written);
        expect(parseSolution(renderSolution(solution))).toEqual(solution);
      }),
      { numRuns: 2000 },
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

describe('stripAnnotations', () => {
  it.each([
    ['Fay has 37+148=<<37+148=185>>185.', 'Fay has 37+148=185.'],
    ['$<<0.2*50=10>>10 and <<1+1=2>>2', '$10 and 2'],
    ['no mark', 'no mark'],
    ['3 << 4 and 4 > 3', '3 << 4 and 4 > 3'],
    ['<<<a>>b>>', 'b>>'],
    ['<<<a>><b>>', '<b>>'],
  ])('turns %j into %j', (step, stripped) => {
    expect(stripAnnotations(step)).toBe(stripped);
  });

  it('is idempotent', () => {
    fc.assert(
      fc.property(text, (step) => {
        const once = stripAnnotations(step);
        expect(stripAnnotations(once)).toBe(once);
      }),
      { numRuns: 2000 },
    );
  });
});
