import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import {
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { initialWeights, type Tensor } from '../llama/index.js';
import { buildTokenizer } from './build.js';
import {
  type Checkpoint,
  fingerprint,
  loadCheckpoint,
  loadModel,
  saveCheckpoint,
} from './checkpoint.js';
import { readSafetensors, writeSafetensors } from './safetensors.js';
import { openTokenizer } from './tokenizer.js';

const special = ['<|pad|>', '<|bos|>', '<|eos|>'];
const tokenizer = buildTokenizer({ texts: ['Fay has 3 apples.'], special });

function checkpoint(seed: number, tieEmbeddings = true): Checkpoint {
  const config = {
    vocabSize: openTokenizer(tokenizer).size,
    hiddenSize: 16,
    intermediateSize: 24,
    layers: 2,
    heads: 4,
    kvHeads: 2,
    headSize: 16,
    ropeTheta: 10_000,
    normEpsilon: 1e-5,
    maxPositions: 64,
    tieEmbeddings,
    bosToken: 1,
    eosToken: 2,
    padToken: 0,
  };
  return { config, weights: initialWeights(config, seed), tokenizer };
}

let parent: string;
let dir: string;
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'checkpoint-'));
  dir = join(parent, 'deep', 'model');
});
afterEach(() => rm(parent, { recursive: true }));

/** Rewrites the saved tensors. */
async function change(edit: (tensors: Map<string, Tensor>) => void): Promise<void> {
  const path = join(dir, 'model.safetensors');
  const tensors = await readSafetensors(path);
  edit(tensors);
  await writeSafetensors(path, tensors);
}

it.each([true, false])('loads what it saved (tied embeddings: %s)', async (tied) => {
  const saved = checkpoint(1, tied);
  await saveCheckpoint(dir, saved);
  const loaded = await loadCheckpoint(dir);
  expect(loaded).toEqual(saved);
  expect(fingerprint(loaded)).toBe(fingerprint(saved));
});

it('writes the folder that transformers reads', async () => {
  await saveCheckpoint(dir, checkpoint(1));
  expect((await readdir(dir)).sort()).toEqual([
    'config.json',
    'generation_config.json',
    'model.safetensors',
    'tokenizer.json',
    'tokenizer_config.json',
  ]);
  expect(JSON.parse(await readFile(join(dir, 'tokenizer_config.json'), 'utf8'))).toEqual({
    tokenizer_class: 'PreTrainedTokenizerFast',
    model_max_length: 64,
    clean_up_tokenization_spaces: false,
    bos_token: '<|bos|>',
    eos_token: '<|eos|>',
    pad_token: '<|pad|>',
  });
});

it('replaces a model and leaves nothing beside it', async () => {
  await saveCheckpoint(dir, checkpoint(1));
  await saveCheckpoint(dir, checkpoint(2));
  expect((await loadCheckpoint(dir)).weights).toEqual(checkpoint(2).weights);
  expect(await readdir(join(parent, 'deep'))).toEqual(['model']);
});

it('recovers from a save that was killed', async () => {
  await saveCheckpoint(dir, checkpoint(1));
  // killed while writing: a torn folder beside the model
  await mkdir(`${dir}.saving`);
  await writeFile(join(`${dir}.saving`, 'config.json'), '{');
  expect((await loadCheckpoint(dir)).weights).toEqual(checkpoint(1).weights);
  // killed between the renames: the old model stands aside
  await rename(dir, `${dir}.previous`);
  expect((await loadCheckpoint(dir)).weights).toEqual(checkpoint(1).weights);
  await saveCheckpoint(dir, checkpoint(2));
  expect((await loadCheckpoint(dir)).weights).toEqual(checkpoint(2).weights);
  expect(await readdir(join(parent, 'deep'))).toEqual(['model']);
});

it('does not replace a folder that is no model', async () => {
  await mkdir(dir, { recursive: true });
  await writeFile(join(dir, 'thesis.tex'), 'years of work');
  await expect(saveCheckpoint(dir, checkpoint(1))).rejects.toMatchObject({
    code: 'checkpoint-occupied',
    message: expect.stringContaining('thesis.tex'),
  });
  expect(existsSync(join(dir, 'thesis.tex'))).toBe(true);
});

it('does not replace a file', async () => {
  await mkdir(join(dir, '..'), { recursive: true });
  await writeFile(dir, 'a note');
  await expect(saveCheckpoint(dir, checkpoint(1))).rejects.toMatchObject({
    code: 'file-kind',
    message: expect.stringContaining('or a model to replace, found a file'),
  });
  expect(await readFile(dir, 'utf8')).toBe('a note');
});

it('tells models apart by weight and configuration', () => {
  const one = checkpoint(1);
  const changed = checkpoint(1);
  changed.weights.get('model.norm.weight')!.data[3] = 1.0000001;
  const stretched = { ...one, config: { ...one.config, ropeTheta: 20_000 } };
  const prints = [one, checkpoint(2), changed, stretched].map((one) => fingerprint(one));
  expect(new Set(prints).size).toBe(4);
  expect(prints[0]).toMatch(/^[0-9a-f]{64}$/);
});

it('ignores tensors that follow from the rest', async () => {
  await saveCheckpoint(dir, checkpoint(1));
  await change((tensors) => {
    tensors.set('lm_head.weight', tensors.get('model.embed_tokens.weight')!);
    tensors.set('model.layers.0.self_attn.rotary_emb.inv_freq', {
      shape: [2],
      data: new Float32Array(2),
    });
  });
  expect((await loadCheckpoint(dir)).weights).toEqual(checkpoint(1).weights);
});

