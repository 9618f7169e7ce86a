/** Folders of prompts that are none. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readPrompts, shippedPrompts } from './prompts.js';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'glore-prompts-'));
  file = join(folder, 'student.yaml');
});
afterEach(() => rmSync(folder, { recursive: true }));

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

it('a file that is too large is not read', () => {
  writeFileSync(file, `prompt: "{question}"\n${'# more\n'.repeat(40_000)}`);
  expect(refused()).toMatchObject({
    code: 'prompts',
    message: expect.stringMatching(/student\.yaml: expected .*262144 bytes/),
  });
});

it.each([
  ['prompt: "{question}"\nstop: [', /student\.yaml:\d+: expected YAML/],
  ['prompt: "{lines}"\n', /student\.yaml: expected a prompt with \{question\}/],
  ['promt: "{question}"\n', /student\.yaml: expected the keys prompt/],
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
