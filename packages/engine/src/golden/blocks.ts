/** Blocks of GGUF's types whose bytes follow from a seed. */
import { blockTypes } from '../gguf/index.js';
import { uniforms } from '../llama/index.js';

/** Where a block has numbers of several bytes, the last byte of each: a bit less there keeps it finite. */
const finite: Readonly<Record<string, readonly number[]>> = {
  F32: [3],
  F16: [1],
  BF16: [1],
  Q4_0: [1],
  Q4_1: [1, 3],
  Q5_0: [1],
  Q5_1: [1, 3],
  Q8_0: [1],
  Q2_K: [81, 83],
  Q3_K: [109],
  Q4_K: [1, 3],
  Q5_K: [1, 3],
  Q6_K: [209],
};

/** `count` blocks of the type of this number, any bits but those of numbers that are none. */
export function seededBlocks(type: number, count: number, seed: number): Uint8Array {
  const { name, bytes } = blockTypes.get(type)!;
  const uniform = uniforms(seed);
  const data = Uint8Array.from({ length: count * bytes }, () => Math.floor(256 * uniform()));
  for (let block = 0; block < count; block++) {
    for (const at of finite[name]!) data[block * bytes + at]! &= 0xbf;
  }
  return data;
}
