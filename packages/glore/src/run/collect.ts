/**
 * Works through units and collects their records in one file, surviving a kill at any byte.
 *
 * Finished units go to a journal in the order in which they finish, and before them whatever they ask to have kept on the
 * way, such as answers that were long in coming; when all units are there the final file is written in their order. The
 * journal is not forced to disk line by line: a kill of the process loses nothing that was written, and what a power cut
 * loses is worked on again.
 */
import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { openToAppend } from '@glore/engine';
import { z } from 'zod';
import { GloreError } from '../error.js';
import {
  brokenLine,
  explained,
  type Line,
  parseJson,
  readJsonl,
  readLines,
  shaped,
  writeJsonl,
} from '../files/index.js';
import { Journal } from './journal.js';
import { isOf, type Shard, shardName } from './shard.js';

export interface CollectOptions<U, R> {
  /** The final file, "runs/tiny/drafts/samples.jsonl"; the journal is `path.journal`. */
  readonly path: string;
  /** Of the records. */
  readonly shape: z.ZodType<R>;
  /** In the order in which their records stand in the final file. */
  readonly units: readonly U[];
  /** Names a unit in the journal; unique. */
  readonly key: (unit: U) => string;
  /** A unit's records, which must depend on nothing but the unit and what was kept for it. */
  readonly work: (unit: U, kept: Kept) => Promise<readonly R[]>;
  /** Units in flight at once. */
  readonly parallel: number;
  /**
   * Works on this share of the units alone, into a journal of its own, `path.journal.<i>-of-<n>`; the final file is written
   * by whoever collects without a share afterwards.
   */
  readonly shard?: Shard | undefined;
  /** Once aborted no unit is begun; those in flight finish and are journalled, then its reason is thrown. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Called once for each unit with its records; `resumed` marks the units found in the journal. If the final file is
   * there already it is called once, for all units and records together.
   */
  readonly onUnit?:
    | ((done: number, total: number, records: readonly R[], resumed: boolean) => void)
    | undefined;
}

/** What a unit has had kept on its way: after a kill in the middle of it, that is not fetched again. */
export interface Kept {
  /**
   * What was kept under this name, which is its own within the unit; else what `fetch` gives, kept before it is handed
   * out. Values are JSON.
   */
  once<T>(name: string, fetch: () => Promise<T>): Promise<T>;
}

/** One line of the journal: a finished unit, or what one that is not finished has had kept. */
type Entry<R> =
  | { readonly key: string; readonly records: readonly R[] }
  | { readonly key: string; readonly name: string; readonly value: unknown };

/** Of the units that are not finished, by key and name. */
type Found = Map<string, Map<string, unknown>>;

/**
 * The records of all units, read from the final file or worked out and written there.
 *
 * They come back as JSON keeps them, so that a fresh run and a resumed one go on with the same values.
 *
 * @throws GloreError `unit-repeated`, `parallel-invalid`, `journal-broken`, `journal-foreign`, `jsonl-broken`,
 *   `record-broken`, `disk-full`, `file-forbidden`, `file-kind`; whatever `work` throws, after the units in flight have finished; the signal's reason.
 */
export async function collect<U, R>(options: CollectOptions<U, R>): Promise<R[]> {
  const { path, onUnit, shard } = options;
  const journal = `${path}.journal${shard ? `.${shardName(shard)}` : ''}`;
  if (existsSync(path)) {
    const records = await readJsonl(path, options.shape);
    // A kill between writing the one and removing the other leaves both.
    await removeJournals(path);
    onUnit?.(options.units.length, options.units.length, records, true);
    return records;
  }
  const units = byKey(options);
  const finished = new Map<string, readonly R[]>();
  const found: Found = new Map();
  for (const one of shard ? [journal] : await journalsOf(path)) {
    await readJournal(one, options.shape, units, finished, found);
  }
  let done = 0;
  for (const records of finished.values()) onUnit?.(++done, units.size, records, true);

  await workMissing(options, journal, units, finished, found);

  const records = [...units.keys()].flatMap((key) => finished.get(key) as R[]);
  if (shard) return records;
  await writeJsonl(path, records);
  await removeJournals(path);
  return records;
}

/** The journal of a file and those of its shards; keys make one unit of what two of them have. */
async function journalsOf(path: string): Promise<string[]> {
  const folder = dirname(path);
  if (!existsSync(folder)) return [];
  const name = `${basename(path)}.journal`;
  const files = await readdir(folder);
  return files
    .filter((file) => file === name || file.startsWith(`${name}.`))
    .sort()
    .map((file) => join(folder, file));
}

async function removeJournals(path: string): Promise<void> {
  for (const journal of await journalsOf(path)) await rm(journal, { force: true });
}

