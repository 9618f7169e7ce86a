import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type CollectOptions, collect } from './collect.js';
import { lockRun } from './lock.js';
import { silentReporter } from './progress.js';
import { isOf, parseShard, type Shard, shardName } from './shard.js';
import { runShard, runStage } from './stage.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'glore-shard-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const shards = (count: number): Shard[] =>
  Array.from({ length: count }, (_, i) => ({ index: i + 1, count }));

describe('a shard', () => {
  it('is read from i/n', () => {
    expect(parseShard('2/4')).toEqual({ index: 2, count: 4 });
    for (const text of ['0/2', '3/2', '1', 'a/b', '1/0', '-1/2', '1/2/3', '']) {
      expect(() => parseShard(text)).toThrow(expect.objectContaining({ code: 'shard-invalid' }));
    }
  });

  it('shares names out, each to one, evenly and always alike', () => {
    const names = Array.from({ length: 3000 }, (_, i) => `train-${i}`);
    const counts = [0, 0, 0];
    for (const name of names) {
      const owners = shards(3).filter((shard) => isOf(shard, name));
      expect(owners).toHaveLength(1);
      counts[owners[0]!.index - 1]!++;
    }
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(150);
    expect(names.slice(0, 6).map((name) => isOf({ index: 1, count: 2 }, name))).toEqual([
      false,
      true,
      true,
      false,
      true,
      false,
    ]);
  });
});

describe('collect in shards', () => {
  const worked: number[] = [];
  beforeEach(() => {
    worked.length = 0;
  });
  const options = (more: Partial<CollectOptions<number, { n: number }>> = {}) => ({
    path: join(folder, 'all.jsonl'),
    shape: z.object({ n: z.int() }),
    units: Array.from({ length: 40 }, (_, n) => n),
    key: (n: number) => `unit ${n}`,
    work: async (n: number) => {
      worked.push(n);
      return [{ n }, { n: 2 * n }];
    },
    parallel: 3,
    ...more,
  });
  const whole = Array.from({ length: 40 }, (_, n) => [{ n }, { n: 2 * n }]).flat();

  it('writes a journal for each share, and makes the file of them without work', async () => {
    for (const shard of shards(3)) await collect(options({ shard }));
    expect(worked.toSorted((a, b) => a - b)).toEqual(options().units);
    expect(readdirSync(folder).sort()).toEqual(
      shards(3).map((shard) => `all.jsonl.journal.${shardName(shard)}`),
    );
    expect(await collect(options())).toEqual(whole);
    expect(worked).toHaveLength(40);
    expect(readdirSync(folder)).toEqual(['all.jsonl']);
  });

  it('does what shares have left out, and counts nothing twice', async () => {
    const [, second] = shards(2);
    await collect(options({ shard: second }));
    // Of another division, so that some units are there twice.
    await collect(options({ shard: { index: 1, count: 5 } }));
    const journal = join(folder, 'all.jsonl.journal.2-of-2');
    // Killed in the middle of its last line.
    writeFileSync(journal, readFileSync(journal).subarray(0, -9));
    const before = worked.length;
    expect(await collect(options())).toEqual(whole);
    expect(worked.length - before).toBeGreaterThan(0);
    expect(worked.length - before).toBeLessThan(40 - 15);
    expect(readFileSync(join(folder, 'all.jsonl'), 'utf8').trim().split('\n')).toHaveLength(80);
  });

  it('goes on with its own journal', async () => {
    const [first] = shards(2);
    await collect(options({ shard: first }));
    const before = worked.length;
    await collect(options({ shard: first }));
    expect(worked).toHaveLength(before);
  });
});

describe('locks', () => {
  it('let shards work side by side, but nobody twice and nobody on the whole beside them', async () => {
    const [first, second] = shards(2) as [Shard, Shard];
    const locked = expect.objectContaining({ code: 'run-locked' });
    const one = await lockRun(folder, first);
    const two = await lockRun(folder, second);
    // This process holds the lock already.
    await expect(lockRun(folder, first)).rejects.toEqual(locked);
    await expect(lockRun(folder)).rejects.toEqual(locked);
    await one();
    await expect(lockRun(folder)).rejects.toEqual(locked);
    await two();
    const all = await lockRun(folder);
    await expect(lockRun(folder, first)).rejects.toEqual(locked);
    await all();
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('a stage in shards', () => {
  const stage = (settings: unknown) => ({
    run: folder,
    name: 'drafts',
    settings,
    upstream: [],
    reporter: silentReporter,
    work: async () => ({ generatedTokens: 5 }),
  });

  it('is done by the one who works on the whole, with the seconds of all', async () => {
    for (const shard of shards(2)) await runShard({ ...stage('a'), shard });
    expect(existsSync(join(folder, 'drafts/done.json'))).toBe(false);
    const spent = (name: string) =>
      JSON.parse(readFileSync(join(folder, 'drafts', name), 'utf8')) as { seconds: number };
    const seconds = spent('spent.1-of-2.json').seconds + spent('spent.2-of-2.json').seconds;
    const done = await runStage(stage('a'));
    expect(done.generatedTokens).toBe(5);
    expect(done.seconds).toBeGreaterThanOrEqual(seconds);
    expect(readdirSync(join(folder, 'drafts')).sort()).toEqual([
      'done.json',
      'spent.json',
      'started.json',
    ]);
    const work = (): Promise<void> => Promise.reject(new Error('it is done'));
    await runShard({ ...stage('a'), shard: { index: 1, count: 2 }, work });
  });

  it('is not begun beside one of other settings', async () => {
    const [shard] = shards(2) as [Shard];
    await runShard({ ...stage('a'), shard });
    await expect(runShard({ ...stage('b'), shard })).rejects.toMatchObject({
      code: 'shard-stale',
      message: expect.stringContaining(join(folder, 'drafts')),
    });
  });
});
