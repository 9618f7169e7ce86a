/** A run whose models learn adapters, in 8 bits: what its folder holds, and that models are opened from it. */
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { loadAdapter, loadCheckpoint, mergeAdapter, openTokenizer } from '@glore/engine';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createCodec } from '../src/codec/index.js';
import { openEmbedded } from '../src/model/index.js';
import { openRun } from '../src/pipeline/index.js';
import { refine } from '../src/refine/index.js';
import { base, glore, recordsOf, stagesThatWorked, temporaryFolder, writeRecipe } from './glore.js';

// The machine need not be free.
vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 });

const roles = ['orm', 'sorm', 'global', 'local'] as const;
const lora = 'lora: { rank: 4, targets: [q_proj, v_proj, down_proj] }';

let folder: string;
let recipe: string;
let run: string;
beforeAll(async () => {
  folder = temporaryFolder();
  run = join(folder, 'run');
  recipe = writeRecipe(
    folder,
    'recipe',
    ['workers: 1', 'workers: 2\nbits: 8'],
    ['problems: 140', 'problems: 70'],
    ['samples: 40', 'samples: 20'],
    ['dev: 24', 'dev: 8'],
    ['test: 66', 'test: 12'],
    ['epochs: 4', 'epochs: 1'],
    ['samples: 8', 'samples: 3'],
    ['sft: {', 'sft: { lora: { rank: 8 },'],
    ['orm: {', `orm: { ${lora},`],
    ['  sorm: {', `  sorm: { ${lora},`],
    ['global: {', `global: { ${lora},`],
    ['local: {', `local: { ${lora.replace(' }', ', layers: 2 }')},`],
  );
  expect(await glore(['run', recipe, '--run', run])).toMatchObject({ code: 0 });
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('a run with lora', () => {
  it('holds the student as a model, and of the others adapters on it', async () => {
    const student = await loadCheckpoint(join(run, 'student/model'));
    expect(existsSync(join(run, 'student/adapter'))).toBe(false);
    // The first student is the base with the adapter beside it.
    const { config, weights } = await loadCheckpoint(base);
    const learned = await loadAdapter(join(run, 'student/training-0/adapter'), config);
    const first = await loadCheckpoint(join(run, 'student/round-0'));
    expect(first.weights).toEqual(mergeAdapter(weights, learned));
    for (const role of [...roles, 'retrained']) {
      expect(existsSync(join(run, role, 'model')), role).toBe(false);
      const dir = join(run, role, 'adapter');
      const config = JSON.parse(readFileSync(join(dir, 'adapter_config.json'), 'utf8'));
      expect(config).toMatchObject({
        peft_type: 'LORA',
        r: 4,
        lora_alpha: 8,
        target_modules: ['q_proj', 'v_proj', 'down_proj'],
        base_model_name_or_path: join(run, 'student/model'),
      });
      const adapter = await loadAdapter(dir, student.config);
      const learned = [...adapter.weights].filter(([name]) => name.endsWith('lora_B.weight'));
      const { layers } = student.config;
      expect(learned.length).toBe(3 * (role === 'local' ? 2 : layers));
      // The last of them.
      if (role === 'local') expect(adapter.layers).toEqual([layers - 2, layers - 1]);
      for (const [, { data }] of learned) expect(data.some((value) => value !== 0)).toBe(true);
    }
    // The first SORM, from which the other goes on.
    expect(readdirSync(join(run, 'sorm'))).toContain('first-adapter');
  });

  it('is not done again, and goes on where a stage is gone with the same records', async () => {
    const before = recordsOf(run);
    const again = await glore(['run', recipe, '--run', run, '--json']);
    expect({ code: again.code, worked: stagesThatWorked(again.stderr) }).toEqual({
      code: 0,
      worked: [],
    });
    rmSync(join(run, 'orm'), { recursive: true });
    const anew = await glore(['run', recipe, '--run', run, '--json']);
    expect(anew.code).toBe(0);
    expect(stagesThatWorked(anew.stderr)).toContain('orm');
    expect(recordsOf(run)).toEqual(before);
  });

  it('needs no model of a round that another one has followed', async () => {
    const before = recordsOf(run);
    for (const name of ['done.json', 'model', 'round-0']) {
      rmSync(join(run, 'student', name), { recursive: true });
    }
    const { code } = await glore(['run', recipe, '--run', run]);
    expect(code).toBe(0);
    expect(existsSync(join(run, 'student/round-0'))).toBe(false);
    const gone = Object.keys(before).filter((name) => name.startsWith('student/round-0/'));
    expect(gone.length).toBeGreaterThan(0);
    for (const name of gone) delete before[name];
    expect(recordsOf(run)).toEqual(before);
  });

  it('is in 8 bits, and says so', async () => {
    const student = await loadCheckpoint(join(run, 'student/model'));
    const orm = {
      ...student,
      adapter: await loadAdapter(join(run, 'orm/adapter'), student.config),
    };
    const item = { question: 'Lee has 39 books. Lee loses 23. How many books does Lee have?' };
    const items = [{ ...item, solution: { steps: ['Lee has 39-23=16.'], answer: '16' } }];
    const opened = await openRun(run);
    const values = await opened.roles.orm.values(items);
    await opened.close();
    const valuesIn = async (bits: 8 | 32) => {
      const model = await openEmbedded(orm, 1, { bits });
      const critic = model.critic(createCodec(openTokenizer(student.tokenizer)));
      const found = (await critic.value(items)).map(({ values }) => values);
      await model.close();
      return found;
    };
    expect(values).toEqual(await valuesIn(8));
    expect(values).not.toEqual(await valuesIn(32));

    const { stdout } = await glore(['report', '--run', run]);
    expect(stdout).toContain('in 8 bits');
    const { stdout: json } = await glore(['report', '--run', run, '--json']);
    expect(JSON.parse(json)).toMatchObject({ bits: 8 });
  });

  it('is opened: its models refine', async () => {
    const opened = await openRun(run);
    const question =
      'Lee has 39 books. Lee loses 23. Lee buys 35 more. How many books does Lee have?';
    const [decision] = await refine([question], opened.roles, opened.options);
    expect(decision!.candidates.length).toBeGreaterThan(1);
    await opened.close();
  });

  it('gives a model with an adapter as one file', async () => {
    const file = join(folder, 'orm.gguf');
    const model = join(run, 'student/model');
    const adapter = join(run, 'orm/adapter');
    const { code } = await glore(['export-gguf', model, file, '--adapter', adapter]);
    expect(code).toBe(0);
    const student = await loadCheckpoint(model);
    const merged = mergeAdapter(student.weights, await loadAdapter(adapter, student.config));
    const name = 'model.layers.0.mlp.down_proj.weight';
    const bytes = Buffer.from(merged.get(name)!.data.buffer);
    expect(readFileSync(file).includes(bytes.subarray(0, 4096))).toBe(true);
  });
});
