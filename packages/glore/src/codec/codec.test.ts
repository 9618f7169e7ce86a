import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildTokenizer, openTokenizer } from '@glore/engine';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCodec, specialTokens } from './codec.js';
import { joinLocal, parseLines, type Solution, stripAnnotations } from './solution.js';

const question = 'Fay has 37 apples and gains 148. How many has she?';
const draft: Solution = { steps: ['Fay has 37+148=185.', 'Fay keeps 185-0=185.'], answer: '185' };
const tokenizer = openTokenizer(
  buildTokenizer({ texts: [question, ...draft.steps, '####'], special: specialTokens }),
);
const codec = createCodec(tokenizer);
const { ids } = codec;
const spell = (tokens: readonly number[]) => tokenizer.decode(tokens);

/** Any solution the codec can hold: some with words of the vocabulary, some of bytes, some of special spellings. */
const solutions: fc.Arbitrary<Solution> = fc
  .array(
    fc.oneof(
      fc.constantFrom(...draft.steps, ...specialTokens, 'x [BAD] y', '½ = <<1/2=.5>>.5', '>>'),
      fc.string({ unit: 'binary' }),
      fc.string({ unit: 'grapheme' }),
    ),
  )
  .chain((texts) => {
    const { steps } = parseLines(texts.map((text) => text.replace(/#/g, '')).join('\n'));
    const answer = fc.constantFrom('185', '-1,200.5', 'no one', null);
    return fc.record({ steps: fc.constant(steps.map(stripAnnotations)), answer });
  });

/** A solution with one of its lines, counted from 1. */
const located = solutions.chain((solution) =>
  fc.tuple(fc.constant(solution), fc.integer({ min: 1, max: solution.steps.length + 1 })),
);

describe('the sequences', () => {
  it('are spelt as documented', () => {
    const problem = `<|bos|>${question}\n`;
    const [one, two] = draft.steps;
    const solved = `${one}\n${two}\n#### 185`;
    expect(spell(codec.prompt(question))).toBe(problem);
    expect(spell(codec.prefix(draft.steps))).toBe(`${one}\n${two}\n`);
    expect(spell(codec.solution(draft))).toBe(`${solved}<|eos|>`);
    expect(spell(codec.plain(question, draft).tokens)).toBe(`${problem}${solved}<|eos|>`);
    expect(spell(codec.tagged(question, draft).tokens)).toBe(
      `${problem}<|step|>${one}\n<|step|>${two}\n<|step|>#### 185<|step|>`,
    );
    expect(spell(codec.globalPrompt(question, draft))).toBe(
      `${problem}<|draft|>${solved}\n<|revision|>`,
    );
    expect([1, 2, 3].map((e) => spell(codec.localPrompt(question, draft, e)))).toEqual([
      `${problem}<|draft|>[BAD]${solved}\n<|revision|>`,
      `${problem}<|draft|>${one}\n[BAD]${two}\n#### 185\n<|revision|>`,
      `${problem}<|draft|>${one}\n${two}\n[BAD]#### 185\n<|revision|>`,
    ]);
    expect(spell(codec.continuation(draft, 2))).toBe(`${two}\n#### 185<|eos|>`);
  });

  it('are spelt without an answer where there is none', () => {
    const stopped = { steps: ['Fay has 37.'], answer: null };
    expect(spell(codec.solution(stopped))).toBe('Fay has 37.\n<|eos|>');
    expect(spell(codec.localPrompt('Q', stopped, 2))).toBe(
      '<|bos|>Q\n<|draft|>Fay has 37.\n[BAD]<|revision|>',
    );
    expect(spell(codec.globalPrompt('Q', { steps: [], answer: null }))).toBe(
      '<|bos|>Q\n<|draft|><|revision|>',
    );
  });

  it('lose the annotations of steps', () => {
    const annotated = 'Fay has 37+148=<<37+148=185>>185.';
    expect(codec.step(annotated)).toEqual(codec.step(draft.steps[0]!));
    expect(codec.parse(codec.solution({ steps: [annotated], answer: '185' }))).toEqual({
      steps: [draft.steps[0]],
      answer: '185',
    });
  });
});

describe('parse', () => {
  it('inverts solution, and prefix where there is no answer', () => {
    fc.assert(
      fc.property(solutions, (solution) => {
        expect(codec.parse(codec.solution(solution))).toEqual(solution);
        const { steps } = solution;
        expect(codec.parse(codec.prefix(steps))).toEqual({ steps, answer: null });
      }),
      { numRuns: 1000 },
    );
  });

  it('drops the line that was cut off, answer or step', () => {
    const whole = codec.solution(draft);
    const [one, two] = draft.steps;
    expect(codec.parse(whole.slice(0, -1))).toEqual({ steps: [one, two], answer: null });
    expect(codec.parse(whole.slice(0, -2))).toEqual({ steps: [one, two], answer: null });
    const inStep = codec.step(one!).length + 2;
    expect(codec.parse(whole.slice(0, inStep))).toEqual({ steps: [one], answer: null });
    expect(codec.parse([])).toEqual({ steps: [], answer: null });
  });

  it('reads nothing after EOS', () => {
    expect(codec.parse([...codec.solution(draft), ...codec.step('more'), ids.pad])).toEqual(draft);
  });

  it('reads whatever a model generates into what can be encoded again', () => {
    const anyIds = fc.array(
      fc.oneof(
        fc.nat(tokenizer.size - 1),
        fc.constantFrom(...tokenizer.encode('\n\r#<> 5'), tokenizer.id('####'), ids.eos),
      ),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(anyIds, (generated) => {
        const solution = codec.parse(generated);
        expect(codec.parse(codec.solution(solution))).toEqual(solution);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('tagged', () => {
  it('points at a tag after each line, has one before the first, and is the plain sequence without them', () => {
    fc.assert(
      fc.property(solutions, (solution) => {
        const { tokens, tags } = codec.tagged(question, solution);
        const [first, ...rest] = [...tokens.keys()].filter((at) => tokens[at] === ids.step);
        expect(first).toBe(codec.prompt(question).length);
        expect(tags).toEqual(rest);
        expect(tags).toHaveLength(solution.steps.length + (solution.answer === null ? 0 : 1));
        const { tokens: plain } = codec.plain(question, solution);
        expect([...tokens.filter((id) => id !== ids.step), ids.eos]).toEqual(plain);
      }),
    );
  });

  it('reads a prefix as it reads the beginning of the whole', () => {
    fc.assert(
      fc.property(located, ([solution, e]) => {
        const { tokens, tags } = codec.tagged(question, solution);
        const steps = solution.steps.slice(0, e);
        const part = codec.tagged(question, { steps, answer: null });
        expect(part.tags).toEqual(tags.slice(0, steps.length));
        expect(part.tokens).toEqual(tokens.slice(0, part.tokens.length));
      }),
    );
  });
});

describe('splitting and joining', () => {
  it('makes the whole of any prefix and its continuation', () => {
    fc.assert(
      fc.property(located, ([solution, e]) => {
        const whole = codec.solution(solution);
        const prefix = codec.prefix(solution.steps.slice(0, e - 1));
        const rest = codec.continuation(solution, e);
        expect([...prefix, ...rest]).toEqual(whole);
        const { tokens, promptLength } = codec.plain(question, solution);
        expect(tokens.slice(0, promptLength)).toEqual(codec.prompt(question));
        expect(tokens.slice(promptLength)).toEqual(whole);
      }),
    );
  });

  it('joins a local refinement to what stands before [BAD]', () => {
    fc.assert(
      fc.property(located, solutions, ([solution, e], better) => {
        const joined = joinLocal(solution, e, codec.parse(codec.continuation(better, 1)));
        expect(joined.steps).toEqual([...solution.steps.slice(0, e - 1), ...better.steps]);
        expect(joined.answer).toBe(better.answer);
        expect(joinLocal(solution, e, codec.parse(codec.continuation(solution, e)))).toEqual(
          solution,
        );
      }),
    );
  });

  it('marks one place, which can be found again, in an unchanged draft', () => {
    fc.assert(
      fc.property(located, ([solution, e]) => {
        const tokens = codec.localPrompt(question, solution, e);
        const bad = tokens.indexOf(ids.bad);
        expect(tokens.lastIndexOf(ids.bad)).toBe(bad);
        const before = tokens.slice(tokens.indexOf(ids.draft) + 1, bad);
        expect(before).toEqual(codec.prefix(solution.steps.slice(0, e - 1)));
        expect(codec.parse(before).steps.length + 1).toBe(e);
        expect(tokens.toSpliced(bad, 1)).toEqual(codec.globalPrompt(question, solution));
      }),
    );
  });
});

describe('errors', () => {
  it.each([0, -1, 4, 1.5, NaN])('refuse line %d of a draft of two steps', (e) => {
    const error = expect.objectContaining({ code: 'location-invalid' });
    expect(() => codec.localPrompt(question, draft, e)).toThrow(error);
    expect(() => codec.continuation(draft, e)).toThrow(error);
    expect(() => joinLocal(draft, e, draft)).toThrow(error);
  });

  it('refuse steps and answers that are not one line', () => {
    const error = expect.objectContaining({ code: 'solution-malformed' });
    for (const step of ['a\nb', '', '<<1+1=2>>', '#### 2']) {
      expect(() => codec.prefix(['a', step])).toThrow(error);
      expect(() => codec.tagged('Q', { steps: [step], answer: '2' })).toThrow(error);
    }
    expect(() => codec.solution({ steps: [], answer: '2\n3' })).toThrow(error);
  });

  it('refuse an empty question', () => {
    expect(() => codec.prompt(' \n')).toThrow(expect.objectContaining({ code: 'question-empty' }));
  });

  it('refuse a tokenizer made for something else', () => {
    const open = (special: readonly string[]) =>
      createCodec(openTokenizer(buildTokenizer({ texts: [], special })));
    expect(() => open(specialTokens.slice(0, -1))).toThrow(
      expect.objectContaining({
        code: 'codec-tokenizer',
        message: expect.stringContaining('<|revision|>'),
      }),
    );
  });
});

it('takes the special tokens wherever they stand', () => {
  const reversed = buildTokenizer({ texts: [], special: [...specialTokens].reverse() });
  const other = createCodec(openTokenizer(reversed));
  const solution = { steps: ['2 + 2 = 4'], answer: '4' };
  expect(other.ids.pad).toBe(specialTokens.length - 1);
  expect(other.parse(other.solution(solution))).toEqual(solution);
});

it('has a hash that follows the tokenizer', () => {
  const other = openTokenizer(buildTokenizer({ texts: ['other'], special: specialTokens }));
  expect(createCodec(tokenizer).hash).toBe(codec.hash);
  expect(createCodec(other).hash).not.toBe(codec.hash);
});

const test = join(process.env.GLORE_DATA ?? '../shared/data', 'gsm8k', 'test.jsonl');

describe.skipIf(!existsSync(test))(`GSM8K (${test})`, () => {
  it('is read back from the tokens of every sequence', () => {
    for (const line of readFileSync(test, 'utf8').trimEnd().split('\n')) {
      const { question, answer } = JSON.parse(line) as { question: string; answer: string };
      const written = parseLines(answer);
      const solution = { steps: written.steps.map(stripAnnotations), answer: written.answer };
      const { tokens, promptLength } = codec.plain(question, written);
      expect(codec.parse(tokens.slice(promptLength))).toEqual(solution);
      const { tags } = codec.tagged(question, written);
      expect(tags).toHaveLength(solution.steps.length + 1);
      for (let e = 1; e <= solution.steps.length + 1; e++) {
        const continuation = codec.parse(codec.continuation(written, e));
        expect(joinLocal(solution, e, continuation)).toEqual(solution);
      }
    }
  });
});
