import { execFile, spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
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
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type CollectOptions, collect } from './collect.js';

interface Square {
  readonly n: number;
  readonly square: number;
}

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'glore-collect-'));
  path = join(folder, 'samples.jsonl');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const square = z.object({ n: z.int(), square: z.int() });

/** Units of 0, 1 or 2 records, of which later ones often finish first. */
const numbers = Array.from({ length: 12 }, (_, i) => i);
const squares = async (n: number): Promise<Square[]> => {
  await new Promise((resolve) => setTimeout(resolve, (n * 7) % 5));
  return Array.from({ length: n % 3 }, () => ({ n, square: n * n }));
};
const expected = numbers
  .flatMap((n) => Array.from({ length: n % 3 }, () => `{"n":${n},"square":${n * n}}\n`))
  .join('');

function options(
  more: Partial<CollectOptions<number, Square>> = {},
): CollectOptions<number, Square> {
  return { path, shape: square, units: numbers, key: String, work: squares, parallel: 4, ...more };
}

const journalLines = () => readFileSync(`${path}.journal`, 'utf8').split('\n').slice(0, -1);

describe('collect', () => {
  it('writes the records in the order of the units, whatever finishes first', async () => {
    const calls: unknown[] = [];
    const records = await collect(
      options({
        onUnit: (done, total, of, resumed) => calls.push([done, total, of.length, resumed]),
      }),
    );
    expect(readFileSync(path, 'utf8')).toBe(expected);
    expect(records.map((record) => `${JSON.stringify(record)}\n`).join('')).toBe(expected);
    expect(readdirSync(folder)).toEqual(['samples.jsonl']);
    expect(calls.map((call) => (call as number[])[0])).toEqual(numbers.map((n) => n + 1));
    expect(calls.every((call) => !(call as boolean[])[3])).toBe(true);
  });

  it('keeps no more than `parallel` units in flight, and that many', async () => {
    let inFlight = 0;
    let most = 0;
    const work = async (n: number) => {
      most = Math.max(most, ++inFlight);
      const records = await squares(n);
      inFlight--;
      return records;
    };
    await collect(options({ work, parallel: 3 }));
    expect(most).toBe(3);
  });

  it('reads the final file if it is there, and removes a journal that a kill left beside it', async () => {
    await collect(options());
    writeFileSync(`${path}.journal`, '{"key":"0","records":[]}\n');
    const calls: unknown[] = [];
    const work = () => Promise.reject(new Error('there is nothing to work on'));
    const records = await collect(options({ work, onUnit: (...call) => calls.push(call) }));
    expect(records.length).toBe(12);
    expect(calls).toEqual([[12, 12, records, true]]);
    expect(readdirSync(folder)).toEqual(['samples.jsonl']);
  });

  it('gives records back as JSON keeps them, in a fresh run too', async () => {
    const work = async () => [{ a: undefined, b: Number.NaN, c: -0 }];
    const shape = z.any();
    const records = await collect({ path, shape, units: ['x'], key: String, work, parallel: 1 });
    expect(records).toStrictEqual([{ b: null, c: 0 }]);
  });

  it('writes through no link, and cuts nothing off behind one', async () => {
    const kept = join(folder, 'kept');
    writeFileSync(kept, 'precious');
    symlinkSync(kept, `${path}.journal`);
    await expect(collect(options())).rejects.toMatchObject({ code: 'file-kind' });
    expect(readFileSync(kept, 'utf8')).toBe('precious');
    rmSync(`${path}.journal`);
    symlinkSync(kept, `${path}.part-new`);
    await collect(options());
    expect(readFileSync(kept, 'utf8')).toBe('precious');
    expect(readFileSync(path, 'utf8')).toBe(expected);
  });

  it('keeps no record that it could not read again', async () => {
    const work = async (n: number) => [{ n, square: n === 3 ? Number.NaN : n * n }];
    await expect(collect(options({ work, parallel: 1 }))).rejects.toMatchObject({
      code: 'record-broken',
      message: expect.stringContaining(
        'of 3: records.0.square: expected a number, found nothing; nothing of it is kept',
      ),
    });
    expect(journalLines()).toHaveLength(3);
    writeFileSync(`${path}.journal`, '{"key":"0","records":[{"n":0}]}\n');
    await expect(collect(options())).rejects.toMatchObject({
      code: 'record-broken',
      message: expect.stringContaining(`${path}.journal:1: records.0.square: expected a number`),
    });
  });

  it('does nothing for no units', async () => {
    expect(await collect(options({ units: [] }))).toEqual([]);
    expect(readFileSync(path, 'utf8')).toBe('');
  });

  it('wants unique keys and at least one unit in flight', async () => {
    await expect(collect(options({ key: () => 'same' }))).rejects.toMatchObject({
      code: 'unit-repeated',
      message: `${path}: expected every unit once, found "same" twice; remove the repeated one`,
    });
    await expect(collect(options({ parallel: 0 }))).rejects.toMatchObject({
      code: 'parallel-invalid',
    });
  });
});

