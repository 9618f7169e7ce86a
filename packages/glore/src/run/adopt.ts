/** Taking over a stage that another run has done: its files are linked, so that nothing is computed or stored twice. */
import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { explained, linkTree } from '../files/index.js';
import { clear, readDone, type StageRecord } from './stage.js';

export interface AdoptOptions {
  /** Folder of the run that has done the stage. */
  readonly from: string;
  /** Folder of the run that takes it over. */
  readonly run: string;
  readonly name: string;
  /** What the stage has to have been done with; anything if left out. */
  readonly fingerprint?: string;
  /** Called before the run gets the stage, if it has not got it. */
  readonly onAdopt?: () => Promise<void>;
}

/**
 * Makes a finished stage of `from` a stage of `run`, in place of what `run` has of it; nothing happens where it is there.
 * Done stages are never written to again, only replaced, so the two runs can share the files.
 *
 * @returns the stage's record; undefined where `from` has not done it, or with another fingerprint
 * @throws GloreError `disk-full`, `file-forbidden`
 */
export async function adoptStage(options: AdoptOptions): Promise<StageRecord | undefined> {
  const { from, run, name, fingerprint } = options;
  const record = await readDone(join(from, name));
  if (!record || (fingerprint !== undefined && record.fingerprint !== fingerprint))
    return undefined;
  const folder = join(run, name);
  if ((await readDone(folder))?.fingerprint === record.fingerprint) return record;
  await options.onAdopt?.();
  // Made whole beside its place first: a kill in between leaves either the old stage or none.
  const beside = `${folder}.adopted`;
  await explained(folder, async () => {
    await rm(beside, { recursive: true, force: true });
    await linkTree(join(from, name), beside);
    if (existsSync(folder)) await clear(folder);
    await rename(beside, folder);
  });
  return record;
}
