import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { roleNames } from '../model/index.js';
import { type Recipe, readRecipe } from '../recipe/index.js';
import { planRun } from './plan.js';
import { ownSettings } from './table.js';

const recipes = join(resolve(import.meta.dirname, '../../../..'), 'recipes');
const tiny = readRecipe(join(recipes, 'tiny.yaml'));
const { student } = readRecipe(join(recipes, 'tiny.yaml'), 'served').models!;
const served = (roles: readonly string[]): Recipe['models'] =>
  Object.fromEntries(roles.map((role) => [role, student]));
const set = { source: 'svamp', files: {}, dev: 3, test: 3 } as const;

describe('the settings of problems', () => {
  const problems = (problems: Recipe['problems'], roles: readonly string[], maxTokens: number) =>
    ownSettings({ ...tiny, problems, models: served(roles), maxTokens }, 'problems');
  const others = roleNames.filter((role) => role !== 'student');

  it('have how long solutions may be where questions that are too long are left out', () => {
    for (const roles of [[], others]) {
      const of = (maxTokens: number) => problems({ ...set, tooLong: 'drop' }, roles, maxTokens);
      expect(of(100)).not.toEqual(of(101));
    }
    expect(problems(set, [], 100)).toEqual(problems(set, [], 101));
    expect(problems(tiny.problems, [], 100)).toEqual(problems(tiny.problems, [], 101));
  });

  it('change where the last role is served, since nothing is too long then', () => {
    const of = (roles: readonly string[], maxTokens = 100) =>
      problems({ ...set, tooLong: 'drop' }, roles, maxTokens);
    expect(of(roleNames)).not.toEqual(of(others));
    expect(of(others)).toEqual(of([]));
    expect(of(roleNames, 101)).toEqual(of(roleNames));
  });

  it('of files change where the student is served, which takes none of them', () => {
    expect(problems(set, ['student'], 100)).not.toEqual(problems(set, [], 100));
    expect(problems(set, ['orm'], 100)).toEqual(problems(set, [], 100));
    expect(problems(tiny.problems, ['student'], 100)).toEqual(problems(tiny.problems, [], 100));
  });
});

it('plans the drafts anew where other questions are left out', async () => {
  const planned = async (roles: readonly string[], tooLong?: 'drop') => {
    const problems = { ...set, ...(tooLong && { tooLong }) };
    const models = served(['student', ...roles]);
    const { fingerprints } = await planRun({ ...tiny, problems, models }, { until: 'drafts' });
    return fingerprints.get('drafts');
  };
  expect(await planned(roleNames, 'drop')).not.toBe(await planned([], 'drop'));
  // Where all are served, drafts do not depend on the base any more, which nobody runs then.
  expect(await planned(['orm'])).toBe(await planned([]));
});
