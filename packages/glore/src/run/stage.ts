/** One step of a run: done once for the same settings, continued after an interruption, done anew when settings change. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, relative, sep } from 'node:path';
import { z } from 'zod';
import { GloreError } from '../error.js';
import { amount, count, explain, explained, readJson, text, writeJson } from '../files/index.js';
import { formatSeconds, type Progress, type Reporter } from './progress.js';
import { type Shard, shardName } from './shard.js';

/** Tokens a stage has worked through. */
export interface TokenCounts {
  readonly generatedTokens: number;
  readonly scoredTokens: number;
  readonly trainedTokens: number;
  /** Of what was generated, scored and trained here: each distinct beginning of a problem's sequences once. */
  readonly neededTokens: number;
  /** Positions that models were run on for that. */
  readonly computedTokens: number;
}

/** What a finished stage was and cost; `<stage>/done.json`. */
export interface StageRecord extends TokenCounts {
  readonly name: string;
  /** Hash of the name, the settings and the fingerprints of the stages before. */
  readonly fingerprint: string;
  /** Wall clock of all attempts together. */
  readonly seconds: number;
  /** What it has made, from its folder; absent from stages of earlier versions. */
  readonly files?: readonly string[];
}

const costs = {
  /** Wall clock of all attempts together. */
  seconds: amount,
  generatedTokens: count,
  scoredTokens: count,
  trainedTokens: count,
  // Earlier versions did not count these.
  neededTokens: count.default(0),
  computedTokens: count.default(0),
};
const hash = z.string().regex(/^[0-9a-f]{64}$/, { error: 'a hash' });

/** What a stage has cost so far; `<stage>/spent.json`. */
export const spentShape: z.ZodType<Spent> = z.object(costs);
const begunShape: z.ZodType<Pick<StageRecord, 'fingerprint'>> = z.object({ fingerprint: hash });
const stageShape: z.ZodType<StageRecord> = z.object({
  name: text,
  fingerprint: hash,
  ...costs,
  files: z.array(z.string()).exactOptional(),
});

/** What a stage's work is given. */
export interface StageContext {
  /** The stage's own folder, "runs/tiny/drafts". */
  readonly folder: string;
  readonly signal: AbortSignal | undefined;
  readonly progress: Progress;
  /** The share of the work that is this process's; all of it if left out. */
  readonly shard?: Shard | undefined;
  /** Adds tokens to what this stage has cost. */
  count(kind: keyof TokenCounts, tokens: number): void;
}

export interface StageOptions {
  /** The run's folder. */
  readonly run: string;
  /** The stage's name, which is its folder's too. */
  readonly name: string;
  /** All that the stage's result depends on besides the stages before; JSON. */
  readonly settings: unknown;
  readonly upstream: readonly StageRecord[];
  readonly signal?: AbortSignal | undefined;
  readonly reporter: Reporter;
  /**
   * Does the work. Counts it returns replace those made with `count`: what is added up from the records stays exact
   * through a kill, while `count` may miss the last seconds before it.
   */
  readonly work: (context: StageContext) => Promise<Partial<TokenCounts>> | Promise<void>;
}

export type Spent = Omit<StageRecord, 'name' | 'fingerprint' | 'files'>;

/** What an attempt cost is written this often, and at its end. */
const saveEveryMs = 3000;

/**
 * Runs a stage, or skips it if `done.json` says that it was done with the same settings.
 *
 * @throws whatever `work` throws; the signal's reason if it is aborted before; GloreError `disk-full`, `file-forbidden`.
 */
export async function runStage(options: StageOptions): Promise<StageRecord> {
  const { run, name, settings, upstream, signal, reporter } = options;
  signal?.throwIfAborted();
  const folder = join(run, name);
  const startedPath = join(folder, 'started.json');
  const fingerprint = fingerprintOf(options);
  const progress = reporter.stage(name);

  await rm(cleared(folder), { recursive: true, force: true });
  const done = await readIfThere(join(folder, 'done.json'), stageShape);
  if (done?.fingerprint === fingerprint) {
    const missing = missingOf(folder, done);
    if (missing.length === 0) {
      progress.done(`already done (${summary(done)})`);
      return done;
    }
    progress.note(`${join(folder, missing[0]!)} is missing: what the stage lacks is made again`);
    await rm(join(folder, 'done.json'));
    // Of a folder, such as a model, none is there or all of it.
    for (const file of missing)
      await rm(join(folder, file.split(sep)[0]!), { recursive: true, force: true });
  }
  const begun = done ?? (await readIfThere(startedPath, begunShape));
  if (begun !== undefined && begun.fingerprint !== fingerprint) {
    progress.note(
      `the settings of stage ${name} or of a stage before it have changed: it is cleared and done anew`,
    );
    await clear(folder);
  }
  await writeJson(startedPath, { name, fingerprint, settings, upstream: upstream.map(origin) });

  const costs = await attempt(options, progress);
  const record: StageRecord = { name, fingerprint, ...costs, files: await filesIn(folder) };
  await writeJson(join(folder, 'done.json'), record);
  progress.done(summary(record));
  return record;
}

