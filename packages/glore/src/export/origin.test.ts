import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Recipe, readRecipe } from '../recipe/index.js';
import { samplesOf } from './facts.js';
import {
  globalOrigin,
  labelAccuracy,
  labelMethod,
  localOrigin,
  ormOrigin,
  plainOrigin,
  studentOrigin,
} from './origin.js';

const recipe = readRecipe(join(resolve(import.meta.dirname, '../../../..'), 'recipes/tiny.yaml'));
const { student, training, labels, rollouts } = recipe;
const model = {
  endpoint: 'local',
  model: 'm',
  api: 'completions',
  spelling: 'text',
  scoring: 'logprobs',
  positive: 1,
} as const;

describe('the sentences of a card', () => {
  it('say what the student has learned from, as far as there was any', () => {
    const of = (problems: number, rounds: number) =>
      studentOrigin({
        ...recipe,
        student: {
          sft: { ...student.sft, problems },
          expertIteration: { ...student.expertIteration, rounds },
        },
      });
    const samples = 'the correct and distinct samples of each round of Expert Iteration.';
    expect(of(10, 1)).toBe(`Worked solutions, and ${samples}`);
    expect(of(10, 0)).toBe('Worked solutions.');
    expect(of(0, 1)).toBe(`T${samples.slice(1)}`);
    expect(of(0, 0)).toBe('Nothing: the student is the base.');
    expect(studentOrigin({ ...recipe, models: { student: model } })).toMatch(
      /^Worked solutions\. The student was served/,
    );
  });

  it('say which right sample a global target is', () => {
    const of = (pairing: Recipe['pairing']) => globalOrigin({ ...recipe, pairing });
    expect(of('nearest')).toMatch(/smallest edit distance in lines\.$/);
    expect(of('random')).toMatch(/drawn at random\.$/);
    expect(of('random')).not.toContain('edit distance');
  });

  it('say how many local drafts one sample gives at most', () => {
    expect(localOrigin({ ...recipe, localPairs: 5 })).toContain('at most 5 for one sample');
  });

  it('say who learns from plain solving', () => {
    const of = (global: number, local: number, models?: Recipe['models']) =>
      plainOrigin({
        ...recipe,
        models,
        training: {
          ...training,
          global: { ...training.global, plain: global },
          local: { ...training.local, plain: local },
        },
      });
    expect(of(0.2, 0.2)).toContain(
      'the training of the global and the local refiner mixes some in',
    );
    expect(of(0, 0.2)).toContain('the training of the local refiner mixes some in');
    expect(of(0.2, 0.2, { global: model })).toContain('of the local refiner');
    expect(of(0, 0)).toMatch(/; no refiner of this recipe learns from them\.$/);
  });

  it('say how the samples of an ORM are balanced, and what it learns from beside them', () => {
    const of = (balance: Recipe['training']['orm']['balance'], candidates: number) =>
      ormOrigin({
        ...recipe,
        training: { ...training, orm: { ...training.orm, balance, candidates } },
      });
    expect(of('answer', 0)).toContain('as many right as wrong samples, the surplus left out');
    expect(of('problem', 0)).toContain('the rarer kind repeated');
    expect(of('prefix', 0)).toContain('as many positive as negative labels at each line');
    expect(of('answer', 0)).not.toContain('further problems');
    expect(of('answer', 70)).toContain('refinements of 70 further problems, which are not here');
  });

  it('say which rollouts a label follows from, and what is done to labels', () => {
    const of = (method: Recipe['rollouts']['method'], changed: Partial<Recipe['labels']> = {}) =>
      labelMethod(
        {
          ...recipe,
          rollouts: { ...rollouts, method, count: 6 },
          labels: { ...labels, ...changed },
        },
        true,
      );
    expect(of('adaptive')).toContain('any known rollout of the student');
    expect(of('adaptive')).toContain('at most 6 drawn there');
    expect(of('brute')).toContain('any of 6 rollouts of the student');
    // Other samples count for brute force too, and a right sample can fail its own prefixes.
    expect(of('brute')).toContain('or of its other samples that pass through that prefix');
    expect(of('brute')).toContain('a right sample counts as such a trace of its own prefixes');
    expect(of('brute')).toMatch(/Transforms: consistency .*; propagation .*; balance .*\.$/);
    const none = { ...recipe, labels: { ...labels, consistency: false, propagation: false } };
    expect(labelMethod(none, false)).toMatch(/Transforms: none\.$/);
  });

  it('say how many labels are true, if that is known', () => {
    const summary = { labels: 200, positive: 0.5, firstErrors: null };
    expect(labelAccuracy({ ...summary, accuracy: 0.9, accuracyOfWrong: 0.8 }, true)).toBe(
      'Of 200 labels of steps, before balance, 90.0% are true; of those of wrong samples, which rollouts decide, 80.0%.',
    );
    expect(labelAccuracy({ ...summary, accuracy: 0.9, accuracyOfWrong: null }, false)).toBe(
      'Of 200 labels of steps 90.0% are true.',
    );
    expect(labelAccuracy({ ...summary, accuracy: null, accuracyOfWrong: null }, false)).toBe(
      'How many of these labels are true is not known.',
    );
  });

  it('say when a problem is sampled on', () => {
    const drafts = { ...recipe.drafts, samples: 3, temperature: 1 };
    expect(samplesOf({ drafts: { ...drafts, further: null } }, 40)).toBe(
      '3 for each of 40 problems, temperature 1',
    );
    expect(samplesOf({ drafts: { ...drafts, further: { most: 6, temperature: 1.2 } } }, 40)).toBe(
      '3 for each of 40 problems, temperature 1; where none is right up to 6, the further ones at temperature 1.2 and used only if right',
    );
  });
});
