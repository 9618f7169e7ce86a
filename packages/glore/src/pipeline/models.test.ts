import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { initialAdapter, saveAdapter } from '@glore/engine';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readRecipe } from '../recipe/index.js';
import { openRunFolder, type Run } from './context.js';
import { modelFolder, type Read, readRetrained, readRole } from './models.js';

const root = resolve(import.meta.dirname, '../../../..');
const base = join(root, 'checkpoints/base');

let run: Run;
beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'glore-models-'));
  run = await openRunFolder(folder, readRecipe(join(root, 'recipes/tiny.yaml')));
});
afterAll(() => rmSync(run.folder, { recursive: true }));

const damaged = (folder: string, said: string, stage: string) => ({
  code: 'model-damaged',
  message: expect.stringMatching(
    `${folder}: ${said} was trained, .*; delete ${join(run.folder, stage)} and make it again`,
  ),
});

describe('the models of a run', () => {
  it.each([
    ['orm', 'expected the orm that', () => readRole(run, 'orm')],
    ['retrained', 'expected the retrained student that', () => readRetrained(run)],
  ] as const)('that are damaged are named, and what to delete: %s', async (stage, said, read) => {
    const model = join(run.folder, stage, 'model');
    cpSync(base, model, { recursive: true });
    expect((await read()).config.layers).toBeGreaterThan(0);
    writeFileSync(join(model, 'model.safetensors'), '');
    await expect(read()).rejects.toMatchObject(damaged(model, said, stage));
  });

  it('stand on one base where they are adapters, an ORM on what the SORM stands on', async () => {
    const { training } = run.recipe;
    const lora = { rank: 2 };
    const adapted: Run = {
      ...run,
      recipe: {
        ...run.recipe,
        training: {
          ...training,
          orm: { ...training.orm, start: 'sorm', lora },
          sorm: { ...training.sorm, lora },
          local: { ...training.local, lora },
        },
      },
    };
    cpSync(base, modelFolder(adapted, 'student'), { recursive: true });
    const shape = { rank: 2, alpha: 4, modules: ['q_proj'] } as const;
    for (const [seed, role] of (['orm', 'sorm', 'local'] as const).entries()) {
      const folder = modelFolder(adapted, role);
      expect(folder).toBe(join(run.folder, role, 'adapter'));
      await saveAdapter(folder, initialAdapter(run.base.config, shape, seed), 'student');
    }
    const read: Read = new Map();
    const student = await readRole(adapted, 'student', read);
    const [orm, sorm, local] = await Promise.all(
      (['orm', 'sorm', 'local'] as const).map((role) => readRole(adapted, role, read)),
    );
    for (const role of [orm!, sorm!, local!]) expect(role.weights).toBe(student.weights);
    expect(student.adapter).toBeUndefined();
    expect(orm!.adapter).toMatchObject(shape);
    expect(orm!.adapter).not.toEqual(sorm!.adapter);

    const folder = modelFolder(adapted, 'local');
    rmSync(join(folder, 'adapter_model.safetensors'));
    const said = 'expected the local that';
    await expect(readRole(adapted, 'local')).rejects.toMatchObject(damaged(folder, said, 'local'));
  });
});
