/** One process per run folder, or one for each shard. */
import { readFileSync } from 'node:fs';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseJson, readWhole } from '@glore/engine';
import { z } from 'zod';
import { GloreError } from '../error.js';
import { explained, shaped } from '../files/index.js';
import { type Shard, shardName } from './shard.js';

/** Who holds a lock. */
const holderShape = z.object({
  pid: z.int().min(1),
  host: z.string().min(1),
  /** When the process started; tells apart two processes that got the same pid, as in a restarted container. */
  started: z.string(),
  /** The same as the kernel counts it, which no change of the clock moves; absent where it is not said. */
  birth: z.string().exactOptional(),
});
type Holder = z.infer<typeof holderShape>;

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

/** Shards work side by side, but not beside a process that works on the whole run. */
async function refuseOthers(folder: string, shard: Shard | undefined): Promise<void> {
  const files = shard
    ? ['lock']
    : (await readdir(folder)).filter((file) => /^lock\.shard-\d+-of-\d+$/.test(file));
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
async function readHolder(path: string): Promise<Holder | undefined> {
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
    return shaped(holderShape, value, path, `if no process works there, delete ${path}`);
  }
  return undefined;
}

/**
 * When a process of this machine was born, and in which run of the machine: no two processes have both and the pid alike.
 * Undefined where nobody says so.
 */
function birthOf(pid: number): { readonly name: string; readonly at: number } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The second field is the program's name in brackets, which may have spaces; the birth is the 22nd.
    const ticks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
    const up = Number(readFileSync('/proc/uptime', 'latin1').split(' ')[0]);
    // The kernel tells times to programs in hundredths of a second.
    const at = Date.now() - 1000 * (up - Number(ticks) / 100);
    return Number.isFinite(at) ? { name: `${boot}/${ticks}`, at } : undefined;
  } catch {
    return undefined;
  }
}

const self: Holder = {
  pid: process.pid,
  host: hostname(),
  started: new Date(performance.timeOrigin).toISOString(),
  ...ownBirth(),
};

function ownBirth(): Pick<Holder, 'birth'> {
  const birth = birthOf(process.pid);
  return birth ? { birth: birth.name } : {};
}

/** Processes of other machines cannot be looked at and count as alive. */
function isAlive(holder: Holder): boolean {
  if (holder.host !== self.host) return true;
  if (holder.pid === self.pid) return holder.started === self.started;
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    // EPERM: it is there and belongs to another user.
    if (isCode(error, 'ESRCH')) return false;
  }
  // A process that was born after the holder has got its number since.
  const birth = birthOf(holder.pid);
  if (!birth) return true;
  return holder.birth === undefined
    ? !(birth.at > Date.parse(holder.started) + CLOCK_SHIFT)
    : birth.name === holder.birth;
}

/** By so much the clock may have been set since, in milliseconds, where there is nothing better to go by. */
const CLOCK_SHIFT = 600_000;

function locked(folder: string, path: string, { pid, host, started }: Holder): GloreError {
  return new GloreError(
    'run-locked',
    `${folder}: expected a run folder that no process works in, found process ${pid} on ${host}, started ${started}; wait for it or stop it; if it is gone for certain, delete ${path}`,
  );
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
