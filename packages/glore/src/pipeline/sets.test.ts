import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Recipe, readRecipe } from '../recipe/index.js';
import { roundSets, setsOf, setsRead } from './sets.js';

const recipe = readRecipe(join(resolve(import.meta.dirname, '../../../..'), 'recipes/tiny.yaml'));
const namesOf = (of: Recipe) => setsOf(of).map(({ name }) => name);
const withRounds = (rounds: number): Recipe => ({
  ...recipe,
  student: {
    ...recipe.student,
    expertIteration: { ...recipe.student.expertIteration, rounds },
  },
});
const served: Recipe = {
  ...withRounds(2),
  models: {
    student: {
      endpoint: 'local',
      model: 'm',
      api: 'completions',
      spelling: 'text',
      scoring: 'logprobs',
      positive: 1,
    },
  },
};
const files: Recipe['problems'] = { source: 'svamp', files: {}, dev: 3 };

describe('the sets of problems', () => {
  it('has one for each use, and no two that would be generated alike', () => {
    const sets = setsOf(withRounds(2));
    expect(sets.map(({ name }) => name)).toEqual([
      'sft',
      'ei-1',
      'ei-2',
      'train',
      'candidates',
      'dev',
      'test',
    ]);
    expect(new Set(sets.map(({ split, offset }) => `${split} ${offset}`)).size).toBe(sets.length);
  });

  it('has none for rounds on the problems of the drafts; the student reads those, and dev if it stops by it', () => {
    const { expertIteration } = recipe.student;
    const together: Recipe = {
      ...recipe,
      student: {
        ...recipe.student,
        expertIteration: { ...expertIteration, rounds: 3, problems: 'drafts', until: 0.005 },
      },
    };
    expect(namesOf(together)).toEqual(['sft', 'train', 'candidates', 'dev', 'test']);
    expect(roundSets(together)).toEqual(['train', 'train', 'train']);
    expect(setsRead(together, 'student').map(({ name }) => name)).toEqual(['sft', 'train', 'dev']);
    expect(roundSets(withRounds(2))).toEqual(['ei-1', 'ei-2']);
  });

  it('has counts as the recipe has them; of files all tests, unless it says how many', () => {
    const countOf = (of: Recipe, wanted: string) =>
      setsOf(of).find(({ name }) => name === wanted)!.count;
    expect(countOf(recipe, 'train')).toBe(recipe.drafts.problems);
    expect(countOf(recipe, 'dev')).toBe(recipe.problems.dev);
    expect(countOf({ ...recipe, problems: files }, 'test')).toBe(Infinity);
    expect(countOf({ ...recipe, problems: { ...files, test: 9 } }, 'test')).toBe(9);
  });

  it('are read by one stage each; a served student reads none, and takes none of files', () => {
    const readBy = (of: Recipe, stage: string) => setsRead(of, stage).map(({ name }) => name);
    expect(readBy(withRounds(2), 'student')).toEqual(['sft', 'ei-1', 'ei-2']);
    expect(readBy(recipe, 'drafts')).toEqual(['train']);
    expect(readBy(recipe, 'candidates')).toEqual(['candidates']);
    expect(readBy(recipe, 'evaluation')).toEqual(['dev', 'test']);
    expect(readBy(served, 'student')).toEqual([]);
    expect(namesOf(served)).toContain('ei-2');
    expect(namesOf({ ...served, problems: files })).not.toContain('ei-1');
  });
});
