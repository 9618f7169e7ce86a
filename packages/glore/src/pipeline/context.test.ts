import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { roleNames } from '../model/index.js';
import { readRecipe } from '../recipe/index.js';
import { openRunFolder } from './context.js';
import { settingsOf } from './table.js';

const root = resolve(import.meta.dirname, '../../../..');

it('of a run whose roles are all served, only the tokenizer of the base is read', async () => {
  const recipe = readRecipe(join(root, 'recipes/tiny.yaml'), 'served');
  const { student } = recipe.models!;
  const served = {
    ...recipe,
    models: Object.fromEntries(roleNames.map((role) => [role, student!])),
  };
  const base = mkdtempSync(join(tmpdir(), 'glore-spelling-'));
  onTestFinished(() => rmSync(base, { recursive: true }));
  for (const file of ['config.json', 'tokenizer.json']) {
    cpSync(join(root, 'checkpoints/base', file), join(base, file));
  }

  const run = await openRunFolder(base, { ...served, base });
  const whole = await openRunFolder(base, readRecipe(join(root, 'recipes/tiny.yaml')));
  expect(run.base.weights.size).toBe(0);
  expect(run.codec.hash).toBe(whole.codec.hash);
  expect(run.base.config).toEqual(whole.base.config);
  // Weights that nobody reads change nothing of what a stage makes.
  const beside = await openRunFolder(base, { ...served, base: recipe.base });
  expect(settingsOf(beside, 'drafts')).toEqual(settingsOf(run, 'drafts'));
  expect(settingsOf(whole, 'drafts')).not.toEqual(settingsOf(run, 'drafts'));

  // Another number of bits does.
  const inBits = (bits: 8 | 32) =>
    settingsOf({ ...whole, recipe: { ...whole.recipe, bits } }, 'labels');
  expect(inBits(32)).toEqual(settingsOf(whole, 'labels'));
  expect(inBits(8)).not.toEqual(settingsOf(whole, 'labels'));
  // But where no model is in this process.
  const elsewhere = { ...run, recipe: { ...run.recipe, bits: 8 as const } };
  expect(settingsOf(elsewhere, 'labels')).toEqual(settingsOf(run, 'labels'));

  const { orm: _, ...others } = served.models;
  await expect(openRunFolder(base, { ...served, base, models: others })).rejects.toMatchObject({
    code: 'safetensors-unreadable',
  });
});