it('names the tensor that is missing, misshapen or unknown', async () => {
  const name = 'model.layers.1.mlp.up_proj.weight';
  await saveCheckpoint(dir, checkpoint(1));
  await change((tensors) => tensors.set(name, { shape: [3], data: new Float32Array(3) }));
  await expect(loadCheckpoint(dir)).rejects.toMatchObject({
    code: 'tensor-misshapen',
    message: expect.stringContaining(`${name} of shape [24,16], found [3]`),
  });
  await change((tensors) => tensors.delete(name));
  await expect(loadCheckpoint(dir)).rejects.toMatchObject({
    code: 'tensor-missing',
    message: expect.stringContaining(name),
  });
  const bias = 'model.layers.1.self_attn.q_proj.bias';
  await saveCheckpoint(dir, checkpoint(1));
  await change((tensors) => tensors.set(bias, { shape: [16], data: new Float32Array(16) }));
  await expect(loadCheckpoint(dir)).rejects.toMatchObject({
    code: 'tensor-unexpected',
    message: expect.stringContaining(bias),
  });
});

it('reads a folder without a tokenizer as weights alone', async () => {
  await saveCheckpoint(dir, checkpoint(1));
  await rm(join(dir, 'tokenizer.json'));
  const { config, weights } = checkpoint(1);
  expect(await loadModel(dir)).toEqual({ config, weights });
});

it('refuses a tokenizer with tokens that the model has not', async () => {
  const larger = buildTokenizer({ texts: ['Fay has 3 red apples.'], special });
  const misfit = {
    code: 'tokenizer-misfit',
    message: expect.stringContaining('tokenizer.json has 263 tokens'),
  };
  await expect(saveCheckpoint(dir, { ...checkpoint(1), tokenizer: larger })).rejects.toMatchObject(
    misfit,
  );
  await saveCheckpoint(dir, checkpoint(1));
  await writeFile(join(dir, 'tokenizer.json'), larger);
  await expect(loadCheckpoint(dir)).rejects.toMatchObject(misfit);
  // The other way round is common: embeddings are often padded to a round number.
  await writeFile(join(dir, 'tokenizer.json'), buildTokenizer({ texts: [], special }));
  expect((await loadCheckpoint(dir)).config).toEqual(checkpoint(1).config);
});

it('names the first missing tensor of a config.json with absurdly many layers', async () => {
  await saveCheckpoint(dir, checkpoint(1));
  const path = join(dir, 'config.json');
  const json = JSON.parse(await readFile(path, 'utf8'));
  await writeFile(path, JSON.stringify({ ...json, num_hidden_layers: 2 ** 50 }));
  await expect(loadCheckpoint(dir)).rejects.toMatchObject({
    code: 'tensor-missing',
    message: expect.stringContaining('model.layers.2.input_layernorm.weight'),
  });
});

it('refuses an architecture that it does not compute', async () => {
  await saveCheckpoint(dir, checkpoint(1));
  const path = join(dir, 'config.json');
  const json = JSON.parse(await readFile(path, 'utf8'));
  await writeFile(path, JSON.stringify({ ...json, architectures: ['GemmaForCausalLM'] }));
  await expect(loadCheckpoint(dir)).rejects.toMatchObject({ code: 'config-unsupported' });
});

it.each([
  ['config.json', 'checkpoint-missing'],
  ['tokenizer.json', 'checkpoint-missing'],
  ['model.safetensors', 'safetensors-unreadable'],
])('says that %s is missing', async (name, code) => {
  await saveCheckpoint(dir, checkpoint(1));
  await rm(join(dir, name));
  await expect(loadCheckpoint(dir)).rejects.toMatchObject({ code });
});

it('takes a head beside tied embeddings only where it is the embedding', async () => {
  const saved = checkpoint(1);
  await saveCheckpoint(dir, saved);
  const embedding = saved.weights.get('model.embed_tokens.weight')!;
  await change((tensors) => tensors.set('lm_head.weight', embedding));
  expect(await loadCheckpoint(dir)).toEqual(saved);
  await change((tensors) => {
    const data = Float32Array.from(embedding.data);
    data[7]! += 0.5;
    tensors.set('lm_head.weight', { ...embedding, data });
  });
  await expect(loadCheckpoint(dir)).rejects.toMatchObject({
    code: 'head-untied',
    message: expect.stringMatching(/tie_word_embeddings.*set that to false/),
  });
  await change((tensors) =>
    tensors.set('lm_head.weight', { shape: [1], data: new Float32Array(1) }),
  );
  await expect(loadCheckpoint(dir)).rejects.toMatchObject({ code: 'head-untied' });
});

it.each([
  ['config.json', 'a folder'],
  ['config.json', 'a pipe'],
  ['config.json', 'a device'],
  ['tokenizer.json', 'a folder'],
  ['tokenizer.json', 'a pipe'],
  ['model.safetensors', 'a folder'],
  ['model.safetensors', 'a pipe'],
  ['model.safetensors', 'a device'],
])('says at once that %s is %s', async (name, kind) => {
  await saveCheckpoint(dir, checkpoint(1));
  const path = join(dir, name);
  await rm(path);
  if (kind === 'a folder') await mkdir(path);
  else if (kind === 'a pipe') execFileSync('mkfifo', [path]);
  else await symlink('/dev/zero', path);
  await expect(loadCheckpoint(dir)).rejects.toMatchObject({
    code: 'file-kind',
    message: `${path}: expected a file, found ${kind}; remove it or name another path`,
  });
});

it('writes through no link', async () => {
  const kept = join(parent, 'kept');
  await writeFile(kept, 'precious');
  const path = join(parent, 'state.safetensors');
  await symlink(kept, path);
  await writeSafetensors(path, checkpoint(1).weights);
  expect(await readFile(kept, 'utf8')).toBe('precious');
  expect((await readSafetensors(path)).size).toBe(checkpoint(1).weights.size);
});
