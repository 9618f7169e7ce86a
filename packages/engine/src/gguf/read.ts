/**
 * Reads a GGUF file: its metadata whole, its tensors one by one, in pieces. Nothing that the file says is believed before
 * it is compared with the file's size: every count and length is bounded by the bytes that are left, so memory and time are
 * too. https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
 */
import type { FileHandle } from 'node:fs/promises';
import { EngineError } from '../error.js';
import { openToRead } from '../files.js';
import { product } from '../hf/index.js';
import { type BlockType, blockTypes, otherTypes } from './blocks.js';

/** A value of the metadata as read; 64-bit numbers are rounded to doubles. */
export type MetadataValue = number | boolean | string | readonly MetadataValue[];

/** A tensor as the file describes it. */
export interface TensorEntry {
  readonly name: string;
  /** Row-major: the file's own order turned round. */
  readonly shape: readonly number[];
  readonly type: BlockType;
  /** Of its data in the file, and how many bytes. */
  readonly at: number;
  readonly bytes: number;
}

/** An open file. */
export interface GgufFile {
  readonly path: string;
  readonly metadata: ReadonlyMap<string, MetadataValue>;
  readonly tensors: ReadonlyMap<string, TensorEntry>;
  /** Its numbers in pieces of whole `unit`s, a few million at a time. */
  pieces(entry: TensorEntry, unit: number): AsyncIterable<Float32Array<ArrayBuffer>>;
  close(): Promise<void>;
}

/** Far beyond any model's metadata (a vocabulary of 262,144 tokens takes 8 MB); more is not read into memory. */
const maxHeaderBytes = 2 ** 26;
const maxValues = 2 ** 22;
/** Numbers in a piece, at least one unit. */
const pieceNumbers = 2 ** 22;
const maxDimensions = 4;
const maxKeyBytes = 65_535;

/**
 * Opens a file of version 2 or 3. Throws `EngineError` "gguf-unreadable" where there is none, "gguf-invalid" for one that is
 * damaged, cut off or not GGUF, "gguf-unsupported" for a version, a tensor's type or a split that is not read.
 */
