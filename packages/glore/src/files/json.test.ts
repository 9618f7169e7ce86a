import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { readJson, readJsonl, readLines, writeJson, writeJsonl } from './json.js';

const anything = z.unknown();

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'glore-jsonl-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** What a promise fails with. */
const failureOf = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.unreachable('it succeeded'),
    (error: Error) => error,
  );

describe('JSON Lines', () => {
  it('are one record a line and come back the same', async () => {
    const path = join(folder, 'deep/er/records.jsonl');
    const records = [{ a: 1, text: 'two\nlines, "quoted", 48/2 ÷ 3 \u2028 👍' }, [], null, 'x', {}];
    await writeJsonl(path, records);
    expect(readFileSync(path, 'utf8')).toBe(
      '{"a":1,"text":"two\\nlines, \\"quoted\\", 48/2 ÷ 3 \u2028 👍"}\n[]\nnull\n"x"\n{}\n',
    );
    expect(await readJsonl(path, anything)).toEqual(records);
    expect(readdirSync(join(folder, 'deep/er'))).toEqual(['records.jsonl']);
  });

  it('may be none', async () => {
    const path = join(folder, 'none.jsonl');
    await writeJsonl(path, []);
    expect(readFileSync(path, 'utf8')).toBe('');
    expect(await readJsonl(path, anything)).toEqual([]);
  });

  it('may be longer than the pieces in which they are read and written', async () => {
    const path = join(folder, 'long.jsonl');
    const long = 'é'.repeat(3_000_000);
    const records = [1, long, 2, `${long}!`, ...Array.from({ length: 200_000 }, (_, i) => ({ i }))];
    await writeJsonl(path, records);
    const read = await readJsonl(path, anything);
    expect(read.length).toBe(records.length);
    expect(read.every((value, i) => JSON.stringify(value) === JSON.stringify(records[i]))).toBe(
      true,
    );
  });

  it('need no newline at the end of the file', async () => {
    const path = join(folder, 'records.jsonl');
    writeFileSync(path, '{"a":1}\r\n{"a":2}');
    expect(await readJsonl(path, anything)).toEqual([{ a: 1 }, { a: 2 }]);
  });

  it.each([
    ['half a record', '{"a":1}\n{"a":\n{"a":3}\n', 2, 'found "{\\"a\\":" ('],
    ['a blank line', '{"a":1}\n\n', 2, 'found nothing ('],
    ['a long line', `${'x'.repeat(500)}\n`, 1, `found "${'x'.repeat(60)}"... (`],
  ])('name the line that is %s', async (_, text, line, found) => {
    const path = join(folder, 'records.jsonl');
    writeFileSync(path, text);
    const error = await failureOf(readJsonl(path, anything));
    expect(error).toMatchObject({ name: 'GloreError', code: 'jsonl-broken' });
    expect(error.message).toContain(
      `${path}:${line}: expected one JSON record on each line, ${found}`,
    );
    expect(error.message).toMatch(/delete the file and run the stage that writes it again$/);
  });

  it('must be UTF-8', async () => {
    const path = join(folder, 'records.jsonl');
    writeFileSync(path, Buffer.from([0x22, 0xff, 0x22, 0x0a]));
    await expect(readJsonl(path, anything)).rejects.toMatchObject({ code: 'jsonl-broken' });
  });

  it('that are not there are an error', async () => {
    const path = join(folder, 'absent.jsonl');
    const error = await failureOf(readJsonl(path, anything));
    expect(error).toMatchObject({ code: 'file-missing' });
    expect(error.message).toBe(
      `${path}: expected a file, found none; check the path, or run the stage that writes it`,
    );
  });

  it('keep the old file when a record cannot be written', async () => {
    const path = join(folder, 'records.jsonl');
    await writeJsonl(path, ['old']);
    await expect(writeJsonl(path, ['new', 1n])).rejects.toThrow(TypeError);
    expect(await readJsonl(path, anything)).toEqual(['old']);
    await writeJsonl(path, ['newer']);
    expect(readdirSync(folder)).toEqual(['records.jsonl']);
  });
});

describe('lines', () => {
  it('know where they begin', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom('', 'a', 'ö', 'long line')), async (parts) => {
        const path = join(folder, 'lines');
        const text = parts.join('\n');
        writeFileSync(path, text);
        const bytes = Buffer.from(text);
        const lines = [];
        for await (const line of readLines(path)) lines.push(line);
        const ends = lines.map(({ start, bytes, ended }) => start + bytes.length + (ended ? 1 : 0));
        expect(lines.map(({ start }) => start)).toEqual([0, ...ends].slice(0, lines.length));
        expect(ends.at(-1) ?? 0).toBe(bytes.length);
        const texts = lines.map(({ bytes }) => bytes.toString());
        expect(texts).toEqual(parts.at(-1) === '' ? parts.slice(0, -1) : parts);
        expect(lines.map(({ number }) => number)).toEqual(texts.map((_, i) => i + 1));
      }),
    );
  });
});

describe('JSON', () => {
  it('is written for reading', async () => {
    const path = join(folder, 'value.json');
    await writeJson(path, { a: [1] });
    expect(readFileSync(path, 'utf8')).toBe('{\n  "a": [\n    1\n  ]\n}\n');
    expect(await readJson(path, anything)).toEqual({ a: [1] });
  });

  it('that is broken names the file', async () => {
    const path = join(folder, 'value.json');
    writeFileSync(path, '{"a"');
    const error = await failureOf(readJson(path, anything));
    expect(error).toMatchObject({ code: 'json-broken' });
    expect(error.message).toContain(`${path}: expected JSON, found "{\\"a\\"" (`);
  });
});

describe.skipIf(process.platform !== 'linux')('a file system that refuses (Linux)', () => {
  it('a full disk is named, and the old file stays', async () => {
    const path = join(folder, 'records.jsonl');
    await writeJsonl(path, ['old']);
    symlinkSync('/dev/full', `${path}.part-new`);
    const error = await failureOf(writeJsonl(path, ['new']));
    expect(error).toMatchObject({ name: 'GloreError', code: 'disk-full' });
    expect(error.message).toBe(
      `${path}: expected room to write, found the disk full (ENOSPC); free some space and run the same command again, finished work is kept`,
    );
    expect(await readJsonl(path, anything)).toEqual(['old']);
  });

  it('a forbidden folder is named', async () => {
    // Nobody may make files in /sys, not even root.
    const error = await failureOf(writeJson('/sys/glore.json', 1));
    expect(error).toMatchObject({ name: 'GloreError', code: 'file-forbidden' });
    expect(error.message).toMatch(
      /^\/sys\/glore\.json: expected to be allowed to use this file, found E/,
    );
  });
});
