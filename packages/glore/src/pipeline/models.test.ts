import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readModel } from './models.js';

const base = join(resolve(import.meta.dirname, '../../../..'), 'checkpoints/base');

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'glore-models-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('readModel', () => {
  it.each([
    ['orm', 'expected the orm that'],
    ['retrained', 'expected the retrained student that'],
  ] as const)('says that the model of %s is damaged, and what to delete', async (stage, said) => {
    const model = join(folder, stage, 'model');
    cpSync(base, model, { recursive: true });
    expect((await readModel(folder, stage)).config.layers).toBeGreaterThan(0);
    writeFileSync(join(model, 'model.safetensors'), '');
    await expect(readModel(folder, stage)).rejects.toMatchObject({
      code: 'model-damaged',
      message: expect.stringMatching(
        `${model}: ${said} was trained, .*; delete ${join(folder, stage)} and make it again`,
      ),
    });
  });
});
