import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { strongWeights } from '../golden/index.js';
import { buildTokenizer, openTokenizer } from '../hf/index.js';
import type { LlamaConfig } from '../llama/index.js';
import { Model } from '../parallel/index.js';
import { header } from './file.js';
import { ggufMetadata, ggufTensors, saveGguf } from './index.js';
import { tokenTypes } from './vocabulary.js';

/** What llama.cpp gave for the model below: bench/interop/gguf.mjs --write. */
const golden = JSON.parse(
  await readFile(new URL('../golden/gguf.golden.json', import.meta.url), 'utf8'),
) as {
  readonly header: string;
  readonly texts: readonly { readonly text: string; readonly ids: readonly number[] }[];
  readonly greedy: readonly {
    readonly tokens: readonly number[];
    readonly continuation: readonly number[];
  }[];
};
const tokenizer = buildTokenizer({
  texts: ['Ann has 12 apples. She has 12 + 30 = 42 apples. #### 42'],
  special: ['<|bos|>', '<|eos|>', '<|pad|>'],
});
const config: LlamaConfig = {
  vocabSize: openTokenizer(tokenizer).size,
  hiddenSize: 64,
  intermediateSize: 96,
  layers: 3,
  heads: 4,
  kvHeads: 2,
  headSize: 16,
  ropeTheta: 10_000,
  normEpsilon: 1e-5,
  maxPositions: 128,
  tieEmbeddings: false,
  bosToken: 0,
  eosToken: 1,
  padToken: 2,
};
const checkpoint = { config, weights: strongWeights(config, 1), tokenizer };

describe('a model that llama.cpp has run', () => {
  test('is written as it was then', () => {
    const bytes = header(ggufMetadata(checkpoint, 'model'), ggufTensors(checkpoint));
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(golden.header);
  });

  test('had the ids of our tokenizer for every text', () => {
    const { encode } = openTokenizer(tokenizer);
    expect(golden.texts).toHaveLength(60);
    for (const { text, ids } of golden.texts) expect(encode(text), text).toEqual(ids);
  });

  test('went on as it does here', async () => {
    const model = await Model.open(checkpoint, { workers: 1, rows: 2 });
    const { completions } = await model.generate({
      contexts: golden.greedy.map(({ tokens }) => ({
        tokens,
        branches: [{ length: tokens.length, seed: 0 }],
      })),
      maxTokens: 40,
      temperature: 0,
      stop: [1],
    });
    await model.close();
    expect(completions.map(([one]) => one!.tokens)).toEqual(
      golden.greedy.map(({ continuation }) => continuation),
    );
  });
});

