/** One process per run folder, or one for each shard. */
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseJson, readWhole } from '@glore/engine';
import { GloreError } from '../error.js';
import { explained, namesIn, shaped } from '../files/index.js';
import { isAlive, type Process, processShape, self } from './process.js';
import { type Shard, shardName } from './shard.js';

/**
 * Takes the run folder for this process and gives back the function that releases it; a dead process's lock is taken over.
 *
 * @throws GloreError `run-locked` naming the process that holds it; `record-broken`, `file-kind` for what is no lock;
 *   `file-forbidden`, `disk-full`.
 */
export async function lockRun(folder: string, shard?: Shard): Promise<() => Promise<void>> {
  const path = join(folder, shard ? `${shardLock}${shardName(shard)}` : 'lock');
  await explained(path, async () => {
    await mkdir(folder, { recursive: true });
    await acquire(folder, path);
    try {
      // Each writes its own lock first and then looks for the other kind's, so that of two at once one is sure to see it.
      await refuseOthers(folder, shard);
    } catch (error) {
      await rm(path, { force: true });
      throw error;
    }
  });
  return () => rm(path, { force: true });
}

const shardLock = 'lock.shard-';
const isShardLock = (file: string): boolean => /^lock\.shard-\d+-of-\d+$/.test(file);

/** Whether a process is at work in the run folder, on all of it or on a share. @throws GloreError as `lockRun` */
export async function isWorkedOn(folder: string): Promise<boolean> {
  const locks = namesIn(folder).filter((file) => file === 'lock' || isShardLock(file));
  for (const file of locks) {
    const holder = await readHolder(join(folder, file));
    if (holder !== undefined && isAlive(holder)) return true;
  }
  return false;
}

/** Shards work side by side, but not beside a process that works on the whole run. */
async function refuseOthers(folder: string, shard: Shard | undefined): Promise<void> {
  const files = shard ? ['lock'] : (await readdir(folder)).filter(isShardLock);
  for (const file of files) {
    const path = join(folder, file);
    const holder = await readHolder(path);
    if (holder !== undefined && isAlive(holder)) throw locked(folder, path, holder);
  }
}

async function acquire(folder: string, path: string): Promise<void> {
  while (!(await create(path))) {
    const holder = await readHolder(path);
    if (holder !== undefined && isAlive(holder)) throw locked(folder, path, holder);
    // Of several that see a dead process's lock only one may remove it, and only while it still is the dead one's:
    // otherwise the slowest would remove the lock of the fastest.
    const takeover = `${path}.takeover`;
    await acquire(folder, takeover);
    try {
      const again = await readHolder(path);
      if (again === undefined || !isAlive(again)) await rm(path, { force: true });
    } finally {
      await rm(takeover, { force: true });
    }
  }
}

/** Writes the lock unless there is one (O_EXCL). */
async function create(path: string): Promise<boolean> {
  try {
    await writeFile(path, JSON.stringify(self), { flag: 'wx' });
    return true;
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false;
    throw error;
  }
}

/** The lock's holder, or undefined if it is gone or was left unfinished by a process killed between creating and writing it. */
async function readHolder(path: string): Promise<Process | undefined> {
  for (let tries = 0; tries < 5; tries++) {
    // Another process may be at the point between creating and writing.
    if (tries > 0) await sleep(50);
    let value: unknown;
    try {
      value = parseJson((await readWhole(path, 4096)).toString());
    } catch (error) {
      if (isCode(error, 'ENOENT')) return undefined;
      if (!(error instanceof SyntaxError)) throw error;
      continue;
    }
    return shaped(processShape, value, path, `if no process works there, delete ${path}`);
  }
  return undefined;
}

function locked(folder: string, path: string, { pid, host, started }: Process): GloreError {
  return new GloreError(
    'run-locked',
    `${folder}: expected a run folder that no process works in, found process ${pid} on ${host}, started ${started}; wait for it or stop it; if it is gone for certain, delete ${path}`,
  );
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
