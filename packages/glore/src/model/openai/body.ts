/** The bytes of a response, as many as it may have, whatever they are packed in. */
import { promisify } from 'node:util';
import { brotliDecompress, constants, inflateRaw, unzip } from 'node:zlib';
import { parseJson as parse } from '@glore/engine';
import type { Dispatcher } from 'undici';
import { Unreadable } from './reading.js';

const unpackers = {
  gzip: promisify(unzip),
  'x-gzip': promisify(unzip),
  deflate: promisify(unzip),
  raw: promisify(inflateRaw),
  br: promisify(brotliDecompress),
};

export interface BodyOptions {
  /** As the header says: "gzip", "deflate, br"; undefined for none. */
  readonly encoding: string | undefined;
  /** Most bytes, packed and unpacked. */
  readonly most: number;
  /** What is too long or torn is cut, not refused. */
  readonly cut: boolean;
}

/** @throws Unreadable for more bytes, and for what cannot be unpacked */
export async function readBody(
  body: Dispatcher.ResponseData['body'],
  { encoding = '', most, cut }: BodyOptions,
): Promise<Buffer> {
  let bytes = await gathered(body, most, cut);
  const codings = encoding.toLowerCase().split(',').reverse();
  for (const coding of codings.map((one) => one.trim())) {
    if (coding === '' || coding === 'identity' || bytes.length === 0) continue;
    bytes = await unpacked(bytes, coding, most, cut);
  }
  return bytes;
}

/** The chunks of a body, as they come. @throws Unreadable once they are more than `most` bytes */
export async function* upTo(body: AsyncIterable<Buffer>, most: number): AsyncGenerator<Buffer> {
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > most) throw tooLong(most);
    yield chunk;
  }
}

async function gathered(
  body: Dispatcher.ResponseData['body'],
  most: number,
  cut: boolean,
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size <= most) continue;
    if (!cut) throw tooLong(most);
    break;
  }
  const bytes = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
  return bytes.subarray(0, most);
}

async function unpacked(
  bytes: Buffer,
  coding: string,
  most: number,
  cut: boolean,
): Promise<Buffer> {
  // Some servers' "deflate" has the header of zlib, some has not.
  const name = coding === 'deflate' && !hasZlibHeader(bytes) ? 'raw' : coding;
  if (!(name in unpackers))
    throw new Unreadable(`a body packed in ${coding}, which was not asked for`);
  const flush = name === 'br' ? constants.BROTLI_OPERATION_FLUSH : constants.Z_SYNC_FLUSH;
  try {
    return await unpackers[name as keyof typeof unpackers](bytes, {
      maxOutputLength: most,
      ...(cut && { finishFlush: flush }),
    });
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ERR_BUFFER_TOO_LARGE') {
      throw tooLong(most);
    }
    throw new Unreadable(`a body that is no ${coding}`);
  }
}

const hasZlibHeader = (bytes: Buffer): boolean =>
  bytes.length > 1 && (bytes[0]! & 15) === 8 && bytes.readUInt16BE(0) % 31 === 0;

const tooLong = (most: number): Unreadable =>
  new Unreadable(
    `an answer of more than ${Math.ceil(most / 1024)} KiB, longer than what was asked for can be`,
  );

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** @throws Unreadable for what is no JSON in UTF-8 */
export function parseJson(bytes: Buffer): unknown {
  try {
    return parse(utf8.decode(bytes));
  } catch {
    throw new Unreadable('no JSON');
  }
}
