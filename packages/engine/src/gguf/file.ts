// The GGUF format, version 3: counts, metadata, descriptions of the tensors, then their data, each aligned to 32 bytes.
// https://github.com/ggml-org/ggml/blob/master/docs/gguf.md

import { rename, rm } from 'node:fs/promises';
import { openAnew } from '../files.js';
import type { Tensor } from '../llama/index.js';

/** A value of the metadata, with the type that readers expect. */
export type Entry =
  | { readonly type: 'uint32' | 'float32'; readonly value: number }
  | { readonly type: 'bool'; readonly value: boolean }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'strings'; readonly value: readonly string[] }
  | { readonly type: 'int32s'; readonly value: readonly number[] };

export type Metadata = Readonly<Record<string, Entry>>;

const ALIGNMENT = 32;
const types = { uint32: 4, int32: 5, float32: 6, bool: 7, string: 8, array: 9 };
const float32Tensor = 0;

/** Everything before the tensors' data. */
export function header(metadata: Metadata, tensors: ReadonlyMap<string, Tensor>): Buffer {
  const parts: Buffer[] = [
    Buffer.from('GGUF'),
    uint32(3),
    uint64(tensors.size),
    uint64(Object.keys(metadata).length),
  ];
  for (const [key, entry] of Object.entries(metadata)) {
    parts.push(text(key), ...encoded(entry));
  }
  let offset = 0;
  for (const [name, { shape, data }] of tensors) {
    // The innermost dimension comes first.
    const sizes = [...shape].reverse();
    parts.push(text(name), uint32(sizes.length), ...sizes.map(uint64));
    parts.push(uint32(float32Tensor), uint64(offset));
    offset += aligned(data.byteLength);
  }
  const size = parts.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat(parts, aligned(size));
}

/** Writes the file beside its place and puts it there when it is whole. */
export async function writeGguf(
  path: string,
  metadata: Metadata,
  tensors: ReadonlyMap<string, Tensor>,
): Promise<void> {
  const part = `${path}.part`;
  const file = await openAnew(part);
  try {
    await file.writeFile(header(metadata, tensors));
    for (const { data } of tensors.values()) {
      await file.writeFile(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
      await file.writeFile(new Uint8Array(aligned(data.byteLength) - data.byteLength));
    }
    await file.sync();
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  } finally {
    await file.close();
  }
  await rename(part, path);
}

function encoded(entry: Entry): Buffer[] {
  switch (entry.type) {
    case 'uint32':
      return [uint32(types.uint32), uint32(entry.value)];
    case 'float32': {
      const value = Buffer.alloc(4);
      value.writeFloatLE(entry.value);
      return [uint32(types.float32), value];
    }
    case 'bool':
      return [uint32(types.bool), Buffer.of(entry.value ? 1 : 0)];
    case 'string':
      return [uint32(types.string), text(entry.value)];
    case 'strings':
      return [...array(types.string, entry.value.length), ...entry.value.map(text)];
    case 'int32s':
      return [
        ...array(types.int32, entry.value.length),
        Buffer.from(Int32Array.from(entry.value).buffer),
      ];
  }
}

const array = (type: number, length: number) => [uint32(types.array), uint32(type), uint64(length)];

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([uint64(bytes.length), bytes]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function uint64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

const aligned = (bytes: number) => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
