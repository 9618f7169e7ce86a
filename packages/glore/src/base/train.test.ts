import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { readBaseRecipe, tokenizerOf } from './train.js';

const root = (path: string): string =>
  fileURLToPath(new URL(`../../../../${path}`, import.meta.url));

it.each([
  ['base', 'base'],
  ['base-plain-small', 'plain'],
])('%s.yaml gives the tokenizer of checkpoints/%s', (recipe, checkpoint) => {
  const tokenizer = readFileSync(root(`checkpoints/${checkpoint}/tokenizer.json`), 'utf8');
  expect(tokenizerOf(readBaseRecipe(root(`recipes/${recipe}.yaml`)))).toBe(tokenizer);
});
