import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { generateProblems } from '../../problem/index.js';
import { readRecipe } from '../../recipe/index.js';
import { exampleQuestion } from '../example.js';
import { unfamiliarTo } from './unfamiliar.js';

const recipe = readRecipe(
  fileURLToPath(new URL('../../../../../recipes/tiny.yaml', import.meta.url)),
);
const unfamiliar = unfamiliarTo(recipe);

it('has nothing to say of the questions of a run, or of the one in the help texts', () => {
  if (recipe.problems.source !== 'world') throw new Error('the default job is of the world');
  const { settings } = recipe.problems;
  const problems = generateProblems({ split: 'test', count: 500, seed: 3, settings });
  expect(problems.map(({ question }) => unfamiliar(question)).filter(Boolean)).toEqual([]);
  expect(unfamiliar(exampleQuestion)).toBeUndefined();
});

it.each([
  [
    'Mia has 37 stamps. She buys 15 more. How many stamps does she have?',
    'the words Mia, She, she',
  ],
  ['Ann has 5% of 20 eggs. How many eggs does Ann have?', 'the words %'],
  ['Fay has more coins than Gus. How many coins does Fay have?', 'such sentences'],
  ['Fay finds 31 more. How many coins does Fay have?', 'such sentences'],
  [
    'Fay has 37 coins. Fay finds 148 more. How many coins does Fay have?',
    'a question of 1 step, only of 3 to 6',
  ],
])('names what the models cannot know in "%s"', (question, found) => {
  expect(unfamiliar(question)).toBe(found);
});

it('does not know what models on servers have seen', () => {
  const served = {
    endpoint: 'local',
    model: 'student',
    api: 'completions',
    spelling: 'tokens',
    scoring: 'pooling',
    positive: 1,
  } as const;
  expect(unfamiliarTo({ ...recipe, models: { student: served } })('Who is Mia?')).toBeUndefined();
});
