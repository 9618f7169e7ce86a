// The safetensors format: u64 header length, JSON header {name: {dtype, shape, data_offsets}}, then the data, no gaps.
// https://huggingface.co/docs/safetensors/index#format. Everything becomes float32; numbers are little-endian, as is
// every machine that Node runs on in practice.

import { type FileHandle, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { EngineError } from '../error.js';
import { openAnew, openToRead, readWhole } from '../files.js';
import { parseJson } from '../json.js';
import type { Tensor } from '../llama/index.js';
import { bfloatToFloat32, halvesToFloat32 } from './half.js';

interface Entry {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

interface Dtype {
  readonly bytes: number;
  readonly toFloat32: (raw: ArrayBuffer) => Float32Array<ArrayBuffer>;
}

const dtypes: Record<string, Dtype> = {
  F32: { bytes: 4, toFloat32: (raw) => new Float32Array(raw) },
  F16: { bytes: 2, toFloat32: (raw) => halvesToFloat32(new Uint16Array(raw)) },
  BF16: { bytes: 2, toFloat32: (raw) => bfloatToFloat32(new Uint16Array(raw)) },
};

/** The reference implementation's own limit on a header. */
const maxHeaderBytes = 100_000_000;
/** One read of a file is limited to 2^31 - 1 bytes. */
const maxReadBytes = 2 ** 30;

/**
 * Reads a `.safetensors` file, or all shards of a `.safetensors.index.json`, as float32 (from F32, F16, BF16).
 * Throws `EngineError` "safetensors-invalid" when the file is cut off or corrupt, before memory is taken for its data;
 * "safetensors-unsupported" for other number types; "safetensors-unreadable" when there is no such file.
 */
export async function readSafetensors(path: string): Promise<Map<string, Tensor>> {
  return path.endsWith('.index.json') ? readShards(path) : readFileTensors(path);
}

/** A float32 tensor whose numbers come in pieces, so that it need not be in memory whole. */
export interface TensorSource {
  readonly name: string;
  readonly shape: readonly number[];
  readonly pieces: () => Iterable<Float32Array> | AsyncIterable<Float32Array>;
}

/**
 * Writes float32 tensors in the map's order; `metadata` is the header's `__metadata__`. Throws `EngineError` "tensor-misshapen",
 * before what is there is touched, where a shape is not that of its data.
 */
export async function writeSafetensors(
  path: string,
  tensors: ReadonlyMap<string, Tensor>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  const sources = Array.from(tensors, ([name, { shape, data }]) => {
    checkCount(path, name, shape, data.length);
    return { name, shape, pieces: () => [data] };
  });
  return writeSafetensorsFrom(path, sources, metadata);
}

/**
 * As `writeSafetensors`, of tensors that come in pieces; throws `EngineError` "tensor-misshapen" where they do not fill them.
 * Nothing is left of a file that could not be written whole.
 */
export async function writeSafetensorsFrom(
  path: string,
  tensors: readonly TensorSource[],
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  // "format" tells transformers that names and layouts are PyTorch's
  const header: [string, unknown][] = [['__metadata__', { format: 'pt', ...metadata }]];
  let offset = 0;
  for (const { name, shape } of tensors) {
    const end = offset + 4 * product(shape);
    header.push([name, { dtype: 'F32', shape, data_offsets: [offset, end] }]);
    offset = end;
  }
  const text = JSON.stringify(Object.fromEntries(header));
  // spaces up to a multiple of 8 keep the data aligned for readers that map the file
  const json = Buffer.from(text + ' '.repeat((8 - (Buffer.byteLength(text) % 8)) % 8));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  const file = await openAnew(path);
  try {
    await file.writeFile(length);
    await file.writeFile(json);
    for (const { name, shape, pieces } of tensors) {
      let count = 0;
      for await (const data of pieces()) {
        count += data.length;
        await file.writeFile(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
      }
      checkCount(path, name, shape, count);
    }
    await file.sync();
  } catch (error) {
    await file.close();
    await rm(path, { force: true });
    throw error;
  }
  await file.close();
}

function checkCount(path: string, name: string, shape: readonly number[], count: number): void {
  if (count === product(shape)) return;
  throw new EngineError(
    'tensor-misshapen',
    `writing ${path}: ${name} of shape [${shape}] needs ${product(shape)} numbers, found ${count}`,
  );
}

async function readFileTensors(path: string): Promise<Map<string, Tensor>> {
  const file = await openToRead(path).catch((cause) => {
    throw unreadable(path, cause);
  });
  try {
    const { size } = await file.stat();
    const { entries, dataStart } = await readHeader(file, path, size);
    const tensors = new Map<string, Tensor>();
    for (const { name, dtype, shape, begin, end } of entries) {
      const raw = await readBytes(file, path, dataStart + begin, end - begin);
      tensors.set(name, { shape, data: dtype.toFloat32(raw) });
    }
    return tensors;
  } finally {
    await file.close();
  }
}

async function readShards(path: string): Promise<Map<string, Tensor>> {
  const text = await readWhole(path).catch((cause) => {
    throw unreadable(path, cause);
  });
  const map = weightMap(path, text.toString('utf8'));
  const tensors = new Map<string, Tensor>();
  for (const shard of new Set(map.values())) {
    for (const [name, tensor] of await readFileTensors(join(dirname(path), shard))) {
      if (map.get(name) === shard) tensors.set(name, tensor);
    }
  }
  for (const [name, shard] of map) {
    if (!tensors.has(name)) throw invalid(path, `${name} in ${shard}`, 'no such tensor there');
  }
  return tensors;
}

/** Tensor name -> shard's file name beside the index. */
function weightMap(path: string, text: string): Map<string, string> {
  const found = parseObject(path, text).weight_map;
  if (!isObject(found)) throw invalid(path, 'an object "weight_map"', JSON.stringify(found));
  const map = new Map<string, string>();
  for (const [name, shard] of Object.entries(found)) {
    if (typeof shard !== 'string' || shard !== basename(shard) || shard === '..') {
      throw invalid(path, `a file name beside it for ${name}`, JSON.stringify(shard));
    }
    map.set(name, shard);
  }
  return map;
}

async function readHeader(
  file: FileHandle,
  path: string,
  fileBytes: number,
): Promise<{ entries: Entry[]; dataStart: number }> {
  if (fileBytes < 8) throw invalid(path, 'a header length of 8 bytes', `${fileBytes} bytes`);
  const headerBytes = Number(new DataView(await readBytes(file, path, 0, 8)).getBigUint64(0, true));
  const most = Math.min(fileBytes - 8, maxHeaderBytes);
  if (headerBytes > most) {
    throw invalid(path, `a header of at most ${most} bytes`, `a header length of ${headerBytes}`);
  }
  const text = Buffer.from(await readBytes(file, path, 8, headerBytes)).toString('utf8');
  const dataStart = 8 + headerBytes;
  const entries: Entry[] = [];
  for (const [name, value] of Object.entries(parseObject(path, text))) {
    if (name !== '__metadata__') entries.push(parseEntry(path, name, value));
  }
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  checkCover(path, entries, fileBytes - dataStart);
  return { entries, dataStart };
}

function parseEntry(path: string, name: string, value: unknown): Entry {
  const { dtype: kind, shape, data_offsets: offsets } = isObject(value) ? value : {};
  const dtype = typeof kind === 'string' && Object.hasOwn(dtypes, kind) ? dtypes[kind] : undefined;
  if (dtype === undefined) {
    throw new EngineError(
      'safetensors-unsupported',
      `${path}: ${name} has dtype ${JSON.stringify(kind)}, this engine reads F32, F16 and BF16; convert the checkpoint`,
    );
  }
  if (!isSizes(shape)) {
    throw invalid(path, `${name} with a shape of whole numbers`, JSON.stringify(shape));
  }
  const bytes = product(shape) * dtype.bytes;
  if (!isRange(offsets) || offsets[1] - offsets[0] !== bytes) {
    throw invalid(
      path,
      `${name} of shape [${shape}] with data_offsets ${bytes} bytes apart`,
      JSON.stringify(offsets),
    );
  }
  return { name, dtype, shape, begin: offsets[0], end: offsets[1] };
}

/** The entries, sorted by offset, must fill the data exactly: this rules out overlaps, gaps and cut-off files at once. */
function checkCover(path: string, entries: readonly Entry[], dataBytes: number): void {
  let covered = 0;
  for (const { name, begin, end } of entries) {
    if (begin !== covered) throw invalid(path, `${name} at data byte ${covered}`, `byte ${begin}`);
    covered = end;
  }
  if (covered !== dataBytes) {
    throw invalid(path, `${covered} bytes of data`, `${dataBytes} bytes`);
  }
}

async function readBytes(
  file: FileHandle,
  path: string,
  position: number,
  bytes: number,
): Promise<ArrayBuffer> {
  const buffer = new Uint8Array(bytes);
  let done = 0;
  while (done < bytes) {
    const length = Math.min(bytes - done, maxReadBytes);
    const { bytesRead } = await file.read(buffer, done, length, position + done);
    if (bytesRead === 0) throw invalid(path, `${bytes} bytes at byte ${position}`, `${done} bytes`);
    done += bytesRead;
  }
  return buffer.buffer;
}

function parseObject(path: string, text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = parseJson(text);
  } catch {
    // reported below, with what was found
  }
  if (!isObject(value)) throw invalid(path, 'a JSON object', JSON.stringify(text.slice(0, 80)));
  return value;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0);
}

function isRange(value: unknown): value is [begin: number, end: number] {
  return isSizes(value) && value.length === 2;
}

/** How many numbers a tensor of a shape has. */
export function product(shape: readonly number[]): number {
  return shape.reduce((a, b) => a * b, 1);
}

function unreadable(path: string, cause: unknown): EngineError {
  if (cause instanceof EngineError) return cause;
  const message = `${path}: expected a readable safetensors file or index; check that the checkpoint is complete`;
  return new EngineError('safetensors-unreadable', message, { cause });
}

function invalid(path: string, expected: string, found: string): EngineError {
  return new EngineError(
    'safetensors-invalid',
    `${path}: expected ${expected}, found ${found}; the file is cut off or damaged, fetch or write it again`,
  );
}