export async function openGguf(path: string): Promise<GgufFile> {
  const file = await openToRead(path).catch((cause) => {
    if (cause instanceof EngineError) throw cause;
    throw new EngineError('gguf-unreadable', `${path}: expected a GGUF file to read`, { cause });
  });
  try {
    const { size } = await file.stat();
    const { metadata, tensors } = await readHeader(new Header(file, path, size));
    return {
      path,
      metadata,
      tensors,
      pieces: (entry, unit) => pieces(file, path, entry, unit),
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function readHeader(header: Header) {
  const magic = Buffer.from(await header.bytes(4, 'the magic GGUF')).toString('latin1');
  if (magic !== 'GGUF') throw header.invalid('the magic GGUF', JSON.stringify(magic));
  const version = await header.uint32('a version');
  if (version !== 2 && version !== 3) {
    throw new EngineError(
      'gguf-unsupported',
      `${header.path}: expected GGUF version 2 or 3 (little-endian), found ${version}; convert the model again`,
    );
  }
  // A tensor takes at least a name's length, the count of dimensions, one of them, a type and an offset; a key 12 bytes.
  const tensorCount = await header.count('tensors', 32);
  const keyCount = await header.count('metadata keys', 13);
  const metadata = new Map<string, MetadataValue>();
  for (let i = 0; i < keyCount; i++) {
    const key = await header.text(`metadata key ${i + 1} of ${keyCount}`, maxKeyBytes);
    if (metadata.has(key)) throw header.invalid(`the key ${shown(key)} once`, 'it twice');
    metadata.set(key, await readValue(header, key));
  }
  if (typeof metadata.get('split.count') === 'number' && Number(metadata.get('split.count')) > 1) {
    throw new EngineError(
      'gguf-unsupported',
      `${header.path}: expected a model in one file, found one of ${metadata.get('split.count')} parts; join them with llama-gguf-split --merge`,
    );
  }
  const alignment = metadata.get('general.alignment') ?? 32;
  if (typeof alignment !== 'number' || alignment < 8 || alignment > 65_536 || alignment % 8 !== 0) {
    throw header.invalid('general.alignment as a multiple of 8', JSON.stringify(alignment));
  }
  const found: TensorEntry[] = [];
  for (let i = 0; i < tensorCount; i++) {
    found.push(await readEntry(header, `tensor ${i + 1} of ${tensorCount}`, alignment));
  }
  const start = Math.ceil(header.position / alignment) * alignment;
  const tensors = new Map<string, TensorEntry>();
  for (const entry of found) {
    if (tensors.has(entry.name)) {
      throw header.invalid(`the tensor ${shown(entry.name)} once`, 'it twice');
    }
    const at = start + entry.at;
    if (at + entry.bytes > header.size) {
      throw header.invalid(
        `${shown(entry.name)} (${entry.type.name}, [${entry.shape}]) of ${entry.bytes} bytes at byte ${at}`,
        `a file of ${header.size} bytes`,
      );
    }
    tensors.set(entry.name, { ...entry, at });
  }
  checkApart(header, tensors);
  return { metadata, tensors };
}

/** Tensors that share bytes are a lie about one of them. */
function checkApart(header: Header, tensors: ReadonlyMap<string, TensorEntry>): void {
  let before: TensorEntry | undefined;
  for (const entry of [...tensors.values()].sort((a, b) => a.at - b.at)) {
    if (before && before.at + before.bytes > entry.at) {
      throw header.invalid(
        `${shown(entry.name)} behind ${shown(before.name)}, which ends at byte ${before.at + before.bytes}`,
        `it at byte ${entry.at}`,
      );
    }
    before = entry;
  }
}

async function readEntry(header: Header, what: string, alignment: number): Promise<TensorEntry> {
  const name = await header.text(`the name of ${what}`, maxKeyBytes);
  const dimensions = await header.uint32(`the dimensions of ${shown(name)}`);
  if (dimensions < 1 || dimensions > maxDimensions) {
    throw header.invalid(`${shown(name)} with 1 to ${maxDimensions} dimensions`, `${dimensions}`);
  }
  const sizes: number[] = [];
  let numbers = 1;
  for (let i = 0; i < dimensions; i++) {
    const size = await header.uint64(`a dimension of ${shown(name)}`);
    sizes.push(size);
    numbers *= size;
  }
  if (!sizes.every((size) => size > 0) || !Number.isSafeInteger(numbers)) {
    throw header.invalid(`${shown(name)} of a size above 0 that can be counted`, `[${sizes}]`);
  }
  const kind = await header.uint32(`the type of ${shown(name)}`);
  const type = blockTypes.get(kind);
  if (!type) {
    const other = otherTypes.get(kind);
    if (other === undefined) throw header.invalid(`a type of ${shown(name)}`, `${kind}`);
    const known = [...blockTypes.values()].map(({ name }) => name).join(', ');
    throw new EngineError(
      'gguf-unsupported',
      `${header.path}: the tensor ${shown(name)} is ${other}, read are ${known}; quantise the model to one of these`,
    );
  }
  if (sizes[0]! % type.numbers !== 0) {
    throw header.invalid(
      `rows of ${shown(name)} in ${type.name} blocks of ${type.numbers}`,
      `rows of ${sizes[0]}`,
    );
  }
  const at = await header.uint64(`the offset of ${shown(name)}`);
  if (at % alignment !== 0) {
    throw header.invalid(`${shown(name)} at a multiple of ${alignment} bytes`, `byte ${at}`);
  }
  return { name, shape: sizes.reverse(), type, at, bytes: (numbers / type.numbers) * type.bytes };
}

interface Scalar {
  readonly bytes: number;
  readonly read: (view: DataView, at: number) => number | boolean;
}

/** How single values are read, by their number in a file. */
const scalars: ReadonlyMap<number, Scalar> = new Map([
  [0, { bytes: 1, read: (view, at) => view.getUint8(at) }],
  [1, { bytes: 1, read: (view, at) => view.getInt8(at) }],
  [2, { bytes: 2, read: (view, at) => view.getUint16(at, true) }],
  [3, { bytes: 2, read: (view, at) => view.getInt16(at, true) }],
  [4, { bytes: 4, read: (view, at) => view.getUint32(at, true) }],
  [5, { bytes: 4, read: (view, at) => view.getInt32(at, true) }],
  [6, { bytes: 4, read: (view, at) => view.getFloat32(at, true) }],
  [7, { bytes: 1, read: (view, at) => view.getUint8(at) !== 0 }],
  [10, { bytes: 8, read: (view, at) => Number(view.getBigUint64(at, true)) }],
  [11, { bytes: 8, read: (view, at) => Number(view.getBigInt64(at, true)) }],
  [12, { bytes: 8, read: (view, at) => view.getFloat64(at, true) }],
] satisfies [number, Scalar][]);
const stringType = 8;
const arrayType = 9;

async function readValue(header: Header, key: string): Promise<MetadataValue> {
  const what = `the value of ${shown(key)}`;
  const type = await header.uint32(what);
  if (type !== arrayType) return readOne(header, type, what);
  const inner = await header.uint32(what);
  if (inner === arrayType) throw header.invalid(`${what} as values`, 'arrays of arrays');
  const count = await header.count(
    what,
    inner === stringType ? 8 : (scalars.get(inner)?.bytes ?? 1),
  );
  if (count > maxValues) throw header.invalid(`${what} of at most ${maxValues} values`, `${count}`);
  if (inner === stringType) {
    const texts: string[] = [];
    for (let i = 0; i < count; i++) texts.push(await header.text(what, maxHeaderBytes));
    return texts;
  }
  const { bytes, read } = scalarOf(header, inner, what);
  const view = header.viewOf(await header.bytes(count * bytes, what));
  return Array.from({ length: count }, (_, i) => read(view, i * bytes));
}

async function readOne(header: Header, type: number, what: string): Promise<MetadataValue> {
  if (type === stringType) return header.text(what, maxHeaderBytes);
  const { bytes, read } = scalarOf(header, type, what);
  return read(header.viewOf(await header.bytes(bytes, what)), 0);
}

function scalarOf(header: Header, type: number, what: string): Scalar {
  const scalar = scalars.get(type);
  if (!scalar) throw header.invalid(`a type of ${what}`, `${type}`);
  return scalar;
}

/** Text of a file in a message. */
const shown = (text: string): string => JSON.stringify(text.slice(0, 100));

/** The part of a file before its tensors' data, read from the front, never beyond its end or `maxHeaderBytes`. */
class Header {
  readonly path: string;
  readonly size: number;
  position = 0;
  private readonly file: FileHandle;
  private readonly end: number;
  private buffer = Buffer.alloc(0);
  private from = 0;

  constructor(file: FileHandle, path: string, size: number) {
    this.file = file;
    this.path = path;
    this.size = size;
    this.end = Math.min(size, maxHeaderBytes);
  }

  invalid(expected: string, found: string): EngineError {
    return new EngineError(
      'gguf-invalid',
      `${this.path}: expected ${expected}, found ${found}; the file is cut off or damaged, fetch or convert it again`,
    );
  }

  viewOf(bytes: Uint8Array): DataView {
    return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** The next bytes; most calls are answered from what is in memory, without waiting. */
  bytes(count: number, what: string): Uint8Array | Promise<Uint8Array> {
    const start = this.position - this.from;
    if (start + count > this.buffer.length) return this.fill(count, what);
    this.position += count;
    return this.buffer.subarray(start, start + count);
  }

  private async fill(count: number, what: string): Promise<Uint8Array> {
    const { position, end } = this;
    if (position + count > end) {
      const limit =
        end < this.size
          ? `metadata of at most ${maxHeaderBytes} bytes`
          : `a file of ${this.size} bytes`;
      throw this.invalid(`${what}: ${count} bytes at byte ${position}`, limit);
    }
    const wanted = Math.min(end - position, Math.max(count, 2 ** 20));
    const buffer = Buffer.alloc(wanted);
    await readFully(this.file, this.path, buffer, position);
    this.buffer = buffer;
    this.from = position;
    this.position += count;
    return buffer.subarray(0, count);
  }

  async uint32(what: string): Promise<number> {
    return this.viewOf(await this.bytes(4, what)).getUint32(0, true);
  }

  async uint64(what: string): Promise<number> {
    const value = this.viewOf(await this.bytes(8, what)).getBigUint64(0, true);
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) {
      throw this.invalid(`${what} below 2^53`, `${value}`);
    }
    return Number(value);
  }

  /** A count of things that take at least so many bytes each, for which there is room. */
  async count(what: string, bytesEach: number): Promise<number> {
    const count = await this.uint64(`the number of ${what}`);
    const room = Math.floor((this.end - this.position) / bytesEach);
    if (count > room)
      throw this.invalid(`at most ${room} ${what}, for which there is room`, `${count}`);
    return count;
  }

  async text(what: string, most: number): Promise<string> {
    const length = await this.uint64(`the length of ${what}`);
    if (length > Math.min(most, this.end - this.position)) {
      throw this.invalid(
        `${what} of at most ${Math.min(most, this.end - this.position)} bytes`,
        `${length} bytes`,
      );
    }
    return Buffer.from(await this.bytes(length, what)).toString('utf8');
  }
}

async function* pieces(
  file: FileHandle,
  path: string,
  { shape, type, at }: TensorEntry,
  unit: number,
): AsyncIterable<Float32Array<ArrayBuffer>> {
  const numbers = product(shape);
  const row = shape.at(-1)!;
  // Units are whole rows, hence whole blocks.
  const step = Math.max(1, Math.floor(pieceNumbers / (unit * row))) * unit * row;
  for (let done = 0; done < numbers; done += step) {
    const count = Math.min(step, numbers - done);
    const buffer = Buffer.alloc((count / type.numbers) * type.bytes);
    await readFully(file, path, buffer, at + (done / type.numbers) * type.bytes);
    yield type.decode(buffer);
  }
}

async function readFully(
  file: FileHandle,
  path: string,
  into: Buffer,
  position: number,
): Promise<void> {
  let done = 0;
  while (done < into.length) {
    const { bytesRead } = await file.read(into, done, into.length - done, position + done);
    if (bytesRead === 0) {
      throw new EngineError(
        'gguf-invalid',
        `${path}: expected ${into.length} bytes at byte ${position}, found ${done}; the file grew shorter while it was read`,
      );
    }
    done += bytesRead;
  }
}
