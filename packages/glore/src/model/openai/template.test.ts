import { readFileSync } from 'node:fs';
import { openTokenizer } from '@glore/engine';
import { describe, expect, it } from 'vitest';
import { createCodec, type Solution } from '../../codec/index.js';
import { fill, linesOf, marked, prefixesOf, templateOf, written } from './template.js';

const json = new URL('../../../../../checkpoints/base/tokenizer.json', import.meta.url);
const tokenizer = openTokenizer(readFileSync(json, 'utf8'));
const codec = createCodec(tokenizer);
/** What a text spells in ids, without the first token, which servers add. */
const spelt = (ids: readonly number[]) => tokenizer.decode(ids).replace('<|bos|>', '');

const question = 'Fay has 37 apples and gains 148. How many has she?';
const draft: Solution = {
  steps: ['Fay has 37+148=<<37+148=185>>185.', 'Fay keeps 185-0=185.'],
  answer: '185',
};
const unfinished = { ...draft, answer: null };

describe('the templates of completions', () => {
  it.each([draft, unfinished])('spell what the codec spells', (solution) => {
    const text = (role: 'student' | 'global' | 'local', written = '') =>
      fill(templateOf(role, 'completions').prompt, { question, draft: written });
    expect(text('student')).toBe(spelt(codec.prompt(question)));
    expect(text('student') + written(linesOf(unfinished))).toBe(
      spelt([...codec.prompt(question), ...codec.prefix(draft.steps)]),
    );
    expect(text('global', written(linesOf(solution)))).toBe(
      spelt(codec.globalPrompt(question, solution)),
    );
    for (const e of [1, 2, 3]) {
      expect(text('local', marked(solution, e))).toBe(
        spelt(codec.localPrompt(question, solution, e)),
      );
    }
    const { prompt, tag } = templateOf('orm', 'completions');
    const { tokens, tags } = codec.tagged(question, solution);
    expect(prefixesOf(solution, tag).map((lines) => fill(prompt, { question, lines }))).toEqual(
      tags.map((at) => spelt(tokens.slice(0, at + 1))),
    );
  });
});

it('fills places once, and leaves other braces alone', () => {
  expect(fill('{question} {draft} {x}', { question: 'a {draft}', draft: '$&' })).toBe(
    'a {draft} $& {x}',
  );
});

it('takes what a recipe gives, and its own for the rest', () => {
  const given = templateOf('orm', 'chat', { prompt: 'P {lines}', stop: ['x'], system: undefined });
  expect(given).toMatchObject({ prompt: 'P {lines}', stop: ['x'], tag: '' });
  expect(given.labels.positive).toContain('+');
  for (const role of ['student', 'orm', 'sorm', 'global', 'local'] as const) {
    expect(templateOf(role, 'chat').prompt).toContain('{question}');
  }
});
