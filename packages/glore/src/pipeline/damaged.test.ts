/** A run that goes on where a checkpoint of a stage that is not done has been damaged. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { readRecipe } from '../recipe/index.js';
import { silentReporter } from '../run/index.js';
import { runPipeline } from './index.js';

const tiny = readRecipe(join(resolve(import.meta.dirname, '../../../..'), 'recipes/tiny.yaml'));
const small = { epochs: 1, batch: 8 } as const;
const few = { ...small, examples: 16 } as const;
const recipe = {
  ...tiny,
  workers: 1,
  maxTokens: 60,
  student: {
    sft: { ...tiny.student.sft, ...small, problems: 8 },
    expertIteration: {
      ...tiny.student.expertIteration,
      ...{ ...small, rounds: 1, problems: 8, samples: 1 },
    },
  },
  drafts: { problems: 24, samples: 3, temperature: 1 },
  rollouts: { ...tiny.rollouts, samples: 6, count: 2 },
  training: { ...tiny.training, sorm: { ...tiny.training.sorm, ...few, doubt: 0.5 } },
};

const goOn = (folder: string, until: 'student' | 'sorm') =>
  runPipeline({ folder, recipe, until, reporter: silentReporter });

it('names the checkpoint and what to delete, after which the run ends as it would have', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'glore-damaged-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  // Of a round that another one has followed nobody asks anything.
  const after = ['samples-1.jsonl', 'training-1.mask.json', 'round-1'];
  for (const [stage, checkpoint, gone] of [
    ['student', 'round-0', after],
    ['student', 'round-1', []],
    ['sorm', 'first-model', []],
    ['sorm', 'model', []],
  ] as const) {
    const model = join(folder, stage, 'model/model.safetensors');
    if (!existsSync(model)) await goOn(folder, stage);
    const whole = readFileSync(model);
    const damaged = join(folder, stage, checkpoint);
    for (const name of ['done.json', ...gone])
      rmSync(join(folder, stage, name), { recursive: true });
    writeFileSync(join(damaged, 'model.safetensors'), '');
    await expect(goOn(folder, stage)).rejects.toMatchObject({
      code: 'model-damaged',
      message: expect.stringMatching(`${damaged}: .*; delete ${damaged} and make it again`),
    });
    rmSync(damaged, { recursive: true });
    await goOn(folder, stage);
    expect(readFileSync(model).equals(whole), `${stage}/${checkpoint}`).toBe(true);
  }
}, 120_000);
