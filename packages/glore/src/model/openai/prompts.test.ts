/** Folders of prompts that are none. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readPrompts, shippedPrompts } from './prompts.js';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'glore-prompts-'));
  file = join(folder, 'student.yaml');
});
afterEach(() => rmSync(dirname(file), { recursive: true }));

/** The error of a folder that is refused. */
function refused(): unknown {
  try {
    readPrompts(folder);
  } catch (error) {
    return error;
  }
  return undefined;
}

it('those that are shipped are read', () => {
  expect(Object.keys(readPrompts(shippedPrompts)).sort()).toEqual(
    ['global', 'local', 'orm', 'sorm', 'student'].sort(),
  );
});

it.runIf(process.platform !== 'win32')('a pipe is not waited for', () => {
  execFileSync('mkfifo', [file]);
  expect(refused()).toMatchObject({
    code: 'prompts',
    message: expect.stringContaining(`${file}: expected a file, found a pipe`),
  });
});

it('a folder in the place of a file is refused', () => {
  mkdirSync(file);
  expect(refused()).toMatchObject({
    code: 'prompts',
    message: expect.stringContaining(`${file}: expected a file, found a folder`),
  });
});

it('a file in the place of the folder is refused', () => {
  writeFileSync(file, 'prompt: "{question}"');
  folder = file;
  expect(refused()).toMatchObject({
    code: 'file-kind',
    message: expect.stringContaining(`${file}: expected a folder, found a file`),
  });
});

it.each([
  ['an alias', 'prompt: &a "{question}"\nsystem: *a\n', undefined],
  ['an alias of nothing', 'prompt: *a\n', /: expected YAML, found an error: Unresolved alias/],
  [
    'aliases of aliases',
    `prompt: &a ["{question}"]\n${[...'abcdefghi'].map((name, i, all) => (i ? `${name}: &${name} [${`*${all[i - 1]}, `.repeat(20)}]\n` : '')).join('')}`,
    /student\.yaml: expected YAML, found an error: Excessive alias count/,
  ],
  [
    'more aliases',
    `prompt: &a "{question}"\nstop: [${'*a, '.repeat(300)}]\n`,
    /student\.yaml:2: expected at most 256 aliases, found more; a prompt is smaller/,
  ],
])('%s is read, or refused by name', (_, text, message) => {
  writeFileSync(file, text);
  const error = refused();
  if (message === undefined) expect(error).toBeUndefined();
  else expect(error).toMatchObject({ code: 'prompts', message: expect.stringMatching(message) });
});

it('a file that is too large is not read', () => {
  writeFileSync(file, `prompt: "{question}"\n${'# more\n'.repeat(40_000)}`);
  expect(refused()).toMatchObject({
    code: 'prompts',
    message: expect.stringMatching(/student\.yaml: expected .*262144 bytes/),
  });
});

it.each([
  ['prompt: "{question}"\nstop: [', /student\.yaml:\d+: expected YAML/],
  [
    'prompt: "{lines}"\n',
    /student\.yaml:1: prompt: expected a text with \{question\}, found \{lines\}; .* glore prompts/,
  ],
  [
    'promt: "{question}"\n',
    /student\.yaml:1: promt: expected one of the keys prompt, .*, found this one/,
  ],
])('names the line of %j where it is known', (text, message) => {
  writeFileSync(file, text);
  expect(refused()).toMatchObject({
    code: 'prompts',
    message: expect.stringMatching(message),
  });
});

it('names a file of no role', () => {
  writeFileSync(join(folder, 'teacher.yaml'), 'prompt: "{question}"\n');
  expect(refused()).toMatchObject({
    code: 'prompts',
    message: expect.stringMatching(/teacher\.yaml: expected the prompts of roles .* another file/),
  });
});