describe('saveGguf', () => {
  let dir: string;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'gguf-'));
  });
  afterAll(() => rm(dir, { recursive: true }));

  it('writes the header, then every tensor at its place, aligned', async () => {
    const path = join(dir, 'a.gguf');
    await saveGguf(path, checkpoint);
    expect(await readdir(dir)).toEqual(['a.gguf']);
    const bytes = await readFile(path);
    const tensors = ggufTensors(checkpoint);
    const start = header(ggufMetadata(checkpoint, 'model'), tensors);
    expect(bytes.subarray(0, start.length).equals(start)).toBe(true);
    let at = start.length;
    for (const { data } of tensors.values()) {
      expect(at % 32).toBe(0);
      const found = new Float32Array(bytes.buffer.slice(bytes.byteOffset + at), 0, data.length);
      expect(found).toEqual(data);
      at += Math.ceil(data.byteLength / 32) * 32;
    }
    expect(bytes.length).toBe(at);
  });

  it('puts the pairs that are turned together side by side, in queries and keys of a Llama alone', () => {
    const rows = (name: string) => {
      const from = checkpoint.weights.get(`model.layers.1.self_attn.${name}_proj.weight`)!.data;
      const to = ggufTensors(checkpoint).get(`blk.1.attn_${name}.weight`)!.data;
      const row = (data: Float32Array, i: number) => data.subarray(64 * i, 64 * (i + 1)).join();
      return Array.from({ length: from.length / 64 }, (_, i) =>
        Array.from({ length: from.length / 64 }, (_, k) => k).find(
          (k) => row(from, k) === row(to, i),
        ),
      );
    };
    expect(rows('q').slice(0, 20)).toEqual(
      [0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15].concat([16, 24, 17, 25]),
    );
    expect(rows('k').slice(0, 4)).toEqual([0, 8, 1, 9]);
    expect(rows('v').slice(0, 4)).toEqual([0, 1, 2, 3]);
    const qwen = { ...config, headNorms: true as const };
    const weights = strongWeights(qwen, 1);
    expect(ggufTensors({ config: qwen, weights, tokenizer }).get('blk.0.attn_q.weight')).toBe(
      weights.get('model.layers.0.self_attn.q_proj.weight'),
    );
  });

  it('marks special tokens and signs, and fills up to the size of the embedding', () => {
    const wide = { ...checkpoint, config: { ...config, vocabSize: config.vocabSize + 3 } };
    const metadata = ggufMetadata(wide, 'wide');
    const tokens = metadata['tokenizer.ggml.tokens']!.value as string[];
    const types = metadata['tokenizer.ggml.token_type']!.value as number[];
    const typeOf = (token: string) => types[tokens.indexOf(token)];
    expect(typeOf('<|eos|>')).toBe(tokenTypes.control);
    expect(['.', '(', '\n', ' +', ' ='].map(typeOf)).toEqual(Array(5).fill(tokenTypes.userDefined));
    expect(['Ġ', '#', 'Ġ####', 'Ġhas', '7'].map(typeOf)).toEqual(Array(5).fill(tokenTypes.normal));
    expect(tokens.slice(-3)).toEqual([1, 2, 3].map((n) => `[PAD${config.vocabSize - 1 + n}]`));
    expect(types.slice(-3)).toEqual(Array(3).fill(tokenTypes.unused));
    expect(new Set(tokens).size).toBe(tokens.length);
  });

  it('takes the patterns of Qwen and GPT-2 with their merges', () => {
    const json = JSON.parse(tokenizer);
    const vocab = { ...json.model.vocab, th: config.vocabSize };
    json.model = { ...json.model, ignore_merges: false, vocab, merges: [['t', 'h']] };
    json.pre_tokenizer = { type: 'ByteLevel', add_prefix_space: false, use_regex: true };
    const wide = { ...config, vocabSize: config.vocabSize + 1 };
    const metadata = ggufMetadata(
      { ...checkpoint, config: wide, tokenizer: JSON.stringify(json) },
      'gpt',
    );
    expect(metadata['tokenizer.ggml.pre']!.value).toBe('gpt-2');
    expect(metadata['tokenizer.ggml.merges']!.value).toEqual(['t h']);
    expect(metadata['tokenizer.ggml.token_type']!.value).not.toContain(tokenTypes.userDefined);
  });

  it.each([
    [{ type: 'Digits', individual_digits: true }],
    [{ type: 'Split', pattern: { Regex: '\\p{N}' }, behavior: 'Isolated', invert: false }],
  ])("takes SmolLM's single digits: %j", (digits) => {
    const json = JSON.parse(tokenizer);
    const bytes = { type: 'ByteLevel', add_prefix_space: false, use_regex: true };
    json.pre_tokenizer = { type: 'Sequence', pretokenizers: [digits, bytes] };
    json.model.ignore_merges = false;
    const metadata = ggufMetadata({ ...checkpoint, tokenizer: JSON.stringify(json) }, 'smollm');
    expect(metadata['tokenizer.ggml.pre']!.value).toBe('smollm');
  });

  it.each<[string, Partial<LlamaConfig>, RegExp]>([
    ['a bias of the output', { attentionBias: 'qkvo' }, /bias of attention's output/],
    [
      'longrope',
      {
        ropeScaling: {
          type: 'longrope',
          shortFactor: Array(8).fill(1),
          longFactor: Array(8).fill(2),
          originalPositions: 64,
          attentionFactor: 1,
        },
      },
      /longrope positions/,
    ],
  ])('refuses %s, which llama.cpp does not compute', (_, change, message) => {
    const changed = { ...config, ...change };
    expect(() =>
      ggufMetadata({ config: changed, weights: strongWeights(changed, 1), tokenizer }, 'x'),
    ).toThrow(
      expect.objectContaining({
        code: 'gguf-unsupported',
        message: expect.stringMatching(message),
      }),
    );
  });

  it("refuses SentencePiece's pairs", () => {
    const json = JSON.parse(tokenizer);
    const replace = (from: string, content: string) => ({
      type: 'Replace',
      pattern: { String: from },
      content,
    });
    const spaces = { type: 'Sequence', decoders: [replace('\u2581', ' '), { type: 'Fuse' }] };
    const text = {
      ...json,
      normalizer: replace(' ', '\u2581'),
      pre_tokenizer: null,
      decoder: spaces,
    };
    expect(() => ggufMetadata({ ...checkpoint, tokenizer: JSON.stringify(text) }, 'model')).toThrow(
      expect.objectContaining({ code: 'gguf-unsupported' }),
    );
  });

  it('refuses a pattern that llama.cpp does not have', () => {
    const json = JSON.parse(tokenizer);
    json.pre_tokenizer.pretokenizers[0].pattern.Regex = '\\w+|\\W';
    expect(() => ggufMetadata({ ...checkpoint, tokenizer: JSON.stringify(json) }, 'model')).toThrow(
      expect.objectContaining({ code: 'gguf-unsupported' }),
    );
  });
});
