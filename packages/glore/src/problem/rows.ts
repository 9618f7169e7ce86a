/** Reads files of JSON records, with errors that name the file, the line, what was expected, what was found and the cure. */
import { basename, extname } from 'node:path';
import { parseJson, readWholeSync } from '@glore/engine';
import { GloreError } from '../error.js';

/** One record of a file and where it stands. */
export class FileRow {
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  readonly fields: Readonly<Record<string, unknown>>;

  /** @throws GloreError `not-an-object` unless `value`, as parsed from JSON, is an object. */
  constructor(file: string, line: number, value: unknown) {
    this.file = file;
    this.line = line;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw malformed('not-an-object', file, line, {
        expected: 'a JSON object',
        found: typeName(value),
        cure: 'write one object with named fields for each record',
      });
    }
    this.fields = value as Record<string, unknown>;
  }

  /** The string in a field. @throws GloreError `field-missing`, `field-type`. */
  text(name: string): string {
    const value = this.field(name);
    return typeof value === 'string' ? value : this.wrongType(name, 'a string');
  }

  /** The string in a field, which must not be blank. @throws GloreError `field-missing`, `field-type`, `field-empty`. */
  filledText(name: string): string {
    const value = this.text(name).trim();
    if (value !== '') return value;
    throw this.error('field-empty', {
      expected: `text in the field "${name}"`,
      found: 'an empty string',
      cure: 'fill it in or remove the record',
    });
  }

  /** A number, spelt exactly: 51.0 -> "51". @throws GloreError `field-missing`, `field-type`, `number-inexact`. */
  number(name: string): string {
    const value = this.field(name);
    if (typeof value !== 'number') return this.wrongType(name, 'a number');
    if (Number.isInteger(value) ? Number.isSafeInteger(value) : Number.isFinite(value)) {
      return String(value);
    }
    throw this.error('number-inexact', {
      expected: `a number that JSON readers keep exactly in the field "${name}"`,
      found: String(value),
      cure: 'write it as a string',
    });
  }

  /** A string or a number as a string. @throws GloreError `field-missing`, `field-type`, `number-inexact`. */
  textOrNumber(name: string): string {
    const value = this.field(name);
    if (typeof value === 'string') return value;
    return typeof value === 'number'
      ? this.number(name)
      : this.wrongType(name, 'a string or a number');
  }

  /** A list of strings. @throws GloreError `field-missing`, `field-type`. */
  texts(name: string): string[] {
    const value = this.field(name);
    const isTexts = Array.isArray(value) && value.every((item) => typeof item === 'string');
    return isTexts ? value : this.wrongType(name, 'a list of strings');
  }

  /** An error about this row. */
  error(code: string, problem: Complaint): GloreError {
    return malformed(code, this.file, this.line, problem);
  }

  /** The value of a field that must be there. @throws GloreError `field-missing`. */
  field(name: string): unknown {
    if (Object.hasOwn(this.fields, name)) return this.fields[name];
    const names = Object.keys(this.fields).map((key) => `"${key}"`);
    throw this.error('field-missing', {
      expected: `the field "${name}"`,
      found: names.length > 0 ? names.join(', ') : 'no fields',
      cure: 'add it or name another field',
    });
  }

  private wrongType(name: string, expected: string): never {
    throw this.error('field-type', {
      expected: `${expected} in the field "${name}"`,
      found: typeName(this.fields[name]),
      cure: 'change its type',
    });
  }
}

interface Complaint {
  readonly expected: string;
  readonly found: string;
  readonly cure: string;
}

/** The text of a file. @throws GloreError `file-unreadable`, `not-utf8`, `file-empty`. */
export function readTextFile(path: string): string {
  let bytes: Uint8Array;
  try {
    bytes = readWholeSync(path);
  } catch (cause) {
    throw new GloreError(
      'file-unreadable',
      `${path}: expected a readable file, got "${(cause as Error).message}"; check the path`,
      { cause },
    );
  }
  return decodeText(bytes, path);
}

/** The text of UTF-8 bytes; `file` names them in errors. @throws GloreError `not-utf8`, `file-empty`. */
export function decodeText(bytes: Uint8Array, file: string): string {
  const text = decode(bytes);
  if (text === undefined) {
    throw malformed('not-utf8', file, firstBadLine(bytes), {
      expected: 'UTF-8',
      found: 'other bytes',
      cure: `convert it, e.g. iconv -f latin1 -t utf-8 ${file}`,
    });
  }
  if (text.trim() === '') throw noRecords(file);
  return text;
}

