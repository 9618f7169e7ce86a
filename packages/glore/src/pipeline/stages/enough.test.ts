import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { openTokenizer } from '@glore/engine';
import { describe, expect, it } from 'vitest';
import { createCodec } from '../../codec/index.js';
import type { Problem } from '../../problem/index.js';
import { type Recipe, readRecipe } from '../../recipe/index.js';
import type { Sample } from '../../rollout/index.js';
import type { Run } from '../context.js';
import { answerCounter, checkDrafts, checkSets, checkSolvable } from './enough.js';

const root = resolve(import.meta.dirname, '../../../../..');
const recipe = readRecipe(join(root, 'recipes/tiny.yaml'));
const served: Recipe['models'] = readRecipe(join(root, 'recipes/tiny.yaml'), 'served').models;
const others = Object.fromEntries(
  Object.entries(served ?? {}).filter(([role]) => role !== 'student'),
) as Recipe['models'];

const samples = (count: number, more: Partial<Sample>): Sample[] =>
  Array.from({ length: count }, (_, index) => ({
    problem: `train-${index % 3}`,
    index,
    seed: 0,
    steps: [],
    answer: '7',
    right: false,
    tokens: 20,
    ...more,
  }));

describe('problems', () => {
  const codec = createCodec(
    openTokenizer(readFileSync(join(root, 'checkpoints/base/tokenizer.json'), 'utf8')),
  );
  const problem = (steps: string[]): Problem => ({ id: 'a', question: 'How?', answer: '7', steps });
  const [long, short] = [problem(['Lee has 3+4=7.', 'Lee has 7*1=7.']), problem([])];
  const within = (maxTokens: number, models?: Recipe['models']) =>
    ({ codec, recipe: { ...recipe, maxTokens, models } }) as Run;
  const least = codec.solution(short).length;

  it('none of which can be solved within maxTokens stop the run, with the least that is needed', () => {
    expect(() => checkSolvable(within(least - 1), [long, short])).toThrow(
      expect.objectContaining({
        code: 'max-tokens',
        message: expect.stringContaining(`at least ${least}, the tokens`),
      }),
    );
  });

  it('of which one can do not, and neither do those of a served student', () => {
    checkSolvable(within(least), [long, short]);
    checkSolvable(within(1), []);
    checkSolvable(within(1, served), [long]);
  });
});

describe('samples', () => {
  it('without an answer stop the run once it is plain that none will have one', () => {
    const count = answerCounter({ recipe });
    count(samples(255, { answer: null }));
    expect(() => count(samples(1, { answer: null }))).toThrow(
      expect.objectContaining({
        code: 'answers-none',
        message: expect.stringMatching(/none in 256; train the student on worked solutions/),
      }),
    );
  });

  it('without an answer stop it at their end, with what to change', () => {
    const full = answerCounter({ recipe });
    expect(() => full(samples(9, { answer: null, tokens: 160 }), true)).toThrow(
      'found none in 9; 9 are as long as maxTokens, 160: raise it',
    );
    const template = { stop: ['\n'] };
    const models = { student: { ...served!.student!, template } };
    const stopped = answerCounter({ recipe: { ...recipe, models } });
    expect(() => stopped(samples(9, { answer: null }), true)).toThrow(
      'models.student.template.stop may end them before their answer',
    );
  });

  it('that are few, and that nobody learns from, may be without an answer', () => {
    const prompted = answerCounter({ recipe: { ...recipe, models: served } });
    prompted(samples(255, { answer: null, tokens: 160 }), true);
    expect(() => prompted(samples(1, { answer: null, tokens: 160 }), true)).toThrow(
      expect.objectContaining({ code: 'answers-none' }),
    );
  });

  it('of which one has an answer do not', () => {
    const count = answerCounter({ recipe });
    count(samples(1, {}));
    count(samples(999, { answer: null }), true);
    answerCounter({ recipe })([], true);
  });
});

describe('drafts', () => {
  it.each([
    [
      false,
      /none right \(0 of 3 problems solved, 6 samples\): there would be no labels; make the student better/,
    ],
    [true, /none wrong \(3 of 3 problems solved, 6 samples\): .*raise drafts\.temperature/],
  ])('that are all alike stop the run: %s', (right, message) => {
    const alike = samples(6, { right });
    expect(() => checkDrafts({ recipe }, alike)).toThrow(
      expect.objectContaining({ code: 'drafts-alike', message: expect.stringMatching(message) }),
    );
    // Where nobody learns from them they are enough.
    checkDrafts({ recipe: { ...recipe, models: others } }, alike);
  });

  it('of both kinds do not', () => {
    checkDrafts({ recipe }, [...samples(1, { right: true }), ...samples(5, {})]);
  });
});

describe('sets', () => {
  const sizes = { sorm: 1, global: 1, local: 1 };

  it.each([
    ['sorm', 'label more (rollouts.samples)'],
    ['global', 'no problem has a right and a wrong draft'],
    ['local', 'raise rollouts.count'],
  ] as const)('that are empty stop the run: %s', (name, cure) => {
    checkSets({ recipe }, sizes);
    const empty = { ...sizes, [name]: 0 };
    expect(() => checkSets({ recipe }, empty)).toThrow(
      expect.objectContaining({ code: 'set-empty', message: expect.stringContaining(cure) }),
    );
    checkSets({ recipe: { ...recipe, models: others } }, empty);
  });

  it('are told of as the recipe makes them', () => {
    const { labels } = recipe;
    const said = (name: keyof typeof sizes, more: Partial<Recipe>) => {
      const check = () => checkSets({ recipe: { ...recipe, ...more } }, { ...sizes, [name]: 0 });
      return expect(check);
    };
    said('sorm', { labels: { ...labels, balance: true } }).toThrow(
      /all of one kind at each prefix length.*, or set labels\.balance to false$/,
    );
    said('sorm', { labels: { ...labels, balance: false } }).toThrow(
      /: no sample has a label; draw more \([^)]*\)$/,
    );
    said('local', { localDrafts: 'rollouts' }).toThrow('and a failing rollout');
    said('local', { localDrafts: 'all' }).not.toThrow('failing rollout');
  });
});
