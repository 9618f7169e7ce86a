import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { readRecipe } from '../recipe/index.js';
import type { Sample } from '../rollout/index.js';
import { openRunFolder } from './context.js';
import { readLabels, readRollouts } from './records.js';

const root = resolve(import.meta.dirname, '../../../..');

it('names both files where records do not fit the steps of their sample', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'glore-records-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const run = await openRunFolder(folder, readRecipe(join(root, 'recipes/tiny.yaml')));
  const sample: Sample = {
    ...{ problem: 'p', index: 0, seed: 1, steps: ['a', 'b'], answer: '4', right: false },
    tokens: 9,
  };
  const said = (file: string, field: string, found: number) => ({
    code: 'record-broken',
    message: expect.stringContaining(
      `${join(folder, file)}:1: ${field}: expected one for each of the 2 steps that the sample has in drafts/samples.jsonl, found ${found}`,
    ),
  });
  const write = (stage: string, record: object) => {
    mkdirSync(join(folder, stage));
    writeFileSync(join(folder, stage, `${stage}.jsonl`), `${JSON.stringify(record)}\n`);
  };
  write('rollouts', { problem: 'p', sample: 0, prefixes: [], tokens: 0 });
  await expect(readRollouts(run, [sample])).rejects.toMatchObject(
    said('rollouts/rollouts.jsonl', 'prefixes', 0),
  );
  write('labels', {
    problem: 'p',
    sample: 0,
    labels: [true],
    answer: false,
    counts: [{ successes: 1, attempts: 1 }],
  });
  await expect(readLabels(run, [sample])).rejects.toMatchObject(
    said('labels/labels.jsonl', 'labels', 1),
  );
});
