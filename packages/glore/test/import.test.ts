/** `glore import`: a GGUF file as a folder, which a recipe may have as its base. */
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import {
  buildTokenizer,
  initialWeights,
  loadCheckpoint,
  openTokenizer,
  saveGguf,
} from '@glore/engine';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { base, glore, temporaryFolder, writeRecipe } from './glore.js';

vi.setConfig({ testTimeout: 300_000 });

let folder: string;
let file: string;
/** A small model that was made for something else: a Qwen2 with other special tokens. */
const tokenizer = buildTokenizer({
  texts: [readFileSync(join(base, '../../docs/method.md'), 'utf8')],
  special: ['<|im_start|>', '<|im_end|>'],
});
const config = {
  vocabSize: openTokenizer(tokenizer).size,
  hiddenSize: 32,
  intermediateSize: 64,
  layers: 2,
  heads: 4,
  kvHeads: 2,
  headSize: 8,
  ropeTheta: 10_000,
  normEpsilon: 1e-6,
  maxPositions: 512,
  tieEmbeddings: true,
  attentionBias: 'qkv',
  bosToken: 0,
  eosToken: 1,
} as const;
beforeAll(async () => {
  folder = temporaryFolder();
  file = join(folder, 'qwen.gguf');
  await saveGguf(file, { config, weights: initialWeights(config, 1), tokenizer });
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('glore import', () => {
  it('writes a folder, says what it is, and does not overwrite unasked', async () => {
    const model = join(folder, 'model');
    const { code, stdout } = await glore(['import', file, model, '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ folder: model, architecture: 'qwen2', runs: true });
    expect((await loadCheckpoint(model)).config).toEqual(config);
    const again = await glore(['import', file, model]);
    expect(again).toMatchObject({ code: 2, stdout: '' });
    expect(again.stderr).toContain('(folder-exists)');
    const replaced = await glore(['import', file, model, '--replace']);
    expect(replaced.code).toBe(0);
    expect(replaced.stdout).toContain('a recipe may have it as its base');
  });

  it('replaces models alone, and never the file that it reads', async () => {
    const other = join(folder, 'other');
    mkdirSync(other);
    writeFileSync(join(other, 'notes.txt'), 'mine');
    expect((await glore(['import', file, other, '--replace'])).stderr).toContain(
      '(checkpoint-occupied)',
    );
    cpSync(file, join(other, 'qwen.gguf'));
    const within = await glore(['import', join(other, 'qwen.gguf'), other, '--replace']);
    expect(within.stderr).toContain('(file-within)');
    expect(readdirSync(other).sort()).toEqual(['notes.txt', 'qwen.gguf']);
  });

  it('refuses what is cut off, and leaves nothing', async () => {
    const cut = join(folder, 'cut.gguf');
    writeFileSync(cut, readFileSync(file).subarray(0, -100));
    const { code, stderr } = await glore(['import', cut, join(folder, 'cut')]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^error: .*cut\.gguf: expected .* found a file of .*\(gguf-invalid\)$/m);
    expect(readdirSync(folder).filter((name) => name.startsWith('cut'))).toEqual(['cut.gguf']);
  });

  it('gives a base that a recipe trains and samples, without the special tokens in it', async () => {
    const model = join(folder, 'base');
    await glore(['import', file, model]);
    const recipe = writeRecipe(folder, 'mine', [base, model]);
    const run = join(folder, 'run');
    const { code, stderr } = await glore(['drafts', recipe, '--run', run, '--json']);
    expect(stderr).not.toContain('error');
    expect(code).toBe(0);
    expect(existsSync(join(run, 'drafts/done.json'))).toBe(true);
    const student = await loadCheckpoint(join(run, 'student/model'));
    const { id, size } = openTokenizer(student.tokenizer);
    expect(size).toBe(config.vocabSize + 9);
    expect(student.config).toMatchObject({
      vocabSize: config.vocabSize + 9,
      bosToken: id('<|bos|>'),
      eosToken: id('<|eos|>'),
      attentionBias: 'qkv',
      tieEmbeddings: true,
    });
  });
});
