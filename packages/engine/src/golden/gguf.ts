/** GGUF files of any content, true or not, for tests. */

import { blockTypes } from '../gguf/index.js';
import { uniforms } from '../llama/index.js';

/** Types of metadata by their numbers in a file. */
export const kinds = { uint8: 0, uint32: 4, float32: 6, bool: 7, string: 8, array: 9, uint64: 10 };

export type Bytes = Buffer | readonly Bytes[];

export const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};
export const uint64 = (value: number | bigint): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
};
export const float32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return bytes;
};
export const text = (value: string): Buffer =>
  Buffer.concat([uint64(Buffer.byteLength(value)), Buffer.from(value)]);
export const joined = (bytes: Bytes): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.concat(bytes.map(joined));

/** A value with its type: whole numbers as uint32, others as float32. */
export function value(of: unknown): Buffer {
  if (Array.isArray(of)) {
    const [first] = of;
    const one = value(first ?? 0);
    const inner = of.map((item) => value(item).subarray(4));
    return joined([uint32(kinds.array), one.subarray(0, 4), uint64(of.length), ...inner]);
  }
  if (typeof of === 'string') return joined([uint32(kinds.string), text(of)]);
  if (typeof of === 'boolean') return joined([uint32(kinds.bool), Buffer.of(of ? 1 : 0)]);
  const whole = Number.isInteger(of) && Number(of) >= 0;
  return joined(
    whole
      ? [uint32(kinds.uint32), uint32(Number(of))]
      : [uint32(kinds.float32), float32(Number(of))],
  );
}

export interface TestTensor {
  readonly name: string;
  /** Row-major. */
  readonly shape: readonly number[];
  readonly type: number;
  readonly data: Uint8Array;
  /** In the place of the true one. */
  readonly offset?: number | bigint;
}

/** A file of these keys and tensors; `keys` may hold raw bytes as values. */
export function ggufFile(
  keys: readonly (readonly [key: string, value: unknown])[],
  tensors: readonly TestTensor[],
  { version = 3, counts = [tensors.length, keys.length] as readonly (number | bigint)[] } = {},
): Buffer {
  let offset = 0;
  const entries = tensors.map(({ name, shape, type, data, ...given }) => {
    const entry = [
      text(name),
      uint32(shape.length),
      ...[...shape].reverse().map(uint64),
      uint32(type),
      uint64(given.offset ?? offset),
    ];
    offset += Math.ceil(data.length / 32) * 32;
    return entry;
  });
  const head = joined([
    Buffer.from('GGUF'),
    uint32(version),
    ...counts.map(uint64),
    ...keys.map(([key, of]) => [text(key), Buffer.isBuffer(of) ? of : value(of)]),
    ...entries,
  ]);
  const pad = (bytes: Uint8Array) => Buffer.concat([bytes, Buffer.alloc(-bytes.length & 31)]);
  return joined([pad(head), ...tensors.map(({ data }) => pad(data))]);
}

/** Blocks of a type for a tensor of this shape, from a seed, with scales that are small. */
export function blocksFor(shape: readonly number[], type: number, seed: number): Uint8Array {
  const { numbers, bytes, name } = blockTypes.get(type)!;
  const count = shape.reduce((a, b) => a * b) / numbers;
  const uniform = uniforms(seed);
  if (name === 'F32') {
    return new Uint8Array(Float32Array.from({ length: count }, () => uniform() - 0.5).buffer);
  }
  const data = Uint8Array.from({ length: count * bytes }, () => Math.floor(256 * uniform()));
  // The halves of a block: 2^-7 with its fraction.
  const halves = name === 'Q6_K' ? [208] : name === 'Q8_0' ? [0] : [0, 2];
  for (let block = 0; block < count; block++) {
    for (const at of halves) data[block * bytes + at + 1] = 0x20;
  }
  return data;
}
