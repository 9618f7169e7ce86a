/** JSON and JSON Lines files: each record is checked where it is read, files are written whole or not at all. */
import { openToRead, parseJson as parse, readWhole } from '@glore/engine';
import type { z } from 'zod';
import { GloreError } from '../error.js';
import { expectation, pathShown, valueAt, valueShown } from './issue.js';
import { explained, replaceFile } from './replace.js';

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
 * The records of a JSON Lines file, each of the shape.
 *
 * @param cure what to do about a broken file; for the file of a stage if left out
 * @throws GloreError `file-missing`, `file-forbidden`, `file-kind`; `jsonl-broken` naming the first line that is not JSON;
 *   `record-broken` naming line and field of the first record that is of another shape.
 */
export async function readJsonl<T>(
  path: string,
  shape: z.ZodType<T>,
  cure = cureOf(path),
): Promise<T[]> {
  const records: T[] = [];
  await explained(path, async () => {
    for await (const line of readLines(path)) records.push(recordIn(path, line, shape, cure));
  });
  return records;
}

/** The record in a line of a file. @throws GloreError `jsonl-broken`, `record-broken` */
export function recordIn<T>(path: string, line: Line, shape: z.ZodType<T>, cure: string): T {
  let value: unknown;
  try {
    value = parseJson(line.bytes);
  } catch (cause) {
    throw brokenLine('jsonl-broken', path, line, 'one JSON record on each line', cure, cause);
  }
  return shaped(shape, value, `${path}:${line.number}`, cure);
}

/** Writes one record a line, atomically. @throws GloreError `disk-full`, `file-forbidden`. */
export function writeJsonl(path: string, records: Iterable<unknown>): Promise<void> {
  return replaceFile(path, jsonLines(records));
}

/**
 * The value in a JSON file, of the shape.
 *
 * @param cure what to do about a broken file; for the file of a stage if left out
 * @throws GloreError `file-missing`, `file-forbidden`, `file-kind`; `json-broken` if it is not JSON; `record-broken` naming
 *   the field that is of another shape.
 */
export async function readJson<T>(
  path: string,
  shape: z.ZodType<T>,
  cure = cureOf(path),
): Promise<T> {
  const bytes = await explained(path, () => readWhole(path));
  let value: unknown;
  try {
    value = parseJson(bytes);
  } catch (cause) {
    throw new GloreError(
      'json-broken',
      `${path}: expected JSON, found ${excerpt(bytes)} (${reason(cause)}); ${cure}`,
      { cause },
    );
  }
  return shaped(shape, value, path, cure);
}

/** The value, if it is of the shape. @throws GloreError `record-broken` naming the place and the field */
export function shaped<T>(shape: z.ZodType<T>, value: unknown, where: string, cure: string): T {
  const { success, data, error } = shape.safeParse(value);
  if (success) return data;
  const issue = error.issues[0]!;
  const found = valueShown(valueAt(value, issue.path), issue.path);
  throw brokenRecord(where, issue.path, expectation(issue), found, cure);
}

/** The error for a record that is not as it should be. @param where file and line @param field names and indices */
export function brokenRecord(
  where: string,
  field: readonly PropertyKey[],
  expected: string,
  found: string,
  cure: string,
): GloreError {
  const at = field.length === 0 ? '' : `${pathShown(field)}: `;
  const message = `${where}: ${at}expected ${expected}, found ${found}; ${cure}`;
  return new GloreError('record-broken', message);
}

/** What to do about a file that a stage has made: a stage that lacks one of its files makes it again. */
export const cureOf = (path: string): string =>
  `correct it, or delete ${path} and run the recipe again: what is missing is made anew`;

/** Writes a value as JSON indented for reading, atomically. @throws GloreError `disk-full`, `file-forbidden`. */
export function writeJson(path: string, value: unknown): Promise<void> {
  return replaceFile(path, [`${JSON.stringify(value, null, 2)}\n`]);
}

/** The lines of a file of any size, in order. */
export async function* readLines(path: string): AsyncGenerator<Line> {
  let number = 1;
  let start = 0;
  let rest: Buffer = Buffer.alloc(0);
  const file = await openToRead(path);
  for await (const chunk of file.createReadStream({ highWaterMark: 1 << 20 })) {
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
  return parse(utf8.decode(bytes));
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
