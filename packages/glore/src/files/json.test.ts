import { execFileSync } from 'node:child_process';
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
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
    expect(error.message).toContain(`; correct it, or delete ${path} and run the recipe again`);
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
      `${path}: expected a file, found none; check the path; in a run, delete the folder that it belongs in and run the recipe again`,
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

it('that is nested too deeply to be written again is broken', async () => {
  const path = join(folder, 'value.json');
  writeFileSync(path, `${'['.repeat(9000)}${']'.repeat(9000)}`);
  const error = await failureOf(readJson(path, anything));
  expect(error).toMatchObject({ code: 'json-broken' });
  expect(error.message).toContain('levels deep');
});

describe('a record', () => {
  const shape = z.object({
    problem: z.string().min(1),
    steps: z.array(z.object({ value: z.number().max(1) })),
  });
  const right = { problem: 'train-1', steps: [{ value: 1 }] };

  it.each([
    ['7', 'expected a map of keys, found 7'],
    ['{"steps":[]}', 'problem: expected text, found nothing'],
    ['{"problem":null,"steps":[]}', 'problem: expected text, found nothing'],
    ['{"problem":"","steps":[]}', 'problem: expected some text, found ""'],
    ['{"problem":"a","steps":{}}', 'steps: expected a list, found {}'],
    ['{"problem":"a","steps":[{},{}]}', 'steps.0.value: expected a number, found nothing'],
    ['{"problem":"a","steps":[{"value":2}]}', 'steps.0.value: expected at most 1, found 2'],
    [
      '{"problem":"a","steps":[{"value":1e999}]}',
      'steps.0.value: expected a number, found Infinity',
    ],
  ])('that is %s is refused with file, line and field', async (text, said) => {
    const path = join(folder, 'records.jsonl');
    writeFileSync(path, `${JSON.stringify(right)}\n${text}\n`);
    const error = await failureOf(readJsonl(path, shape));
    expect(error).toMatchObject({ name: 'GloreError', code: 'record-broken' });
    expect(error.message).toBe(
      `${path}:2: ${said}; correct it, or delete ${path} and run the recipe again: what is missing is made anew`,
    );
    writeFileSync(path, text);
    const alone = await failureOf(readJson(path, shape, 'write it again'));
    expect(alone.message).toBe(`${path}: ${said}; write it again`);
  });

  it('comes back as it is', async () => {
    const path = join(folder, 'records.jsonl');
    await writeJsonl(path, [right, right]);
    expect(await readJsonl(path, shape)).toEqual([right, right]);
  });

  it('is never shown where it may hold a secret', async () => {
    const path = join(folder, 'value.json');
    const endpoints = { endpoints: z.record(z.string(), z.object({ url: z.int() })) };
    for (const url of ['http://me:hunter2@h', 'hunter2', ['hunter2']]) {
      await writeJson(path, { endpoints: { local: { url } } });
      const error = await failureOf(readJson(path, z.object(endpoints)));
      expect(error.message).toMatch(/: endpoints\.local\.url: expected a number, found another /);
      expect(error.message).not.toContain('hunter2');
    }
  });
});

describe.skipIf(process.platform === 'win32')('a path', () => {
  it('that is a link is replaced, and what it leads to stays', async () => {
    const kept = join(folder, 'kept');
    writeFileSync(kept, 'precious');
    for (const name of ['value.json', 'value.json.part-new']) {
      symlinkSync(kept, join(folder, name));
      await writeJson(join(folder, 'value.json'), 1);
      expect(readFileSync(kept, 'utf8')).toBe('precious');
      expect(readFileSync(join(folder, 'value.json'), 'utf8')).toBe('1\n');
    }
  });

  const others: [string, (path: string) => void][] = [
    ['a folder', (path) => mkdirSync(path)],
    ['a pipe', (path) => void execFileSync('mkfifo', [path])],
    ['a device', (path) => symlinkSync('/dev/zero', path)],
  ];

  it.each([
    ...others,
    ['a device', (path: string) => symlinkSync('/proc/self/fd/1', path)] as const,
  ])('that is %s is not replaced', async (kind, make) => {
    const path = join(folder, 'value.json');
    make(path);
    const before = lstatSync(path);
    expect(await failureOf(writeJson(path, 1))).toMatchObject({
      code: 'file-kind',
      message: `${path}: expected a file, found ${kind}; remove it or name another path`,
    });
    expect(lstatSync(path)).toMatchObject({ ino: before.ino, mode: before.mode });
    expect(readdirSync(folder)).toEqual(['value.json']);
  });

  it.each(others)('that is %s is named, and nothing waits for it', async (kind, make) => {
    const path = join(folder, 'records.jsonl');
    make(path);
    const message = `${path}: expected a file, found ${kind}; remove it or name another path`;
    for (const read of [() => readJson(path, anything), () => readJsonl(path, anything)]) {
      expect(await failureOf(read())).toMatchObject({ code: 'file-kind', message });
    }
  });

  it('in a file is named', async () => {
    writeFileSync(join(folder, 'file'), '');
    const error = await failureOf(writeJson(join(folder, 'file', 'value.json'), 1));
    expect(error).toMatchObject({ name: 'GloreError', code: 'file-kind' });
  });
});

describe.skipIf(process.platform !== 'linux')('a file system that refuses (Linux)', () => {
  it('more than a file may hold is named, and the old file stays', async () => {
    const path = join(folder, 'records.jsonl');
    await writeJsonl(path, ['old']);
    // Child processes cannot load TypeScript; `npm test` builds first.
    const built = pathToFileURL(join(import.meta.dirname, '../../dist/files/index.js')).href;
    const program = `import { writeJsonl } from '${built}';
      await writeJsonl(process.argv[1], ['x'.repeat(1e6)]).catch((error) => console.log(error.code, error.message));`;
    const shell = 'ulimit -f 64; exec "$NODE" --input-type=module -e "$PROGRAM" "$FILE"';
    const env = { ...process.env, NODE: process.execPath, PROGRAM: program, FILE: path };
    const said = execFileSync('sh', ['-c', shell], { env, encoding: 'utf8' });
    expect(said).toBe(
      `disk-full ${path}: expected room to write, found that no file may be larger (EFBIG); raise the limit (ulimit -f) and run the same command again, finished work is kept\n`,
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
