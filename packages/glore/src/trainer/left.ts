/** Which processes a run has started, so that what one that was killed has left running ends before another is started. */
import { rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { explained, namesIn, readJson, writeJson } from '../files/index.js';
import { isAlive, processOf, processShape } from '../run/index.js';
import { GRACE, signalGroup } from './group.js';

const cure = (path: string) =>
  `end what the run has left running, if it is still there, delete ${path} and run the same command again`;

/** Writes down a process until it has ended. */
export async function noted(folder: string, pid: number, ended: Promise<unknown>): Promise<void> {
  const path = join(folder, `${pid}.json`);
  await writeJson(path, processOf(pid));
  void ended.then(() => rmSync(path, { force: true })).catch(() => {});
}

/**
 * Ends what is written down and still there, with all that it has started: only what is known for certain to be the same
 * process, which not every system tells.
 */
export async function endLeft(folder: string): Promise<void> {
  for (const name of namesIn(folder).filter((file) => file.endsWith('.json'))) {
    const path = join(folder, name);
    const left = await readJson(path, processShape, cure(path));
    if (left.birth !== undefined && isAlive(left)) {
      signalGroup(left.pid, 'SIGTERM');
      const late = performance.now() + GRACE;
      while (isAlive(left) && performance.now() < late) await sleep(50);
      signalGroup(left.pid, 'SIGKILL');
    }
    await explained(path, () => rm(path, { force: true }));
  }
}