/** A stage that was done with these settings; undefined if it was not. */
export async function doneStage(
  options: Pick<StageOptions, 'run' | 'name' | 'settings' | 'upstream'>,
): Promise<StageRecord | undefined> {
  const done = await readDone(join(options.run, options.name));
  return done?.fingerprint === fingerprintOf(options) ? done : undefined;
}

/** What a stage that is done was and cost, by its folder; undefined where it is not, or lacks a file that it has made. */
export async function readDone(folder: string): Promise<StageRecord | undefined> {
  const done = await readIfThere(join(folder, 'done.json'), stageShape);
  return done && missingOf(folder, done).length === 0 ? done : undefined;
}

const missingOf = (folder: string, { files = [] }: StageRecord): string[] =>
  files.filter((file) => !existsSync(join(folder, file)));

/** What a stage has made, from its folder; what it keeps of its attempts is not part of that. */
async function filesIn(folder: string): Promise<string[]> {
  const own = new Set(['started.json', 'spent.json', 'done.json']);
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .filter((file) => !own.has(file))
    .sort();
}

/**
 * Does a share of a stage's work. What it makes are journals; `runStage` makes the stage of them when all shares are done.
 *
 * @throws GloreError `shard-stale` where the stage was begun with other settings; whatever `work` throws
 */
export async function runShard(options: StageOptions & { readonly shard: Shard }): Promise<void> {
  const { run, name, settings, upstream, signal, reporter, shard } = options;
  signal?.throwIfAborted();
  const folder = join(run, name);
  const startedPath = join(folder, 'started.json');
  const fingerprint = fingerprintOf(options);
  const progress = reporter.stage(name);
  if (await doneStage(options)) return progress.done('already done');
  const begun = await readIfThere(startedPath, begunShape);
  if (begun === undefined && !existsSync(join(folder, 'done.json'))) {
    // Several may be here at once: each has a file of its own, and all of them say the same.
    const own = `${startedPath}.${shardName(shard)}`;
    await writeJson(own, { name, fingerprint, settings, upstream: upstream.map(origin) });
    await rename(own, startedPath);
  } else if (begun?.fingerprint !== fingerprint) {
    throw new GloreError(
      'shard-stale',
      `${folder}: expected a stage of these settings or none, found one of others, which another shard may be at work on; stop them, delete the folder and start all shards again`,
    );
  }
  const spent = await attempt(options, progress, shard);
  progress.done(`shard ${shard.index}/${shard.count}: ${summary({ name, fingerprint, ...spent })}`);
}

/** Does the work of a stage or of its share once, and gives what all attempts at it have cost. */
async function attempt(
  { run, name, signal, work }: StageOptions,
  progress: Progress,
  shard?: Shard,
): Promise<Spent> {
  const folder = join(run, name);
  const meter = await Meter.start(folder, shard);
  try {
    const exact = await work({
      folder,
      signal,
      progress,
      shard,
      count: (kind, tokens) => meter.count(kind, tokens),
    });
    if (exact) meter.replace(exact);
  } catch (error) {
    await meter.stop();
    progress.done(signal?.aborted ? 'interrupted; run the same command to continue' : 'failed');
    throw explain(`stage ${name} (${folder})`, error);
  }
  return meter.stop();
}

/** Adds up what a stage costs over all its attempts and keeps it in a file. */
class Meter {
  private readonly path: string;
  private readonly began = performance.now();
  private readonly secondsBefore: number;
  private readonly tokens: { -readonly [K in keyof TokenCounts]: number };
  private readonly timer: NodeJS.Timeout;
  private saving: Promise<void> = Promise.resolve();