describe('collect, interrupted', () => {
  it('takes finished units from the journal and says so', async () => {
    writeFileSync(`${path}.journal`, '{"key":"4","records":[{"n":4,"square":16}]}\n');
    const worked: number[] = [];
    const work = (n: number) => {
      worked.push(n);
      return squares(n);
    };
    const resumed: unknown[] = [];
    await collect(
      options({ work, onUnit: (done, _, records, was) => was && resumed.push([done, records]) }),
    );
    expect(worked).toEqual(numbers.filter((n) => n !== 4));
    expect(resumed).toEqual([[1, [{ n: 4, square: 16 }]]]);
    expect(readFileSync(path, 'utf8')).toBe(expected);
  });

  describe('in the middle of a unit', () => {
    /** A unit that fetches four values, two of them at once and one twice; `until` of all can be fetched. */
    const fetching =
      (until: number, fetched: string[]): CollectOptions<number, number>['work'] =>
      async (n, kept) => {
        const get = (name: string, value: number) =>
          kept.once(name, async () => {
            await new Promise((resolve) => setTimeout(resolve, value % 3));
            if (fetched.length >= until) throw new Error('the server is away');
            fetched.push(`${n} ${name}`);
            return { value };
          });
        const first = await get('a', n);
        const both = await Promise.all([get('b', 2 * n), get('c', 3 * n), get('b', -1)]);
        const last = await get('d', 4 * n);
        return [first, ...both, last].map(({ value }) => value);
      };
    const units = [1, 2, 3, 4, 5];
    const all = units.flatMap((n) => ['a', 'b', 'c', 'd'].map((name) => `${n} ${name}`));
    const of = (work: CollectOptions<number, number>['work'], parallel = 3) =>
      collect({ path, shape: z.int(), units, key: String, work, parallel });
    const records = units.flatMap((n) => [n, 2 * n, 3 * n, 2 * n, 4 * n]);

    it('does not fetch again what was kept, wherever it is interrupted', async () => {
      for (let until = 0; until < all.length; until++) {
        const before: string[] = [];
        await expect(of(fetching(until, before)), `after ${until}`).rejects.toThrow('away');
        const after: string[] = [];
        expect(await of(fetching(all.length, after)), `after ${until}`).toEqual(records);
        expect([...before, ...after].sort(), `after ${until}`).toEqual(all);
        rmSync(path);
      }
    });

    it('ends with the same records when the journal is torn at any byte', async () => {
      await expect(of(fetching(4, []))).rejects.toThrow('away');
      const whole = readFileSync(`${path}.journal`);
      for (let length = 0; length <= whole.length; length++) {
        writeFileSync(`${path}.journal`, whole.subarray(0, length));
        const fetched: string[] = [];
        expect(await of(fetching(all.length, fetched)), `torn at byte ${length}`).toEqual(records);
        const lines = whole.subarray(0, length).toString().split('\n').slice(0, -1);
        const kept = lines.filter((line) => 'value' in (JSON.parse(line) as object)).length;
        expect(fetched.length, `torn at byte ${length}`).toBe(all.length - kept);
        rmSync(path);
      }
    });

    it('keeps what was under way when another part failed', async () => {
      const work: CollectOptions<number, number>['work'] = (_, kept) =>
        Promise.all([
          kept.once<number>('slow', async () => {
            await new Promise((resolve) => setTimeout(resolve, 30));
            return 7;
          }),
          kept.once<number>('failing', () => Promise.reject(new Error('no answer'))),
        ]);
      await expect(of(work, 1)).rejects.toThrow('no answer');
      expect(journalLines()).toEqual(['{"key":"1","name":"slow","value":7}']);
    });
  });

  it('ends with the same bytes when the journal is torn at any byte', async () => {
    const entries = numbers.slice(0, 2).map((n) => ({
      key: String(n),
      records: [{ n, text: 'ü "quoted" 👍\n' }],
    }));
    const units = [0, 1, 2];
    const shape = z.object({ n: z.int(), text: z.string() });
    const work = async (n: number) => [{ n, text: 'ü "quoted" 👍\n' }];
    const whole = Buffer.from(entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''));
    const collectTexts = (of: typeof work) =>
      collect({ path, shape, units, key: String, work: of, parallel: 2 });
    await collectTexts(work);
    const uninterrupted = readFileSync(path);

    for (let length = 0; length <= whole.length; length++) {
      rmSync(path);
      writeFileSync(`${path}.journal`, whole.subarray(0, length));
      const worked: number[] = [];
      await collectTexts((n) => {
        worked.push(n);
        return work(n);
      });
      expect(readFileSync(path), `torn at byte ${length}`).toEqual(uninterrupted);
      const complete = whole.subarray(0, length).toString().split('\n').length - 1;
      expect(worked, `torn at byte ${length}`).toEqual(units.slice(complete));
    }
  });

  it('cuts the torn line off before it adds to the journal', async () => {
    writeFileSync(`${path}.journal`, '{"key":"1","records":[{"n":1,"square":1}]}\n{"key":"2","rec');
    const abort = new AbortController();
    const work = (n: number) => {
      abort.abort(new Error('stop'));
      return squares(n);
    };
    await expect(collect(options({ work, parallel: 1, signal: abort.signal }))).rejects.toThrow(
      'stop',
    );
    expect(journalLines()).toEqual([
      '{"key":"1","records":[{"n":1,"square":1}]}',
      '{"key":"0","records":[]}',
    ]);
  });

  it('cuts off a last line that is not JSON though it ends, as after a power cut', async () => {
    writeFileSync(`${path}.journal`, '{"key":"0","records":[]}\n\0\0\0\0\0\n');
    await collect(options());
    expect(readFileSync(path, 'utf8')).toBe(expected);
  });

  it('replaces what a kill left of the final file', async () => {
    writeFileSync(`${path}.part-new`, '{"n":1,"squ');
    await collect(options());
    expect(readFileSync(path, 'utf8')).toBe(expected);
    expect(readdirSync(folder)).toEqual(['samples.jsonl']);
  });

  it.each([
    ['is broken', 'oops', 'found "oops" ('],
    ['is no finished unit', '{"key":1}', 'found "{\\"key\\":1}";'],
  ])('refuses a journal whose middle line %s', async (_, line, found) => {
    writeFileSync(
      `${path}.journal`,
      `{"key":"0","records":[]}\n${line}\n{"key":"1","records":[]}\n`,
    );
    const error = await collect(options()).catch((caught) => caught);
    expect(error).toMatchObject({ name: 'GloreError', code: 'journal-broken' });
    expect(error.message).toContain(
      `${path}.journal:2: expected a finished unit {"key": ..., "records": [...]} or what one has kept, ${found}`,
    );
  });

  it('refuses a journal of other units', async () => {
    writeFileSync(`${path}.journal`, '{"key":"0","records":[]}\n{"key":"99","records":[]}\n');
    await expect(collect(options())).rejects.toMatchObject({
      code: 'journal-foreign',
      message: `${path}.journal:2: expected the key of one of this run's units, found "99", so the journal belongs to other settings; go back to those settings, or delete the file to begin anew`,
    });
  });

  it('begins no unit after an abort, journals those in flight and throws the reason', async () => {
    const abort = new AbortController();
    const begun: number[] = [];
    const work = async (n: number) => {
      begun.push(n);
      if (n === 5) abort.abort(new Error('Ctrl-C'));
      return squares(n);
    };
    await expect(collect(options({ work, signal: abort.signal }))).rejects.toThrow('Ctrl-C');
    expect(begun.length).toBeLessThan(numbers.length);
    const keys = journalLines().map((line) => Number(JSON.parse(line).key));
    expect(keys.toSorted((a, b) => a - b)).toEqual(begun);
    expect(existsSync(path)).toBe(false);

    await collect(options());
    expect(readFileSync(path, 'utf8')).toBe(expected);
  });

  it('works on nothing when it is aborted before it begins', async () => {
    const work = () => Promise.reject(new Error('worked'));
    const signal = AbortSignal.abort(new Error('Ctrl-C'));
    await expect(collect(options({ work, signal }))).rejects.toThrow('Ctrl-C');
  });

  it('throws the error of a unit after those in flight are journalled, and continues there', async () => {
    const begun: number[] = [];
    const work = async (n: number) => {
      begun.push(n);
      if (n === 5) throw new Error('unit 5 failed');
      return squares(n);
    };
    await expect(collect(options({ work }))).rejects.toThrow('unit 5 failed');
    const keys = journalLines().map((line) => Number(JSON.parse(line).key));
    expect(keys.toSorted((a, b) => a - b)).toEqual(begun.filter((n) => n !== 5));

    const again: number[] = [];
    await collect(
      options({
        work: (n) => {
          again.push(n);
          return squares(n);
        },
      }),
    );
    expect(again).toEqual(numbers.filter((n) => !keys.includes(n)));
    expect(readFileSync(path, 'utf8')).toBe(expected);
  });
});

