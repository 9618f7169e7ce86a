/** A base checkpoint, much too small and trained for two moments, that a recipe can start from. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import {
  base,
  glore,
  recordsOf,
  start,
  temporaryFolder,
  untilWritten,
  writeRecipe,
} from './glore.js';

vi.setConfig({ testTimeout: 600_000 });

const yaml = `
seed: 1
workers: 2
model: { hiddenSize: 32, intermediateSize: 64, heads: 2, kvHeads: 1, headSize: 16, maxPositions: 256 }
settings:
  steps: [2, 3]
  maxValue: 99
  operands: [3, 49]
  factors: [2, 5]
  operations: { gain: 4, lose: 4, times: 1, share: 1 }
  named: 0.2
  distractors: 0.2
equations: 3
heldOut: 1
evaluateEvery: 10
phases:
  - { ..1, layers: 1, steps: 60 }
  - { ..1, layers: 2, steps: 4 }
`.replaceAll(
  '..1',
  'seed: 1, decayOver: 60, rate: 2.0e-3, warmup: 2, problems: 4, drills: 4, checks: 2, judgements: 2, revisions: 2, labelWeight: 1.5, drillSizes: [{ maxValue: 99, operands: [3, 49], factors: [2, 5] }]',
);

let folder: string;
let recipe: string;
beforeAll(() => {
  folder = temporaryFolder();
  recipe = join(folder, 'base.yaml');
  writeFileSync(recipe, yaml);
});
afterAll(() => rmSync(folder, { recursive: true }));

it('trains a model that a recipe starts from', async () => {
  const run = join(folder, 'whole');
  expect(await glore(['base', recipe, '--run', run])).toMatchObject({ code: 0, stdout: '' });
  const own = writeRecipe(folder, 'own', [`base: ${base}`, `base: ${join(run, 'model')}`]);
  expect(await glore(['problems', own, '--run', join(folder, 'own')])).toMatchObject({ code: 0 });
});

it('goes on after a stop and ends with the same model', async () => {
  const run = join(folder, 'stopped');
  const running = start(['base', recipe, '--run', run]);
  await untilWritten(running, join(run, 'phase-1/curve.jsonl'));
  running.child.kill('SIGINT');
  expect(await running.ended).toMatchObject({ code: 130 });
  expect(await glore(['base', recipe, '--run', run])).toMatchObject({ code: 0 });
  expect(recordsOf(run)).toEqual(recordsOf(join(folder, 'whole')));
});

it('goes on from a checkpoint, deeper, with its tokenizer', async () => {
  const further = join(folder, 'further.yaml');
  const phases = yaml.slice(yaml.indexOf('phases:')).replace(/^ {2}- .*layers: 1.*\n/m, '');
  const head = yaml.slice(0, yaml.indexOf('phases:')).replace(/^model: .*$/m, 'start: whole/model');
  writeFileSync(
    further,
    head + phases.replace('problems: 4', 'pages: 4').replace('layers: 2', 'layers: 3'),
  );
  const run = join(folder, 'further');
  expect(await glore(['base', further, '--run', run])).toMatchObject({ code: 0, stdout: '' });
  const file = (of: string, name: string) => readFileSync(join(of, 'model', name), 'utf8');
  expect(file(run, 'tokenizer.json')).toBe(file(join(folder, 'whole'), 'tokenizer.json'));
  expect(JSON.parse(file(run, 'config.json'))).toMatchObject({
    num_hidden_layers: 3,
    hidden_size: 32,
  });
});

it.each([
  ['both', 'start: somewhere\nmodel:'],
  ['none', '#'],
])(
  'refuses a recipe with a shape and a checkpoint to go on from, or neither (%s)',
  async (_, by) => {
    writeFileSync(recipe, yaml.replace(/^model:/m, by));
    const run = join(folder, 'refused');
    expect(await glore(['base', recipe, '--run', run])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/base\.yaml.*: model: expected .*a checkpoint to go on from/),
    });
    expect(existsSync(run)).toBe(false);
  },
);

it('refuses a wrong recipe before any work', async () => {
  writeFileSync(recipe, yaml.replace('heldOut: 1', 'heldOut: none'));
  const run = join(folder, 'refused');
  expect(await glore(['base', recipe, '--run', run])).toMatchObject({
    code: 2,
    stderr: `error: ${recipe}:14: heldOut: expected a number, found "none" (recipe)\n`,
  });
  expect(existsSync(run)).toBe(false);
});