  private constructor(path: string, { seconds, ...tokens }: Spent) {
    this.path = path;
    this.secondsBefore = seconds;
    this.tokens = tokens;
    this.timer = setInterval(() => this.save(), saveEveryMs).unref();
  }

  /** Goes on from what the stage has cost before; of a stage in shards, from what all of them have. */
  static async start(folder: string, shard?: Shard): Promise<Meter> {
    const nothing: Spent = {
      seconds: 0,
      generatedTokens: 0,
      scoredTokens: 0,
      trainedTokens: 0,
      neededTokens: 0,
      computedTokens: 0,
    };
    const own = join(folder, shard ? `spent.${shardName(shard)}.json` : 'spent.json');
    const before = (await readIfThere(own, spentShape)) ?? nothing;
    if (shard) return new Meter(own, before);
    let { seconds } = before;
    for (const file of await readdir(folder)) {
      if (!/^spent\.\d+-of-\d+\.json$/.test(file)) continue;
      seconds += (await readJson(join(folder, file), spentShape)).seconds;
      await rm(join(folder, file));
    }
    return new Meter(own, { ...before, seconds });
  }

  count(kind: keyof TokenCounts, tokens: number): void {
    this.tokens[kind] += tokens;
  }

  replace(exact: Partial<TokenCounts>): void {
    Object.assign(this.tokens, exact);
  }

  async stop(): Promise<Spent> {
    clearInterval(this.timer);
    await this.save();
    return this.spent();
  }

  private spent(): Spent {
    const seconds = this.secondsBefore + (performance.now() - this.began) / 1000;
    return { seconds: Math.round(seconds * 1000) / 1000, ...this.tokens };
  }

  /** A cost that cannot be written must not hide why the work failed, nor end work that goes on. */
  private save(): Promise<void> {
    this.saving = this.saving.then(() => writeJson(this.path, this.spent())).catch(() => {});
    return this.saving;
  }
}

/** Moved away in one go before it is removed: a kill in between must not leave old records without their fingerprint. */
export async function clear(folder: string): Promise<void> {
  await explained(folder, async () => {
    await rename(folder, cleared(folder));
    await rm(cleared(folder), { recursive: true });
  });
}

function cleared(folder: string): string {
  return `${folder}.cleared`;
}

function origin({ name, fingerprint }: StageRecord): Pick<StageRecord, 'name' | 'fingerprint'> {
  return { name, fingerprint };
}

/** The hash of a stage's name, its settings and the fingerprints of the stages before it. */
export function fingerprintOf({
  name,
  settings,
  upstream,
}: Pick<StageOptions, 'name' | 'settings'> & {
  readonly upstream: readonly Pick<StageRecord, 'fingerprint'>[];
}): string {
  const parts = [name, settings, upstream.map((stage) => stage.fingerprint)];
  return createHash('sha256').update(canonicalJson(parts)).digest('hex');
}

/** JSON in which the order of an object's fields does not matter. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

async function readIfThere<T>(path: string, shape: z.ZodType<T>): Promise<T | undefined> {
  return existsSync(path) ? readJson(path, shape, cureOf(path)) : undefined;
}

/** What a stage was begun with says whose files are there: without it they are nobody's. */
const cureOf = (path: string): string =>
  basename(path) === 'started.json'
    ? `delete the folder ${dirname(path)} and run the recipe again: the stage is done anew`
    : `delete ${path} and run the recipe again: the stage goes on from what else is there`;

/** "3 min 12 s, 40,000 tokens generated, computed / needed 1.02" */
function summary(record: StageRecord): string {
  const verbs = {
    generatedTokens: 'generated',
    scoredTokens: 'scored',
    trainedTokens: 'trained on',
  };
  const kinds = Object.keys(verbs) as (keyof typeof verbs)[];
  const tokens = kinds
    .filter((kind) => record[kind] > 0)
    .map((kind) => `${record[kind].toLocaleString('en')} tokens ${verbs[kind]}`);
  const computed = record.computedTokens / record.neededTokens;
  // Stages of earlier versions have not counted.
  const ratio = computed > 0 ? [`computed / needed ${computed.toFixed(2)}`] : [];
  return [formatSeconds(record.seconds), ...tokens, ...ratio].join(', ');
}
