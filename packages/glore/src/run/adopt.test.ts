import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { writeJson } from '../files/index.js';
import { adoptStage } from './adopt.js';
import { silentReporter } from './progress.js';
import { runStage, type StageRecord } from './stage.js';

let folder: string;
let from: string;
let run: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'glore-adopt-'));
  [from, run] = [join(folder, 'from'), join(folder, 'run')];
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A stage that writes `settings` into two files, one of them in a folder of its own. */
const stage = (of: string, settings: string): Promise<StageRecord> =>
  runStage({
    run: of,
    name: 'drafts',
    settings,
    upstream: [],
    reporter: silentReporter,
    work: async (context) => {
      await writeJson(join(context.folder, 'samples.json'), settings);
      await writeJson(join(context.folder, 'model', 'weights.json'), settings);
      return { generatedTokens: 7 };
    },
  });
const written = (of: string) =>
  ['samples.json', 'model/weights.json'].map((name) =>
    JSON.parse(readFileSync(join(of, 'drafts', name), 'utf8')),
  );
const inode = (of: string) => statSync(join(of, 'drafts', 'model', 'weights.json')).ino;

it('shares the files of a stage that was done with the same settings', async () => {
  const record = await stage(from, 'a');
  const { fingerprint } = record;
  let replaced = 0;
  const options = { from, run, name: 'drafts', fingerprint, onAdopt: async () => void replaced++ };
  expect(await adoptStage(options)).toEqual(record);
  expect(written(run)).toEqual(['a', 'a']);
  expect(inode(run)).toBe(inode(from));
  // Once it is there, nothing happens, and neither does the run do it again.
  expect(await adoptStage(options)).toEqual(record);
  expect(replaced).toBe(1);
  const done = statSync(join(run, 'drafts', 'done.json')).mtimeMs;
  expect(await stage(run, 'a')).toEqual(record);
  expect(statSync(join(run, 'drafts', 'done.json')).mtimeMs).toBe(done);
});

it('takes a stage of other settings only where any will do', async () => {
  const record = await stage(from, 'a');
  const other = await stage(run, 'b');
  const asked = { from, run, name: 'drafts' };
  expect(await adoptStage({ ...asked, fingerprint: other.fingerprint })).toBeUndefined();
  expect(written(run)).toEqual(['b', 'b']);
  expect(await adoptStage(asked)).toEqual(record);
  expect(written(run)).toEqual(['a', 'a']);
});

it('takes nothing that is not finished', async () => {
  expect(await adoptStage({ from, run, name: 'drafts' })).toBeUndefined();
  mkdirSync(join(from, 'drafts'), { recursive: true });
  writeFileSync(join(from, 'drafts', 'started.json'), '{}');
  expect(await adoptStage({ from, run, name: 'drafts' })).toBeUndefined();
  expect(existsSync(join(run, 'drafts'))).toBe(false);
});

it('goes on where a kill has left it half-way', async () => {
  await stage(from, 'a');
  mkdirSync(join(run, 'drafts.adopted'), { recursive: true });
  writeFileSync(join(run, 'drafts.adopted', 'samples.json'), 'half');
  await adoptStage({ from, run, name: 'drafts' });
  expect(written(run)).toEqual(['a', 'a']);
  expect(existsSync(join(run, 'drafts.adopted'))).toBe(false);
});

it('leaves the other run alone when the stage is done anew', async () => {
  await stage(from, 'a');
  await adoptStage({ from, run, name: 'drafts' });
  await stage(run, 'b');
  expect(written(run)).toEqual(['b', 'b']);
  expect(written(from)).toEqual(['a', 'a']);
});
