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
import { type LlamaConfig, loadCheckpoint, openTokenizer, saveGguf } from '@glore/engine';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { base, glore, temporaryFolder, writeRecipe } from './glore.js';

vi.setConfig({ testTimeout: 300_000 });

let folder: string;
let file: string;
let config: LlamaConfig;
let size: number;
beforeAll(async () => {
  folder = temporaryFolder();
  file = join(folder, 'theirs.gguf');
  // A model that knows the world, as another program would have made it: with special tokens of its own.
  const { tokenizer, ...model } = await loadCheckpoint(base);
  const json = JSON.parse(tokenizer);
  const theirs = (token: string) => token.replace(/^(?:<\|(.+)\|>|\[(.+)\])$/, '<@$1$2@>');
  for (const added of json.added_tokens) added.content = theirs(added.content);
  json.model.vocab = Object.fromEntries(
    Object.entries(json.model.vocab).map(([token, id]) => [theirs(token), id]),
  );
  ({ config } = model);
  size = openTokenizer(tokenizer).size;
  await saveGguf(file, { ...model, tokenizer: JSON.stringify(json) });
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('glore import', () => {
  it('writes a folder, says what it is, and does not overwrite unasked', async () => {
    const model = join(folder, 'model');
    const { code, stdout } = await glore(['import', file, model, '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ folder: model, architecture: 'llama', runs: true });
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
    cpSync(file, join(other, 'theirs.gguf'));
    const within = await glore(['import', join(other, 'theirs.gguf'), other, '--replace']);
    expect(within.stderr).toContain('(file-within)');
    expect(readdirSync(other).sort()).toEqual(['notes.txt', 'theirs.gguf']);
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
    const { id, ...found } = openTokenizer(student.tokenizer);
    expect(found.size).toBe(size + 9);
    expect(() => id('<@bos@>')).not.toThrow();
    expect(student.config).toEqual({
      ...config,
      vocabSize: size + 9,
      bosToken: id('<|bos|>'),
      eosToken: id('<|eos|>'),
      padToken: id('<|pad|>'),
    });
    const drafts = readFileSync(join(run, 'drafts/samples.jsonl'), 'utf8').trim().split('\n');
    // What it knew it knows still: it ends its solutions, most of them with an answer.
    const answered = drafts.filter((line) => JSON.parse(line).answer !== null);
    expect(answered.length / drafts.length).toBeGreaterThan(0.5);
  });
});
