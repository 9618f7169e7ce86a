import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { collect } from './collect.js';
import { silentReporter, terminalReporter } from './progress.js';
import { doneStage, runStage, type StageContext, type StageOptions } from './stage.js';

let run: string;
let written: string;
beforeEach(() => {
  run = mkdtempSync(join(tmpdir(), 'glore-stage-'));
  written = '';
});
afterEach(() => rmSync(run, { recursive: true }));

const stream = { write: (text: string) => (written += text) };

/** What was written, with "T" for times. */
const untimed = () => written.replaceAll(/(\d+ h )?(\d+ min )?\d+ s\b/g, 'T');

/** Writes a file and counts ten tokens. */
async function draft({ folder, count }: StageContext): Promise<void> {
  writeFileSync(join(folder, 'samples.jsonl'), '1\n');
  count('generatedTokens', 10);
}

function options(more: Partial<StageOptions> = {}): StageOptions {
  return {
    run,
    name: 'drafts',
    settings: { seed: 1, k: 4 },
    upstream: [],
    reporter: terminalReporter(stream),
    work: draft,
    ...more,
  };
}

const fail = () => Promise.reject(new Error('worked again'));
const json = (file: string) => JSON.parse(readFileSync(join(run, 'drafts', file), 'utf8'));

describe('runStage', () => {
  it('works once and keeps what it was and cost', async () => {
    const record = await runStage(options());
    expect(record).toMatchObject({
      name: 'drafts',
      generatedTokens: 10,
      scoredTokens: 0,
      trainedTokens: 0,
      neededTokens: 0,
      computedTokens: 0,
    });
    expect(record.fingerprint).toMatch(/^[0-9a-f]{64}$/);
    expect(json('done.json')).toEqual(record);
    expect(await runStage(options({ work: fail }))).toEqual(record);
    expect(untimed()).toBe(
      'drafts   T, 10 tokens generated\ndrafts   already done (T, 10 tokens generated)\n',
    );
  });

  it('works anew when the settings change, and says so', async () => {
    const first = await runStage(options());
    writeFileSync(join(run, 'drafts', 'old.jsonl'), '');
    const second = await runStage(options({ settings: { seed: 2, k: 4 } }));
    expect(second.fingerprint).not.toBe(first.fingerprint);
    expect(existsSync(join(run, 'drafts', 'old.jsonl'))).toBe(false);
    expect(second.generatedTokens).toBe(10);
    expect(readdirSync(run)).toEqual(['drafts']);
    expect(written.split('\n')[1]).toBe(
      'drafts   the settings of stage drafts or of a stage before it have changed: it is cleared and done anew',
    );
  });

  it('works anew when settings change after an interruption', async () => {
    const abort = new AbortController();
    const work = async (context: StageContext) => {
      await draft(context);
      abort.abort(new Error('Ctrl-C'));
      abort.signal.throwIfAborted();
    };
    await expect(runStage(options({ work, signal: abort.signal }))).rejects.toThrow('Ctrl-C');
    const look = async ({ folder }: StageContext) => {
      expect(readdirSync(folder)).toEqual(['started.json']);
    };
    const record = await runStage(options({ settings: { seed: 2 }, work: look }));
    expect(record.generatedTokens).toBe(0);
    expect(written).toContain('cleared and done anew');
  });

  it('works anew when a stage before it has changed', async () => {
    const upstream = await runStage(options({ name: 'problems', reporter: silentReporter }));
    await runStage(options({ upstream: [upstream] }));
    await runStage(options({ upstream: [upstream], work: fail }));
    const changed = { ...upstream, fingerprint: 'other' };
    await expect(runStage(options({ upstream: [changed], work: fail }))).rejects.toThrow(
      'worked again',
    );
    expect(json('started.json').upstream).toEqual([{ name: 'problems', fingerprint: 'other' }]);
  });

  it('does not mind the order of settings', async () => {
    await runStage(options({ settings: { a: { x: 1, y: [{ p: 1, q: 2 }] }, b: 2 } }));
    await runStage(options({ settings: { b: 2, a: { y: [{ q: 2, p: 1 }], x: 1 } }, work: fail }));
    await expect(
      runStage(options({ settings: { b: 2, a: { y: [], x: 1 } }, work: fail })),
    ).rejects.toThrow('worked again');
  });

  it('forgets a folder that a kill left half cleared', async () => {
    mkdirSync(join(run, 'drafts.cleared'));
    writeFileSync(join(run, 'drafts.cleared', 'done.json'), '{}');
    await runStage(options());
    expect(readdirSync(run)).toEqual(['drafts']);
  });

  it('adds up time and tokens over attempts', async () => {
    const began = performance.now();
    const failing = async (context: StageContext) => {
      await draft(context);
      await sleep(60);
      throw new Error('no model');
    };
    await expect(runStage(options({ work: failing }))).rejects.toThrow('no model');
    expect(written).toBe('drafts   failed\n');
    expect(json('spent.json')).toMatchObject({ generatedTokens: 10 });
    expect(existsSync(join(run, 'drafts', 'done.json'))).toBe(false);
    const record = await runStage(options());
    expect(record.generatedTokens).toBe(20);
    expect(record.seconds).toBeGreaterThan(0.055);
    expect(record.seconds).toBeLessThan((performance.now() - began) / 1000 + 0.01);
  });

  it('takes exact counts from the work instead of those added up', async () => {
    const work = async (context: StageContext) => {
      await draft(context);
      context.count('scoredTokens', 7);
      return { generatedTokens: 1234 };
    };
    const record = await runStage(options({ work }));
    expect(record).toMatchObject({ generatedTokens: 1234, scoredTokens: 7 });
    expect(untimed()).toBe('drafts   T, 1,234 tokens generated, 7 tokens scored\n');
  });

  it('says how much of what was computed was needed', async () => {
    const work = async ({ count }: StageContext) => {
      count('neededTokens', 200);
      count('computedTokens', 205);
      return { trainedTokens: 400 };
    };
    const record = await runStage(options({ work }));
    expect(record).toMatchObject({ neededTokens: 200, computedTokens: 205 });
    expect(untimed()).toBe('drafts   T, 400 tokens trained on, computed / needed 1.02\n');
  });

  it('saves what is spent while it works', async () => {
    const work = async ({ folder, count }: StageContext) => {
      count('trainedTokens', 5);
      const deadline = Date.now() + 30_000;
      while (!existsSync(join(folder, 'spent.json')) && Date.now() < deadline) await sleep(50);
      expect(json('spent.json')).toMatchObject({ trainedTokens: 5 });
      expect(json('spent.json').seconds).toBeGreaterThan(1);
    };
    await runStage(options({ work }));
  });

  it('does not begin, nor clear anything, when it is aborted before', async () => {
    const before = await runStage(options());
    const signal = AbortSignal.abort(new Error('Ctrl-C'));
    await expect(runStage(options({ settings: 2, signal, work: fail }))).rejects.toThrow('Ctrl-C');
    expect(json('done.json')).toEqual(before);
  });

  it('makes again what it lacks, and nothing else', async () => {
    const worked: string[] = [];
    const work = async ({ folder, count }: StageContext) => {
      mkdirSync(join(folder, 'model'), { recursive: true });
      for (const file of ['samples.jsonl', 'model/config.json', 'model/weights']) {
        if (existsSync(join(folder, file))) continue;
        worked.push(file);
        writeFileSync(join(folder, file), '1\n');
      }
      count('generatedTokens', 1);
    };
    const first = await runStage(options({ work }));
    expect(first.files).toEqual(['model/config.json', 'model/weights', 'samples.jsonl']);
    worked.length = 0;
    rmSync(join(run, 'drafts', 'model/weights'));
    expect(await doneStage(options({ work }))).toBeUndefined();
    const again = await runStage(options({ work, reporter: terminalReporter(stream) }));
    expect(written).toContain('model/weights is missing: what the stage lacks is made again');
    // A model is whole or not there.
    expect(worked).toEqual(['model/config.json', 'model/weights']);
    expect(again).toMatchObject({ fingerprint: first.fingerprint, files: first.files });
    expect(await doneStage(options({ work }))).toEqual(again);
  });

  it('takes a stage of an earlier version, which knew no files, as it is', async () => {
    const { files: _, ...old } = await runStage(options());
    writeFileSync(join(run, 'drafts/done.json'), JSON.stringify(old));
    expect(await runStage(options({ work: fail }))).toEqual(old);
  });

  it('names itself where the file system refuses', async () => {
    const full = Object.assign(new Error('ENOSPC: no space left on device, write'), {
      code: 'ENOSPC',
      syscall: 'write',
    });
    await expect(
      runStage(options({ work: async () => Promise.reject<void>(full) })),
    ).rejects.toMatchObject({
      code: 'disk-full',
      message: `stage drafts (${join(run, 'drafts')}): expected room to write, found the disk full (ENOSPC); free some space and run the same command again, finished work is kept`,
    });
    await runStage(options());
  });

  it.each([
    ['done.json', '{"name":"drafts"}', 'fingerprint: expected text, found nothing', 'goes on from'],
    ['spent.json', '{"seconds":-1}', 'seconds: expected at least 0, found -1', 'goes on from'],
    ['started.json', '{"fingerprint":5}', 'fingerprint: expected text, found 5', 'done anew'],
  ])('says what is wrong with %s, and a cure that works', async (file, text, said, cure) => {
    const before = await runStage(options());
    const path = join(run, 'drafts', file);
    if (file !== 'done.json') rmSync(join(run, 'drafts/done.json'));
    writeFileSync(path, text);
    const failed = runStage(options());
    await expect(failed).rejects.toMatchObject({
      code: 'record-broken',
      message: expect.stringMatching(new RegExp(`${path}: ${said}; delete .*${cure}`)),
    });
    rmSync(file === 'started.json' ? join(run, 'drafts') : path, { recursive: true });
    expect((await runStage(options())).fingerprint).toBe(before.fingerprint);
  });

  it('continues a collection where it was aborted, with every token counted once', async () => {
    const units = Array.from({ length: 20 }, (_, i) => i);
    const abort = new AbortController();
    const worked: number[] = [];
    const work = async ({ folder, signal, progress, count }: StageContext) => {
      progress.total(units.length, 'problems');
      await collect({
        path: join(folder, 'samples.jsonl'),
        shape: z.object({ n: z.int() }),
        units,
        key: String,
        work: async (n) => {
          worked.push(n);
          if (worked.length === 8) abort.abort(new Error('Ctrl-C'));
          return [{ n }];
        },
        parallel: 2,
        signal,
        onUnit: (_done, _total, _records, resumed) => {
          if (resumed) return progress.resume(1);
          progress.advance(1);
          count('generatedTokens', 3);
        },
      });
    };
    await expect(runStage(options({ work, signal: abort.signal }))).rejects.toThrow('Ctrl-C');
    expect(written).toMatch(
      /^drafts {4}(40|45)% {2}[89]\/20 problems {2}interrupted; run the same command to continue\n$/,
    );
    const record = await runStage(options({ work }));
    expect(worked.toSorted((a, b) => a - b)).toEqual(units);
    expect(record.generatedTokens).toBe(60);
    expect(untimed().split('\n')[1]).toBe('drafts   100%  20/20 problems  T, 60 tokens generated');
  });
});