/** The built file: child processes cannot load TypeScript. `npm test` builds first. */
const built = pathToFileURL(join(import.meta.dirname, '../../dist/run/collect.js')).href;

/** 60 units with records of 30 kB, three at a time; prints each unit's key and whether it was resumed. */
const program = `
  import { setTimeout } from 'node:timers/promises';
  import { z } from ${JSON.stringify(import.meta.resolve('zod'))};
  import { collect } from ${JSON.stringify(built)};
  await collect({
    path: process.argv[1],
    shape: z.looseObject({ n: z.int() }),
    units: Array.from({ length: 60 }, (_, i) => i),
    key: (n) => 'unit ' + n,
    work: async (n) => {
      await setTimeout((n * 7) % 4);
      return [{ n, text: 'é'.repeat(15000) }, { n, half: n / 2 }];
    },
    parallel: 3,
    onUnit: (done, total, records, resumed) => console.log(resumed ? 'resumed' : 'worked'),
  });
`;
const argv = (file: string) => ['--input-type=module', '-e', program, file];
const wordsOf = (output: string) => output.split('\n').slice(0, -1);

/** Runs the program until it has printed "worked" so many times and kills it a moment later. */
function killAfter(file: string, units: number, delay: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, argv(file), { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      const before = output.split('worked').length - 1;
      output += text;
      const after = output.split('worked').length - 1;
      if (before < units && after >= units) setTimeout(() => child.kill('SIGKILL'), delay);
    });
    child.on('error', reject).on('close', () => resolve());
  });
}

