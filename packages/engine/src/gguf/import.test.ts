import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EngineError } from '../error.js';
import {
  blocksFor,
  ggufFile,
  joined,
  kinds,
  type TestTensor,
  uint32,
  uint64,
  value,
} from '../golden/gguf.js';
import { strongWeights } from '../golden/index.js';
import { buildTokenizer, openTokenizer, readSafetensors, saveCheckpoint } from '../hf/index.js';
import type { LlamaConfig } from '../llama/index.js';
import { blockTypes } from './blocks.js';
import { type Metadata, writeGguf } from './file.js';
import { ggufMetadata, ggufTensors, importGguf, loadGguf, saveGguf } from './index.js';
import { llama3Scaling } from './scaling.js';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'gguf-import-'));
});
afterAll(() => rm(dir, { recursive: true }));

const tokenizer = buildTokenizer({
  texts: ['Ann has 12 apples. She has 12 + 30 = 42 apples. #### 42'],
  special: ['<|bos|>', '<|eos|>', '<|pad|>'],
});
const plain: LlamaConfig = {
  vocabSize: openTokenizer(tokenizer).size,
  hiddenSize: 64,
  intermediateSize: 96,
  layers: 2,
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
const yarn = {
  type: 'yarn',
  factor: 4,
  originalPositions: 32,
  attentionFactor: 1.25,
  betaFast: 32,
  betaSlow: 1,
  truncate: true,
} as const;
const llama3 = {
  type: 'llama3',
  factor: 8,
  lowFrequencyFactor: 1,
  highFrequencyFactor: 4,
  originalPositions: 64,
} as const;

describe('a model that was written for llama.cpp', () => {
  const configs: Record<string, Partial<LlamaConfig>> = {
    'llama, grouped queries': {},
    tied: { tieEmbeddings: true },
    'wide heads, another base': { headSize: 32, ropeTheta: 500_000, normEpsilon: 1e-6 },
    'biases after attention': { mlpBias: true },
    qwen2: { attentionBias: 'qkv' },
    'qwen3, tied': { headNorms: true, tieEmbeddings: true },
    linear: { ropeScaling: { type: 'linear', factor: 4 } },
    yarn: { ropeScaling: yarn },
    llama3: { headSize: 64, ropeScaling: llama3 },
  };

  it.each(Object.entries(configs))('comes back: %s', async (name, change) => {
    const config = { ...plain, ...change };
    const weights = strongWeights(config, 1);
    const path = join(dir, `${name}.gguf`);
    await saveGguf(path, { config, weights, tokenizer });
    const back = await loadGguf(path);
    expect(back.config).toEqual(config);
    expect(new Set(back.weights.keys())).toEqual(new Set(weights.keys()));
    for (const [tensor, { shape, data }] of weights) {
      expect(back.weights.get(tensor), tensor).toEqual({ shape, data });
    }
    const [ours, theirs] = [openTokenizer(tokenizer), openTokenizer(back.tokenizer)];
    for (const text of ['Ann has 12 + 30 (apples).\n#### 42', ' zoo—東 !', '<|eos|>']) {
      expect(theirs.encode(text)).toEqual(ours.encode(text));
      expect(theirs.decode(theirs.encode(text))).toBe(text);
    }
    expect(theirs.id('<|eos|>')).toBe(1);
  });

  it('is a folder that loads and is saved again', async () => {
    const path = join(dir, 'folder.gguf');
    await saveGguf(path, { config: plain, weights: strongWeights(plain, 1), tokenizer });
    const folder = join(dir, 'folder');
    const seen: number[] = [];
    const imported = await importGguf(path, folder, { onProgress: (done) => seen.push(done) });
    expect(imported).toMatchObject({ architecture: 'llama', runs: true, types: { F32: 21 } });
    expect(seen.at(-1)).toBe(imported.parameters);
    expect((await readdir(folder)).sort()).toEqual([
      'config.json',
      'generation_config.json',
      'model.safetensors',
      'tokenizer.json',
      'tokenizer_config.json',
    ]);
    const loaded = await loadGguf(path);
    await saveCheckpoint(folder, loaded);
    expect(await readSafetensors(join(folder, 'model.safetensors'))).toEqual(loaded.weights);
  });
});

describe('divisors of frequencies', () => {
  const scaled = { ...plain, headSize: 64, ropeScaling: llama3 };
  /** A file whose divisors are `divisors`, those of its model where absent, and that says `more`. */
  async function divided(
    name: string,
    { config = scaled as LlamaConfig, divisors = undefined as number[] | undefined },
    more: Metadata = {},
  ): Promise<string> {
    const checkpoint = { config, weights: strongWeights(config, 1), tokenizer };
    const tensors = ggufTensors(checkpoint);
    if (divisors) {
      tensors.set('rope_freqs.weight', {
        shape: [divisors.length],
        data: Float32Array.from(divisors),
      });
    }
    const path = join(dir, `${name}.gguf`);
    await writeGguf(path, { ...ggufMetadata(checkpoint, name), ...more }, tensors);
    return path;
  }

  it.each([1, 31, 300_000])('are one for each pair of a head, not %i', async (count) => {
    const path = await divided(`divisors ${count}`, { divisors: new Array(count).fill(2) });
    const error = {
      code: 'tensor-misshapen',
      message: expect.stringContaining(
        `expected rope_freqs.weight of shape [32], found [${count}]`,
      ),
    };
    await expect(loadGguf(path)).rejects.toMatchObject(error);
    await expect(importGguf(path, join(dir, 'wrong'))).rejects.toMatchObject(error);
  });

  it('are of a llama file alone', async () => {
    const config = { ...plain, attentionBias: 'qkv' } as const;
    const path = await divided('divisors qwen2', { config, divisors: new Array(8).fill(1) });
    await expect(loadGguf(path)).rejects.toMatchObject({
      code: 'tensor-unexpected',
      message: expect.stringContaining('found "rope_freqs.weight" (F32), which a qwen2 model'),
    });
  });

  const linear: Metadata = {
    'llama.rope.scaling.type': { type: 'string', value: 'linear' },
    'llama.rope.scaling.factor': { type: 'float32', value: 4 },
  };

  it.each<[string, Metadata]>([
    ['linear', linear],
    [
      'yarn',
      {
        ...linear,
        'llama.rope.scaling.type': { type: 'string', value: 'yarn' },
        'llama.rope.scaling.original_context_length': { type: 'uint32', value: 32 },
      },
    ],
  ])('are refused beside %s scaling', async (type, more) => {
    const path = await divided(`divisors ${type}`, {}, more);
    await expect(loadGguf(path)).rejects.toMatchObject({
      code: 'gguf-unsupported',
      message: expect.stringContaining(`"${type}" and rope_freqs.weight has divisors too`),
    });
  });

  it('that change nothing are none', async () => {
    const divisors = new Array(32).fill(1);
    const { ropeScaling: _, ...config } = scaled;
    const path = await divided('divisors of 1', { config, divisors }, linear);
    expect((await loadGguf(path)).config.ropeScaling).toEqual({ type: 'linear', factor: 4 });
  });

  it('may be more than a call has room for', () => {
    const shape = { headSize: 600_000, ropeTheta: 10_000, maxPositions: 128 };
    expect(llama3Scaling('wide.gguf', new Float32Array(300_000).fill(1), shape)).toBeUndefined();
    expect(() => llama3Scaling('wide.gguf', new Float32Array(300_000).fill(2), shape)).toThrow(
      'not those of Llama 3',
    );
  });
});

const layers = 2;
/** The tensors of a small Gemma 3, each of another type. */
function gemmaTensors(): TestTensor[] {
  const types = [2, 3, 6, 7, 8, 12, 13, 14];
  const matrix = (name: string, shape: number[], i: number): TestTensor => {
    const type = types[i % types.length]!;
    return { name, shape, type, data: blocksFor(shape, type, i) };
  };
  const vector = (name: string, size: number): TestTensor => ({
    name,
    shape: [size],
    type: 0,
    data: blocksFor([size], 0, size),
  });
  return [
    matrix('token_embd.weight', [gemmaTokens.length, 256], 4),
    vector('output_norm.weight', 256),
    ...Array.from({ length: layers }, (_, layer) => {
      const at = (name: string) => `blk.${layer}.${name}.weight`;
      return [
        matrix(at('attn_q'), [256, 256], 8 * layer),
        matrix(at('attn_k'), [64, 256], 8 * layer + 1),
        matrix(at('attn_v'), [64, 256], 8 * layer + 2),
        matrix(at('attn_output'), [256, 256], 8 * layer + 3),
        matrix(at('ffn_gate'), [512, 256], 8 * layer + 5),
        matrix(at('ffn_up'), [512, 256], 8 * layer + 6),
        matrix(at('ffn_down'), [256, 512], 8 * layer + 7),
        ...['attn_norm', 'post_attention_norm', 'ffn_norm', 'post_ffw_norm'].map((name) =>
          vector(at(name), 256),
        ),
        vector(at('attn_q_norm'), 64),
        vector(at('attn_k_norm'), 64),
      ];
    }).flat(),
  ];
}
const bytes = Array.from(
  { length: 256 },
  (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`,
);
const words = [
  '\u2581a',
  'in',
  '\u2581the',
  'th',
  '\u2581',
  't',
  'h',
  'e',
  'a',
  'i',
  'n',
  '\u2581th',
];
const gemmaTokens = [
  '<pad>',
  '<eos>',
  '<bos>',
  '<unk>',
  '  ',
  '\n\n',
  '<td>',
  '\n',
  ...bytes,
  ...words,
];
const gemmaTypes = [3, 3, 3, 2, 4, 4, 4, 4, ...bytes.map(() => 6), ...words.map(() => 1)];
const gemmaKeys = (): [string, unknown][] => [
  ['general.architecture', 'gemma3'],
  ['gemma3.context_length', 1024],
  ['gemma3.embedding_length', 256],
  ['gemma3.block_count', layers],
  ['gemma3.feed_forward_length', 512],
  ['gemma3.attention.head_count', 4],
  ['gemma3.attention.head_count_kv', 1],
  ['gemma3.attention.key_length', 64],
  ['gemma3.attention.value_length', 64],
  ['gemma3.attention.layer_norm_rms_epsilon', 1e-6],
  ['gemma3.attention.sliding_window', 512],
  ['gemma3.rope.freq_base', 1e6],
  ['tokenizer.ggml.model', 'llama'],
  ['tokenizer.ggml.tokens', gemmaTokens],
  // Floats, whole ones too.
  ['tokenizer.ggml.scores', gemmaTokens.map((_, id) => -0.5 - id)],
  ['tokenizer.ggml.token_type', gemmaTypes],
  ['tokenizer.ggml.bos_token_id', 2],
  ['tokenizer.ggml.eos_token_id', 1],
  ['tokenizer.ggml.unknown_token_id', 3],
  ['tokenizer.ggml.padding_token_id', 0],
  ['tokenizer.ggml.add_space_prefix', false],
  ['tokenizer.chat_template', '{{ messages }}'],
];

async function written(name: string, bytes: Uint8Array): Promise<string> {
  const path = join(dir, name);
  await writeFile(path, bytes);
  return path;
}

describe('a Gemma 3 file', () => {
  it('becomes a folder, for other programs, with numbers of every type', async () => {
    const tensors = gemmaTensors();
    const path = await written('gemma.gguf', ggufFile(gemmaKeys(), tensors));
    const folder = join(dir, 'gemma');
    const imported = await importGguf(path, folder);
    expect(imported).toMatchObject({ architecture: 'gemma3', runs: false });
    const json = async (name: string) => JSON.parse(await readFile(join(folder, name), 'utf8'));
    expect(await json('config.json')).toMatchObject({
      architectures: ['Gemma3ForCausalLM'],
      model_type: 'gemma3_text',
      head_dim: 64,
      query_pre_attn_scalar: 64,
      sliding_window: 512,
      layer_types: ['sliding_attention', 'sliding_attention'],
      rope_theta: 1_000_000,
      rope_local_base_freq: 10_000,
      rms_norm_eps: 1e-6,
      tie_word_embeddings: true,
      eos_token_id: 1,
    });
    expect(await json('tokenizer_config.json')).toMatchObject({
      chat_template: '{{ messages }}',
      bos_token: '<bos>',
      add_bos_token: true,
      model_max_length: 1024,
    });
    const found = await readSafetensors(join(folder, 'model.safetensors'));
    expect(found.size).toBe(tensors.length);
    const from = (name: string) => {
      const { type, data } = tensors.find((tensor) => tensor.name === name)!;
      return blockTypes.get(type)!.decode(data);
    };
    // Queries are not turned here, and norms lose the 1 that llama.cpp adds.
    expect(found.get('model.layers.1.self_attn.q_proj.weight')!.data).toEqual(
      from('blk.1.attn_q.weight'),
    );
    expect(found.get('model.layers.0.pre_feedforward_layernorm.weight')!.data).toEqual(
      from('blk.0.ffn_norm.weight').map((number) => number - 1),
    );
  });

  it('has a tokenizer of pairs whose merges follow from the vocabulary', async () => {
    const path = await written('gemma-tokens.gguf', ggufFile(gemmaKeys(), gemmaTensors()));
    const folder = join(dir, 'gemma-tokens');
    await importGguf(path, folder);
    const { encode, decode, id } = openTokenizer(
      await readFile(join(folder, 'tokenizer.json'), 'utf8'),
    );
    const pieces = (text: string) => encode(text).map((token) => decode([token]));
    expect(pieces('in the th')).toEqual(['in', ' the', ' th']);
    expect(pieces('a  in\n\n\nx<td>')).toEqual(['a', '  ', 'in', '\n\n', '\n', 'x', '<td>']);
    // The spelling of a special token is text, in bytes and all; so is what no token spells.
    for (const text of ['<eos>', ' é東', '  the', '\t']) {
      expect(decode(encode(text))).toBe(text);
      expect(encode(text)).not.toContain(id('<eos>'));
    }
    expect(encode('é')).toEqual([id('<0xC3>'), id('<0xA9>')]);
  });
});

describe('a file that is wrong', () => {
  const small = (): TestTensor => ({ name: 'x', shape: [2], type: 0, data: new Uint8Array(8) });
  const refused: [string, () => Buffer, string, RegExp][] = [
    ['no GGUF', () => Buffer.from('GGML and more'), 'gguf-invalid', /magic GGUF, found "GGML"/],
    ['empty', () => Buffer.alloc(0), 'gguf-invalid', /a file of 0 bytes/],
    ['of version 1', () => ggufFile([], [], { version: 1 }), 'gguf-unsupported', /version 2 or 3/],
    [
      'big-endian',
      () => ggufFile([], [], { version: 0x03000000 }),
      'gguf-unsupported',
      /little-endian/,
    ],
    [
      'of 2^62 tensors',
      () => ggufFile([], [], { counts: [2n ** 62n, 0] }),
      'gguf-invalid',
      /number of tensors below 2\^53/,
    ],
    [
      'of 2^40 keys',
      () => ggufFile([], [], { counts: [0, 2n ** 40n] }),
      'gguf-invalid',
      /at most 0 metadata keys, .* found 1099511627776/,
    ],
    [
      'with a text of 2^60 bytes',
      () => ggufFile([['a', joined([uint32(kinds.string), uint64(2n ** 60n)])]], []),
      'gguf-invalid',
      /length of the value of "a" below 2\^53/,
    ],
    [
      'with a text beyond its end',
      () => ggufFile([['a', joined([uint32(kinds.string), uint64(2 ** 30)])]], []),
      'gguf-invalid',
      /the value of "a" of at most \d+ bytes, found 1073741824 bytes/,
    ],
    [
      'with an array of 2^50 values',
      () =>
        ggufFile([['a', joined([uint32(kinds.array), uint32(kinds.uint8), uint64(2 ** 50)])]], []),
      'gguf-invalid',
      /for which there is room, found 1125899906842624/,
    ],
    [
      'with arrays of arrays',
      () => ggufFile([['a', joined([uint32(kinds.array), value([[1], [2]])])]], []),
      'gguf-invalid',
      /arrays of arrays/,
    ],
    [
      'with a value of no type',
      () => ggufFile([['a', uint32(77)]], []),
      'gguf-invalid',
      /a type of the value of "a", found 77/,
    ],
    [
      'with a key twice',
      () =>
        ggufFile(
          [
            ['a', 1],
            ['a', 2],
          ],
          [],
        ),
      'gguf-invalid',
      /the key "a" once/,
    ],
    [
      'with a tensor twice',
      () => ggufFile([], [small(), small()]),
      'gguf-invalid',
      /the tensor "x" once/,
    ],
    [
      'with a tensor of no type',
      () => ggufFile([], [{ ...small(), type: 99 }]),
      'gguf-invalid',
      /a type of "x", found 99/,
    ],
    [
      'with a tensor of a type that is not read',
      () => ggufFile([], [{ ...small(), shape: [32], type: 20 }]),
      'gguf-unsupported',
      /the tensor "x" is IQ4_NL, read are F32, F16/,
    ],
    [
      'with rows that are no blocks',
      () => ggufFile([], [{ ...small(), shape: [3, 20], type: 8 }]),
      'gguf-invalid',
      /rows of "x" in Q8_0 blocks of 32, found rows of 20/,
    ],
    [
      'with a tensor of 2^60 numbers',
      () => ggufFile([], [{ ...small(), shape: [2 ** 30, 2 ** 30] }]),
      'gguf-invalid',
      /"x" of a size above 0 that can be counted/,
    ],
    [
      'with a tensor of no size',
      () => ggufFile([], [{ ...small(), shape: [0] }]),
      'gguf-invalid',
      /"x" of a size above 0/,
    ],
    [
      'with a tensor beyond its end',
      () => ggufFile([], [{ ...small(), shape: [2 ** 40] }]),
      'gguf-invalid',
      /"x" \(F32, \[1099511627776\]\) of 4398046511104 bytes at byte \d+, found a file of/,
    ],
    [
      'with an offset that is not aligned',
      () => ggufFile([], [{ ...small(), offset: 4 }]),
      'gguf-invalid',
      /"x" at a multiple of 32 bytes, found byte 4/,
    ],
    [
      'with tensors that share bytes',
      () => ggufFile([], [small(), { ...small(), name: 'y', offset: 0 }]),
      'gguf-invalid',
      /"y" behind "x"/,
    ],
    [
      'that is a part of one',
      () => ggufFile([['split.count', 3]], []),
      'gguf-unsupported',
      /found one of 3 parts/,
    ],
    [
      'of another architecture',
      () => ggufFile([['general.architecture', 'mamba']], []),
      'gguf-unsupported',
      /general.architecture is "mamba", imported are llama, qwen2, qwen3, gemma3/,
    ],
    [
      'with a key that changes the model',
      () =>
        ggufFile(
          [
            ['general.architecture', 'llama'],
            ['llama.expert_count', 8],
          ],
          [],
        ),
      'gguf-unsupported',
      /llama.expert_count is 8, which is not imported for llama/,
    ],
  ];

  it.each(refused)('is refused by name: %s', async (name, make, code, message) => {
    const path = await written(`wrong ${name.replace(/\W/g, '_')}.gguf`, make());
    const folder = join(dir, 'wrong');
    await expect(importGguf(path, folder)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
    await expect(readdir(folder)).rejects.toThrow('ENOENT');
  });

  const without = (key: string) => gemmaKeys().filter(([one]) => one !== key);
  const changed = (key: string, to: unknown): [string, unknown][] => [...without(key), [key, to]];
  const models: [string, [string, unknown][], TestTensor[], string, RegExp][] = [
    [
      'more layers than tensors',
      changed('gemma3.block_count', 2 ** 31),
      gemmaTensors(),
      'tensor-missing',
      /expected blk.2.attn_norm.weight of shape \[256\], found no such tensor/,
    ],
    [
      'another width',
      changed('gemma3.feed_forward_length', 513),
      gemmaTensors(),
      'tensor-misshapen',
      /expected blk.0.ffn_gate.weight of shape \[513,256\], found \[512,256\]/,
    ],
    [
      'a tensor too many',
      gemmaKeys(),
      [
        ...gemmaTensors(),
        { name: 'blk.0.odd.weight', shape: [1], type: 0, data: new Uint8Array(4) },
      ],
      'tensor-unexpected',
      /found "blk.0.odd.weight" \(F32\)/,
    ],
    [
      "another architecture's divisors",
      gemmaKeys(),
      [
        ...gemmaTensors(),
        { name: 'rope_freqs.weight', shape: [32], type: 0, data: new Uint8Array(128) },
      ],
      'tensor-unexpected',
      /found "rope_freqs.weight" \(F32\), which a gemma3 model/,
    ],
    [
      'heads that are rotated in part',
      [...gemmaKeys(), ['gemma3.rope.dimension_count', 32]],
      gemmaTensors(),
      'gguf-unsupported',
      /keys of 64 numbers, values of 64, 32 of them rotated/,
    ],
    [
      'values of another width',
      changed('gemma3.attention.value_length', 32),
      gemmaTensors(),
      'gguf-unsupported',
      /keys of 64 numbers, values of 32, 64 of them rotated/,
    ],
    [
      'no sizes',
      without('gemma3.embedding_length'),
      gemmaTensors(),
      'gguf-invalid',
      /gemma3.embedding_length as a number above 0, found none/,
    ],
    [
      'a token too few',
      changed('tokenizer.ggml.tokens', gemmaTokens.slice(1)),
      gemmaTensors(),
      'gguf-invalid',
      /tokenizer.ggml.token_type as 275 numbers/,
    ],
    [
      'a token twice',
      changed('tokenizer.ggml.tokens', ['<eos>', ...gemmaTokens.slice(1)]),
      gemmaTensors(),
      'gguf-invalid',
      /each once, found "<eos>" at 0 and 1/,
    ],
    [
      'an end beyond the vocabulary',
      changed('tokenizer.ggml.eos_token_id', 900),
      gemmaTensors(),
      'gguf-invalid',
      /eos_token_id as a token below 276, found 900/,
    ],
    [
      'a tokenizer of another kind',
      changed('tokenizer.ggml.model', 'bert'),
      gemmaTensors(),
      'gguf-unsupported',
      /model is "bert", imported are gpt2 and llama/,
    ],
    [
      'a way of cutting texts that is not known',
      [...changed('tokenizer.ggml.model', 'gpt2'), ['tokenizer.ggml.pre', 'viking']],
      gemmaTensors(),
      'gguf-unsupported',
      /pre is "viking", imported are llama-bpe/,
    ],
  ];

  it.each(models)(
    'is refused by name: a model with %s',
    async (name, keys, tensors, code, message) => {
      const path = await written(`model ${name}.gguf`, ggufFile(keys, tensors));
      await expect(importGguf(path, join(dir, 'wrong'))).rejects.toMatchObject({
        code,
        message: expect.stringMatching(message),
      });
    },
  );

  it('is an EngineError or the model that it says, whatever is damaged', async () => {
    const whole = ggufFile(gemmaKeys(), gemmaTensors());
    const start = whole.length - gemmaTensors().reduce((sum, { data }) => sum + data.length, 0);
    const damage = fc.oneof(
      fc.integer({ min: 0, max: whole.length - 1 }).map((end) => whole.subarray(0, end)),
      fc
        .array(fc.tuple(fc.integer({ min: 0, max: start }), fc.integer({ min: 0, max: 255 })), {
          minLength: 1,
          maxLength: 8,
        })
        .map((changes) => {
          const bytes = Buffer.from(whole);
          for (const [at, byte] of changes) bytes[at] = byte;
          return bytes;
        }),
    );
    const path = join(dir, 'damaged.gguf');
    await fc.assert(
      fc.asyncProperty(damage, async (bytes) => {
        await writeFile(path, bytes);
        await importGguf(path, join(dir, 'damaged')).catch((error) => {
          expect(error).toBeInstanceOf(EngineError);
        });
      }),
      { numRuns: 150 },
    );
    expect((await readdir(dir)).filter((name) => /saving|previous/.test(name))).toEqual([]);
  });
});

it('stops between two pieces and leaves nothing, not in the place of a model either', async () => {
  const path = await written('stopped.gguf', ggufFile(gemmaKeys(), gemmaTensors()));
  const folder = join(dir, 'stopped');
  await importGguf(path, folder);
  const before = await readFile(join(folder, 'config.json'), 'utf8');
  const stop = new AbortController();
  const stopping = importGguf(path, folder, {
    signal: stop.signal,
    onProgress: (done, all) => {
      if (done > all / 2) stop.abort(new Error('enough'));
    },
  });
  await expect(stopping).rejects.toThrow('enough');
  expect(await readFile(join(folder, 'config.json'), 'utf8')).toBe(before);
  await rm(folder, { recursive: true });
  await expect(
    importGguf(path, folder, { signal: AbortSignal.abort(new Error('no')) }),
  ).rejects.toThrow('no');
  expect((await readdir(dir)).filter((name) => name.startsWith('stopped'))).toEqual([
    'stopped.gguf',
  ]);
});
