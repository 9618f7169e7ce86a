/** How far a stage is, in a file. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { jsonReporter, silentReporter } from './progress.js';
import { alsoInFile, readProgress } from './progress-file.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'glore-progress-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const path = () => join(folder, 'progress.json');

it('shows what is shown elsewhere too, and goes with the run', async () => {
  let shown = '';
  const stream = { write: (text: string) => (shown += text) };
  const { reporter, end } = await alsoInFile(folder, jsonReporter(stream));
  const progress = reporter.stage('drafts');
  progress.total(10, 'problems');
  progress.resume(4);
  progress.advance(1, '60% right');
  progress.note('seen');
  await expect
    .poll(() => readProgress(folder), { timeout: 5000 })
    .toMatchObject({ stage: 'drafts', done: 5, total: 10, unit: 'problems', detail: '60% right' });
  expect(JSON.parse(readFileSync(path(), 'utf8'))).toMatchObject({ stage: 'drafts' });
  progress.done('all of it');
  await end();
  expect(existsSync(path())).toBe(false);
  expect(shown).toContain('"event":"note"');
  expect(shown).toContain('"summary":"all of it"');
});

it('forgets what a killed run has left, and ends no run where it cannot be written', async () => {
  writeFileSync(path(), '{"stage":"orm","done":1}');
  const { reporter, end } = await alsoInFile(folder, silentReporter);
  expect(await readProgress(folder)).toBeUndefined();
  mkdirSync(path());
  reporter.stage('orm').total(3);
  await end();
  expect(await readProgress(folder)).toBeUndefined();
});