/** The records of JSON Lines text; blank lines are skipped. @throws GloreError `json-broken`, `not-an-object`. */
export function parseJsonLines(text: string, file: string): FileRow[] {
  return text.split('\n').flatMap((source, index) => {
    if (source.trim() === '') return [];
    return [new FileRow(file, index + 1, parseLine(source, file, index + 1))];
  });
}

/** The objects of a JSON list, each with the line on which it starts. @throws GloreError `json-broken`, `not-a-list`, `file-empty`, `not-an-object`. */
export function parseJsonList(text: string, file: string): FileRow[] {
  let list: unknown;
  try {
    list = parseJson(text);
  } catch (cause) {
    throw brokenJson(file, brokenLine(text), cause as Error, 'repair it there');
  }
  if (!Array.isArray(list)) {
    throw malformed('not-a-list', file, 1, {
      expected: 'a JSON list of objects',
      found: typeName(list),
      cure: 'for JSON Lines use a reader of JSON Lines',
    });
  }
  if (list.length === 0) throw noRecords(file);
  const lines = itemLines(text);
  return list.map((item, index) => new FileRow(file, lines[index]!, item));
}

/** "data/train.jsonl" -> "train", the first part of ids of records that carry none. */
export function stem(path: string): string {
  return basename(path, extname(path));
}

/** Refuses two problems of one id. @throws GloreError `id-duplicate`. */
export function checkUnique(ids: readonly string[], rows: readonly FileRow[]): void {
  const seen = new Map<string, FileRow>();
  ids.forEach((id, index) => {
    const first = seen.get(id);
    if (first) {
      throw rows[index]!.error('id-duplicate', {
        expected: 'an id of its own',
        found: `"${id}", which line ${first.line} has too`,
        cure: 'rename or remove one',
      });
    }
    seen.set(id, rows[index]!);
  });
}

function parseLine(source: string, file: string, line: number): unknown {
  try {
    return parseJson(source);
  } catch (cause) {
    throw brokenJson(file, line, cause as Error, 'write one whole object on each line');
  }
}

function brokenJson(file: string, line: number, cause: Error, cure: string): GloreError {
  const problem = { expected: 'valid JSON', found: cause.message.replace(/\s+/g, ' '), cure };
  return malformed('json-broken', file, line, problem, { cause });
}

/** The 1-based line on which broken JSON breaks: V8 does not always name the place, so it is searched for. */
function brokenLine(text: string): number {
  const lines = text.split('\n');
  let [fine, broken] = [0, lines.length];
  while (broken - fine > 1) {
    const middle = (fine + broken) >> 1;
    if (onlyEndsEarly(`${lines.slice(0, middle).join('\n')}\n`)) fine = middle;
    else broken = middle;
  }
  return broken;
}

function onlyEndsEarly(start: string): boolean {
  try {
    JSON.parse(start);
    return true;
  } catch (error) {
    const { message } = error as Error;
    const position = /at position (\d+)/.exec(message)?.[1];
    return message.includes('end of JSON') || Number(position ?? 0) >= start.length;
  }
}

function noRecords(file: string): GloreError {
  return new GloreError('file-empty', `${file}: expected records, found none; check the path`);
}

function malformed(
  code: string,
  file: string,
  line: number,
  { expected, found, cure }: Complaint,
  options?: ErrorOptions,
): GloreError {
  const shown = found.length > mostShown ? `${found.slice(0, mostShown)}..` : found;
  const message = `${file}:${line}: expected ${expected}, found ${shown}; ${cure}`;
  return new GloreError(code, message, options);
}

/** Characters of what was found that are shown: a record may be as long as its file. */
const mostShown = 300;

function typeName(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function firstBadLine(bytes: Uint8Array): number {
  // A line feed is never part of another UTF-8 character, so each line can be decoded by itself.
  for (let line = 1, start = 0; ; line++) {
    const next = bytes.indexOf(0x0a, start);
    const end = next === -1 ? bytes.length : next;
    if (next === -1 || decode(bytes.subarray(start, end)) === undefined) return line;
    start = next + 1;
  }
}

/** The 1-based line on which each item of a valid JSON list starts. */
function itemLines(text: string): number[] {
  const lines: number[] = [];
  let line = 1;
  let depth = 0;
  let expectsItem = false;
  for (const [token] of text.matchAll(/"(?:\\.|[^"\\])*"|[[\]{},\n]|[^\s[\]{},"]+/g)) {
    if (token === '\n') {
      line++;
      continue;
    }
    if (expectsItem && token !== ']') {
      lines.push(line);
      expectsItem = false;
    }
    if (token === '[' || token === '{') {
      depth++;
      if (depth === 1) expectsItem = true;
    } else if (token === ']' || token === '}') depth--;
    else if (token === ',' && depth === 1) expectsItem = true;
  }
  return lines;
}
