/**
 * Numbers as GGUF keeps them, to float32: plain ones, and blocks of 32 or 256 with a scale (ggml-quants.c, ggml-common.h).
 * Each product and sum is rounded to float32 as llama.cpp's `gguf` package rounds it, so that the bits are the same.
 */
import { bfloatToFloat32, halfTable, halvesToFloat32 } from '../hf/index.js';

/** A type of tensor: its blocks, and how they become numbers. */
export interface BlockType {
  readonly name: string;
  /** Numbers in a block. */
  readonly numbers: number;
  /** Bytes of a block. */
  readonly bytes: number;
  /** Whole blocks to float32. */
  readonly decode: (blocks: Uint8Array) => Float32Array<ArrayBuffer>;
}

const { fround } = Math;

/** Decodes block by block: `one` writes the numbers of the block at byte `at` from index `to` on. */
const blocked =
  (
    numbers: number,
    bytes: number,
    one: (data: Uint8Array, at: number, out: Float32Array, to: number) => void,
  ) =>
  (data: Uint8Array): Float32Array<ArrayBuffer> => {
    const count = data.length / bytes;
    const out = new Float32Array(count * numbers);
    for (let block = 0; block < count; block++) one(data, block * bytes, out, block * numbers);
    return out;
  };

/** The half at a byte. */
const half = (data: Uint8Array, at: number): number =>
  halfTable()[data[at]! | (data[at + 1]! << 8)]!;
const signed = (byte: number): number => (byte << 24) >> 24;

/** 16 bytes of nibbles: the low ones are the first 16 numbers, the high ones the others. */
const q4 =
  (minimum: boolean) =>
  (data: Uint8Array, at: number, out: Float32Array, to: number): void => {
    const scale = half(data, at);
    const from = at + (minimum ? 4 : 2);
    const least = minimum ? half(data, at + 2) : 0;
    const offset = minimum ? 0 : -8;
    for (let i = 0; i < 16; i++) {
      const byte = data[from + i]!;
      const low = fround(scale * ((byte & 15) + offset));
      const high = fround(scale * ((byte >> 4) + offset));
      out[to + i] = minimum ? low + least : low;
      out[to + 16 + i] = minimum ? high + least : high;
    }
  };

/** As `q4`, with the fifth bit of all 32 numbers in 4 bytes before the nibbles. */
const q5 =
  (minimum: boolean) =>
  (data: Uint8Array, at: number, out: Float32Array, to: number): void => {
    const scale = half(data, at);
    const bits = at + (minimum ? 4 : 2);
    const least = minimum ? half(data, at + 2) : 0;
    const offset = minimum ? 0 : -16;
    for (let i = 0; i < 32; i++) {
      const nibble = i < 16 ? data[bits + 4 + i]! & 15 : data[bits + 4 + i - 16]! >> 4;
      const fifth = (data[bits + (i >> 3)]! >> (i & 7)) & 1;
      const product = fround(scale * ((nibble | (fifth << 4)) + offset));
      out[to + i] = minimum ? product + least : product;
    }
  };

function q8(data: Uint8Array, at: number, out: Float32Array, to: number): void {
  const scale = half(data, at);
  for (let i = 0; i < 32; i++) out[to + i] = scale * signed(data[at + 2 + i]!);
}

/** Scale and minimum of group `j` of 8, 6 bits each, of the 12 bytes at `at`. */
function scaleAndMinimum(data: Uint8Array, at: number, j: number): [scale: number, least: number] {
  if (j < 4) return [data[at + j]! & 63, data[at + 4 + j]! & 63];
  const rest = data[at + 4 + j]!;
  return [(rest & 15) | ((data[at + j - 4]! >> 6) << 4), (rest >> 4) | ((data[at + j]! >> 6) << 4)];
}

/** 8 groups of 32: two groups share 32 bytes of nibbles; with `fifth`, 32 bytes before them have a bit for each group. */
const qk =
  (fifth: boolean) =>
  (data: Uint8Array, at: number, out: Float32Array, to: number): void => {
    const scale = half(data, at);
    const least = half(data, at + 2);
    const bits = at + 16;
    const nibbles = fifth ? bits + 32 : bits;
    for (let j = 0; j < 8; j++) {
      const [groupScale, groupLeast] = scaleAndMinimum(data, at + 4, j);
      const d = fround(scale * groupScale);
      const m = fround(least * groupLeast);
      const from = nibbles + 32 * (j >> 1);
      const shift = 4 * (j & 1);
      for (let i = 0; i < 32; i++) {
        const high = fifth ? ((data[bits + i]! >> j) & 1) << 4 : 0;
        const q = ((data[from + i]! >> shift) & 15) | high;
        out[to + 32 * j + i] = fround(d * q) - m;
      }
    }
  };

