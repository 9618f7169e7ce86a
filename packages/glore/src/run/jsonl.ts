/** JSON and JSON Lines files: read with errors that name the line, written whole or not at all. */
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { GloreError } from '../error.js';
import { explained, replaceFile } from './files.js';

/** One line of a file. */
export interface Line {
  /** 1-based. */
  readonly number: number;
  /** Where the line begins in the file, in bytes. */
  readonly start: number;
  /** Without the newline. */
  readonly bytes: Buffer;
  /** Whether a newline ends it; only a file's last line may lack one. */
  readonly ended: boolean;
}

/**
 * The records of a JSON Lines file.
 *
 * @throws GloreError `file-missing`, `file-forbidden`; `jsonl-broken` naming the first line that is not JSON.
 */
export async function readJsonl<T>(path: string): Promise<T[]> {
  const records: T[] = [];
  await explained(path, async () => {
    for await (const line of readLines(path)) {
      try {
        records.push(parseJson(line.bytes) as T);
      } catch (cause) {
        const cure = 'correct the line, or delete the file and run the stage that writes it again';
        throw brokenLine('jsonl-broken', path, line, 'one JSON record on each line', cure, cause);
      }
    }
  });
  return records;
}

/** Writes one record a line, atomically. @throws GloreError `disk-full`, `file-forbidden`. */
export function writeJsonl(path: string, records: Iterable<unknown>): Promise<void> {
  return replaceFile(path, jsonLines(records));
}

/** The value in a JSON file. @throws GloreError `file-missing`, `file-forbidden`; `json-broken` if it is not JSON. */
export async function readJson<T>(path: string): Promise<T> {
  const bytes = await explained(path, () => readFile(path));
  try {
    return parseJson(bytes) as T;
  } catch (cause) {
    throw new GloreError(
      'json-broken',
      `${path}: expected JSON, found ${excerpt(bytes)} (${reason(cause)}); correct the file, or delete it and run the stage that writes it again`,
      { cause },
    );
  }
}

/** Writes a value as JSON indented for reading, atomically. @throws GloreError `disk-full`, `file-forbidden`. */
export function writeJson(path: string, value: unknown): Promise<void> {
  return replaceFile(path, [`${JSON.stringify(value, null, 2)}\n`]);
}

/** The lines of a file of any size, in order. */
export async function* readLines(path: string): AsyncGenerator<Line> {
  let number = 1;
  let start = 0;
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
    const bytes: Buffer = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let from = 0;
    // What was left over holds no newline.
    for (let end = bytes.indexOf(10, rest.length); end !== -1; end = bytes.indexOf(10, from)) {
      yield { number, start, bytes: bytes.subarray(from, end), ended: true };
      number++;
      start += end + 1 - from;
      from = end + 1;
    }
    rest = bytes.subarray(from);
  }
  if (rest.length > 0) yield { number, start, bytes: rest, ended: false };
}

/** JSON from bytes. @throws SyntaxError if they are not JSON, TypeError if they are not UTF-8. */
export function parseJson(bytes: Buffer): unknown {
  return JSON.parse(utf8.decode(bytes));
}

/** The error for a line that is not what it should be. */
export function brokenLine(
  code: string,
  path: string,
  line: Line,
  expected: string,
  cure: string,
  cause?: unknown,
): GloreError {
  const why = cause === undefined ? '' : ` (${reason(cause)})`;
  const message = `${path}:${line.number}: expected ${expected}, found ${excerpt(line.bytes)}${why}; ${cure}`;
  return new GloreError(code, message, { cause });
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function* jsonLines(records: Iterable<unknown>): Generator<string> {
  for (const record of records) yield `${JSON.stringify(record)}\n`;
}

function excerpt(bytes: Buffer): string {
  if (bytes.length === 0) return 'nothing';
  const text = bytes.toString('utf8', 0, 240);
  return text.length <= 60 ? JSON.stringify(text) : `${JSON.stringify(text.slice(0, 60))}...`;
}

function reason(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