describe('collect in a process that is killed', () => {
  it('ends with the same bytes, whenever that was and however often', async () => {
    const run = promisify(execFile);
    const fresh = join(folder, 'fresh', 'samples.jsonl');
    await run(process.execPath, argv(fresh));
    const uninterrupted = readFileSync(fresh);
    expect(uninterrupted.length).toBeGreaterThan(60 * 30_000);

    let continued = 0;
    for (const kills of [[1], [7], [20], [33], [50], [59], [60], [3, 3, 3, 3]]) {
      const killed = join(folder, `killed-${kills.join('-')}`, 'samples.jsonl');
      for (const [i, units] of kills.entries()) await killAfter(killed, units, i);
      const inJournal = existsSync(`${killed}.journal`)
        ? readFileSync(`${killed}.journal`, 'utf8').split('\n').length - 1
        : undefined;
      const { stdout } = await run(process.execPath, argv(killed));
      if (inJournal !== undefined && inJournal < 60) {
        continued++;
        const words = wordsOf(stdout);
        expect(words.filter((word) => word === 'resumed').length).toBe(inJournal);
        expect(words.filter((word) => word === 'worked').length).toBe(60 - inJournal);
      }
      expect(readFileSync(killed).equals(uninterrupted), `killed after ${kills} units`).toBe(true);
      expect(readdirSync(join(killed, '..'))).toEqual(['samples.jsonl']);
    }
    // The others finished before the signal arrived.
    expect(continued).toBeGreaterThanOrEqual(5);
  });
});

// A file system of 256 kB in a name space of its own, where that is allowed.
const mount = (at: string) => `mount -t tmpfs -o size=256k tmpfs ${at}`;
const canMount = spawnSync('unshare', ['-rm', 'sh', '-c', mount(tmpdir())]).status === 0;

describe.skipIf(!canMount)('collect on a full disk (needs unshare and tmpfs)', () => {
  it('says so and keeps what is journalled', () => {
    const disk = join(folder, 'disk');
    mkdirSync(disk);
    const file = join(disk, 'samples.jsonl');
    const saved = join(folder, 'saved');
    const shell = `${mount(disk)} && { "$NODE" --input-type=module -e "$PROGRAM" "${file}"; cp "${file}.journal" "${saved}"; }`;
    const { stdout, stderr } = spawnSync('unshare', ['-rm', 'sh', '-c', shell], {
      encoding: 'utf8',
      env: { ...process.env, NODE: process.execPath, PROGRAM: program },
    });
    expect(stderr).toContain(
      `GloreError: ${file}.journal: expected room to write, found the disk full (ENOSPC); free some space and run the same command again, finished work is kept`,
    );
    const words = wordsOf(stdout);
    expect(words.length).toBeGreaterThan(3);
    const journal = readFileSync(saved, 'utf8').split('\n').slice(0, -1);
    // All that was reported is there. Of up to three lines in one write, those before the full disk may be there as well.
    expect(journal.length - words.length).toBeOneOf([0, 1, 2]);
    for (const line of journal) expect(JSON.parse(line).records.length).toBe(2);
  });
});