/** 16 groups of 16: 128 bytes with the low 4 bits, 64 with the high 2, 16 signed scales, then the scale of all. */
function q6k(data: Uint8Array, at: number, out: Float32Array, to: number): void {
  const scale = half(data, at + 208);
  for (let i = 0; i < 256; i++) {
    const [part, within] = [i >> 7, i & 127];
    const low = (data[at + 64 * part + (within & 63)]! >> (within < 64 ? 0 : 4)) & 15;
    const high = (data[at + 128 + 32 * part + (within & 31)]! >> (2 * (within >> 5))) & 3;
    const d = fround(scale * signed(data[at + 192 + (i >> 4)]!));
    out[to + i] = d * ((low | (high << 4)) - 32);
  }
}

/** 16 groups of 16 with 2 bits each: 16 bytes of scales (low 4 bits) and minima (high), then 64 bytes of numbers. */
function q2k(data: Uint8Array, at: number, out: Float32Array, to: number): void {
  const scale = half(data, at + 80);
  const least = half(data, at + 82);
  for (let i = 0; i < 256; i++) {
    const both = data[at + (i >> 4)]!;
    const d = fround(scale * (both & 15));
    const m = fround(least * (both >> 4));
    const q = (data[at + 16 + 32 * (i >> 7) + (i & 31)]! >> (2 * ((i >> 5) & 3))) & 3;
    out[to + i] = fround(d * q) - m;
  }
}

/** 16 groups of 16 with 3 bits each: 32 bytes of high bits (0 takes 4 away), 64 of low bits, 12 of scales with 6 bits. */
function q3k(data: Uint8Array, at: number, out: Float32Array, to: number): void {
  const scale = half(data, at + 108);
  for (let i = 0; i < 256; i++) {
    const group = i >> 4;
    const low = (data[at + 96 + (group & 7)]! >> (group < 8 ? 0 : 4)) & 15;
    const top = (data[at + 104 + (group & 3)]! >> (2 * (group >> 2))) & 3;
    const d = fround(scale * ((low | (top << 4)) - 32));
    const bit = (data[at + (i & 31)]! >> (i >> 5)) & 1;
    const q = (data[at + 32 + 32 * (i >> 7) + (i & 31)]! >> (2 * ((i >> 5) & 3))) & 3;
    out[to + i] = d * (q - (bit === 1 ? 0 : 4));
  }
}

/** The data in a buffer of its own, where it may be read as numbers of several bytes. */
const aligned = (data: Uint8Array): ArrayBuffer => Uint8Array.from(data).buffer;

const type = (
  name: string,
  numbers: number,
  bytes: number,
  one: Parameters<typeof blocked>[2],
): BlockType => ({ name, numbers, bytes, decode: blocked(numbers, bytes, one) });

/** The types that are read, by their number in a file (ggml.h). */
export const blockTypes: ReadonlyMap<number, BlockType> = new Map([
  [0, { name: 'F32', numbers: 1, bytes: 4, decode: (data) => new Float32Array(aligned(data)) }],
  [
    1,
    {
      name: 'F16',
      numbers: 1,
      bytes: 2,
      decode: (data) => halvesToFloat32(new Uint16Array(aligned(data))),
    },
  ],
  [2, type('Q4_0', 32, 18, q4(false))],
  [3, type('Q4_1', 32, 20, q4(true))],
  [6, type('Q5_0', 32, 22, q5(false))],
  [7, type('Q5_1', 32, 24, q5(true))],
  [8, type('Q8_0', 32, 34, q8)],
  [10, type('Q2_K', 256, 84, q2k)],
  [11, type('Q3_K', 256, 110, q3k)],
  [12, type('Q4_K', 256, 144, qk(false))],
  [13, type('Q5_K', 256, 176, qk(true))],
  [14, type('Q6_K', 256, 210, q6k)],
  [
    30,
    {
      name: 'BF16',
      numbers: 1,
      bytes: 2,
      decode: (data) => bfloatToFloat32(new Uint16Array(aligned(data))),
    },
  ],
]);

/** What other numbers stand for, for the refusal (ggml.h); a number that is none of these is damage. */
export const otherTypes: ReadonlyMap<number, string> = new Map([
  [9, 'Q8_1'],
  [15, 'Q8_K'],
  [16, 'IQ2_XXS'],
  [17, 'IQ2_XS'],
  [18, 'IQ3_XXS'],
  [19, 'IQ1_S'],
  [20, 'IQ4_NL'],
  [21, 'IQ3_S'],
  [22, 'IQ2_S'],
  [23, 'IQ4_XS'],
  [24, 'I8'],
  [25, 'I16'],
  [26, 'I32'],
  [27, 'I64'],
  [28, 'F64'],
  [29, 'IQ1_M'],
  [34, 'TQ1_0'],
  [35, 'TQ2_0'],
  [39, 'MXFP4'],
  [40, 'NVFP4'],
]);