/** Works on the units that `finished` lacks, adding each to it and to the journal. */
async function workMissing<U, R>(
  { shape, work, parallel, signal, onUnit }: CollectOptions<U, R>,
  path: string,
  units: Map<string, U>,
  finished: Map<string, readonly R[]>,
  found: Found,
): Promise<void> {
  const missing = [...units].filter(([key]) => !finished.has(key));
  // One iterator for all workers: each takes the next unit that nobody has taken.
  const queue = missing.values();
  const entryShape = entryOf(shape);
  const journal = await Journal.open(path);
  let failure: { readonly error: unknown } | undefined;

  async function worker(): Promise<void> {
    for (const [key, unit] of queue) {
      if (failure || signal?.aborted) return;
      const kept = new Keeping(journal, key, found.get(key));
      try {
        const line = JSON.stringify({ key, records: await work(unit, kept) } satisfies Entry<R>);
        // As they will be read; what could not be is not kept.
        const made = shaped(entryShape, JSON.parse(line), `${path}, of ${key}`, unkept);
        const records = made.records ?? [];
        await journal.append(line);
        found.delete(key);
        finished.set(key, records);
        onUnit?.(finished.size, units.size, records, false);
      } catch (error) {
        failure ??= { error: signal?.aborted ? signal.reason : error };
        // What is under way is still kept when it comes.
        await kept.settled();
      }
    }
  }

  try {
    await Promise.all(Array.from({ length: Math.min(parallel, missing.length) }, worker));
  } finally {
    await journal.close();
  }
  if (failure) throw failure.error;
  signal?.throwIfAborted();
}

/** What one unit keeps. What is asked for twice is fetched once. */
class Keeping implements Kept {
  private readonly journal: Journal;
  private readonly key: string;
  private readonly found: ReadonlyMap<string, unknown> | undefined;
  private readonly values = new Map<string, Promise<unknown>>();

  constructor(journal: Journal, key: string, found: ReadonlyMap<string, unknown> | undefined) {
    this.journal = journal;
    this.key = key;
    this.found = found;
  }

  once<T>(name: string, fetch: () => Promise<T>): Promise<T> {
    let value = this.values.get(name);
    if (value === undefined) {
      value = this.found?.has(name)
        ? Promise.resolve(this.found.get(name))
        : this.fetched(name, fetch);
      this.values.set(name, value);
    }
    return value as Promise<T>;
  }

  private async fetched(name: string, fetch: () => Promise<unknown>): Promise<unknown> {
    const value = await fetch();
    await this.journal.append(
      JSON.stringify({ key: this.key, name, value } satisfies Entry<never>),
    );
    return value;
  }

  /** Waits until nothing is being fetched any more. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.values.values());
  }
}

/** Adds what a journal has; a torn last line, which a kill leaves behind, is cut off the file. */
async function readJournal<U, R>(
  path: string,
  shape: z.ZodType<R>,
  units: Map<string, U>,
  finished: Map<string, readonly R[]>,
  found: Found,
): Promise<void> {
  if (!existsSync(path)) return;
  let torn: { readonly line: Line; readonly cause: unknown } | undefined;
  const entryShape = entryOf(shape);
  await explained(path, async () => {
    for await (const line of readLines(path)) {
      if (torn) throw brokenEntry(path, torn.line, torn.cause);
      let entry: unknown;
      try {
        if (!line.ended) throw new Error('no newline');
        entry = parseJson(line.bytes);
      } catch (cause) {
        torn = { line, cause };
        continue;
      }
      if (!anyEntry.safeParse(entry).success) throw brokenEntry(path, line);
      const { key, ...kept } = shaped(entryShape, entry, `${path}:${line.number}`, cure);
      if (!units.has(key)) throw foreignEntry(path, line, key);
      if (kept.records) {
        finished.set(key, kept.records);
        found.delete(key);
      } else if (kept.name !== undefined && !finished.has(key)) {
        const values = found.get(key) ?? new Map<string, unknown>();
        found.set(key, values.set(kept.name, kept.value));
      }
    }
    if (torn) await cutOff(path, torn.line.start);
  });
}

/** Cuts a file off, unless it is a link. */
async function cutOff(path: string, length: number): Promise<void> {
  const file = await openToAppend(path);
  try {
    await file.truncate(length);
  } finally {
    await file.close();
  }
}

/** A line of the journal: either has the fields of the other not. */
const entryOf = <R>(shape: z.ZodType<R>) =>
  z
    .object({
      key: z.string(),
      records: z.array(shape).optional(),
      name: z.string().optional(),
      value: z.unknown().optional(),
    })
    .refine((entry) => entry.records || (entry.name !== undefined && 'value' in entry), {
      path: ['records'],
      error: 'the records of a finished unit, or the name and value of what one has kept',
    });

const anyEntry = entryOf(z.unknown());

const unkept = 'nothing of it is kept; look at the models that it comes from';
const cure = 'delete this line, or the whole file, and its units are worked on again';

function brokenEntry(path: string, line: Line, cause?: unknown): GloreError {
  const expected = 'a finished unit {"key": ..., "records": [...]} or what one has kept';
  return brokenLine('journal-broken', path, line, expected, cure, cause);
}

function foreignEntry(path: string, line: Line, key: string): GloreError {
  return new GloreError(
    'journal-foreign',
    `${path}:${line.number}: expected the key of one of this run's units, found "${key}", so the journal belongs to other settings; go back to those settings, or delete the file to begin anew`,
  );
}

function byKey<U, R>(options: CollectOptions<U, R>): Map<string, U> {
  const { units, key, path, parallel, shard } = options;
  if (!(parallel >= 1)) {
    throw new GloreError(
      'parallel-invalid',
      `${path}: expected at least 1 unit in flight, got ${parallel}; set a whole number from 1 on`,
    );
  }
  const map = new Map<string, U>();
  for (const unit of units) {
    const name = key(unit);
    if (map.has(name)) {
      throw new GloreError(
        'unit-repeated',
        `${path}: expected every unit once, found "${name}" twice; remove the repeated one`,
      );
    }
    map.set(name, unit);
  }
  return shard ? new Map([...map].filter(([name]) => isOf(shard, name))) : map;
}
