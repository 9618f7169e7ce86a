/**
 * Works through units and collects their records in one file, surviving a kill at any byte.
 *
 * Finished units go to a journal in the order in which they finish, one write for each; when all are there the final file
 * is written in the order of the units. The journal is not forced to disk line by line: a kill of the process loses
 * nothing that was written, and what a power cut loses is worked on again.
 */
import { existsSync } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rm, truncate } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { GloreError } from '../error.js';
import { explained } from './files.js';
import { brokenLine, type Line, parseJson, readJsonl, readLines, writeJsonl } from './jsonl.js';
import { isOf, type Shard, shardName } from './shard.js';

export interface CollectOptions<U, R> {
  /** The final file, "runs/tiny/drafts/samples.jsonl"; the journal is `path.journal`. */
  readonly path: string;
  /** In the order in which their records stand in the final file. */
  readonly units: readonly U[];
  /** Names a unit in the journal; unique. */
  readonly key: (unit: U) => string;
  /** A unit's records, which must depend on nothing but the unit. */
  readonly work: (unit: U) => Promise<readonly R[]>;
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

/** One line of the journal: a finished unit. */
interface Entry<R> {
  readonly key: string;
  readonly records: readonly R[];
}

/**
 * The records of all units, read from the final file or worked out and written there.
 *
 * They come back as JSON keeps them, so that a fresh run and a resumed one go on with the same values.
 *
 * @throws GloreError `unit-repeated`, `parallel-invalid`, `journal-broken`, `journal-foreign`, `jsonl-broken`, `disk-full`,
 *   `file-forbidden`; whatever `work` throws, after the units in flight have finished; the signal's reason.
 */
export async function collect<U, R>(options: CollectOptions<U, R>): Promise<R[]> {
  const { path, onUnit, shard } = options;
  const journal = `${path}.journal${shard ? `.${shardName(shard)}` : ''}`;
  if (existsSync(path)) {
    const records = await readJsonl<R>(path);
    // A kill between writing the one and removing the other leaves both.
    await removeJournals(path);
    onUnit?.(options.units.length, options.units.length, records, true);
    return records;
  }
  const units = byKey(options);
  const finished = new Map<string, readonly R[]>();
  for (const one of shard ? [journal] : await journalsOf(path)) {
    await readJournal(one, units, finished);
  }
  let done = 0;
  for (const records of finished.values()) onUnit?.(++done, units.size, records, true);

  await workMissing(options, journal, units, finished);

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
  { work, parallel, signal, onUnit }: CollectOptions<U, R>,
  path: string,
  units: Map<string, U>,
  finished: Map<string, readonly R[]>,
): Promise<void> {
  const missing = [...units].filter(([key]) => !finished.has(key));
  // One iterator for all workers: each takes the next unit that nobody has taken.
  const queue = missing.values();
  const journal = await Journal.open(path);
  let failure: { readonly error: unknown } | undefined;

  async function worker(): Promise<void> {
    for (const [key, unit] of queue) {
      if (failure || signal?.aborted) return;
      try {
        const line = JSON.stringify({ key, records: await work(unit) } satisfies Entry<R>);
        await journal.append(line);
        const { records } = JSON.parse(line) as Entry<R>;
        finished.set(key, records);
        onUnit?.(finished.size, units.size, records, false);
      } catch (error) {
        failure ??= { error: signal?.aborted ? signal.reason : error };
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

/** A file that lines are added to, each by one write after the one before. */
class Journal {
  private readonly path: string;
  private readonly file: FileHandle;
  private last: Promise<void> = Promise.resolve();

  private constructor(path: string, file: FileHandle) {
    this.path = path;
    this.file = file;
  }

  static open(path: string): Promise<Journal> {
    return explained(path, async () => {
      await mkdir(dirname(path), { recursive: true });
      return new Journal(path, await open(path, 'a'));
    });
  }

  /** After a failed write nothing is added any more: it may have left half a line, which has to stay the last one. */
  append(line: string): Promise<void> {
    this.last = this.last.then(() => explained(this.path, () => this.file.appendFile(`${line}\n`)));
    return this.last;
  }

  close(): Promise<void> {
    return this.file.close();
  }
}

/** Adds the finished units of a journal; a torn last line, which a kill leaves behind, is cut off the file. */
async function readJournal<U, R>(
  path: string,
  units: Map<string, U>,
  finished: Map<string, readonly R[]>,
): Promise<void> {
  if (!existsSync(path)) return;
  let torn: { readonly line: Line; readonly cause: unknown } | undefined;
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
      if (!isEntry<R>(entry)) throw brokenEntry(path, line);
      if (!units.has(entry.key)) throw foreignEntry(path, line, entry.key);
      finished.set(entry.key, entry.records);
    }
    if (torn) await truncate(path, torn.line.start);
  });
}

function isEntry<R>(value: unknown): value is Entry<R> {
  if (typeof value !== 'object' || value === null) return false;
  const { key, records } = value as Partial<Entry<R>>;
  return typeof key === 'string' && Array.isArray(records);
}

function brokenEntry(path: string, line: Line, cause?: unknown): GloreError {
  const expected = 'a finished unit {"key": ..., "records": [...]}';
  const cure = 'delete this line, or the whole file, and its units are worked on again';
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
