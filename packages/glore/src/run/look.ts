/** What the files of a stage say of it, for those who look on while somebody else works on it. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { explained, namesIn, readJson, text } from '../files/index.js';
import { readDone, type Spent, type StageRecord, spentShape } from './stage.js';

export interface StageLook {
  /** When it was begun last, in milliseconds; absent before. */
  readonly begun?: number;
  /** The stages that it was begun on. */
  readonly upstream: readonly Pick<StageRecord, 'name' | 'fingerprint'>[];
  /** What all attempts at it have cost so far. */
  readonly spent?: Spent;
  readonly done?: StageRecord;
}

const startedShape = z.object({
  upstream: z.array(z.object({ name: text, fingerprint: text })),
});

/** A stage by its folder. @throws GloreError `json-broken`, `record-broken`, `file-forbidden`, `file-kind` */
export async function lookAtStage(folder: string): Promise<StageLook> {
  const path = join(folder, 'started.json');
  const begun = await ifThere(async () => (await explained(path, () => stat(path))).mtimeMs);
  if (begun === undefined) return { upstream: [] };
  const started = await ifThere(() => readJson(path, startedShape));
  const done = await ifThere(() => readDone(folder));
  const spent = done ?? (await spentIn(folder));
  return {
    begun,
    upstream: started?.upstream ?? [],
    ...(spent && { spent }),
    ...(done && { done }),
  };
}

/** Of a stage in shares each has a file of its own. */
async function spentIn(folder: string): Promise<Spent | undefined> {
  const files = namesIn(folder).filter((file) => /^spent(\.\d+-of-\d+)?\.json$/.test(file));
  let all: Spent | undefined;
  for (const file of files) {
    const one = await ifThere(() => readJson(join(folder, file), spentShape));
    if (one) all = all ? summed(all, one) : one;
  }
  return all;
}

const summed = (a: Spent, b: Spent): Spent => ({
  seconds: a.seconds + b.seconds,
  generatedTokens: a.generatedTokens + b.generatedTokens,
  scoredTokens: a.scoredTokens + b.scoredTokens,
  trainedTokens: a.trainedTokens + b.trainedTokens,
  neededTokens: a.neededTokens + b.neededTokens,
  computedTokens: a.computedTokens + b.computedTokens,
});

/** Files may go at any moment: whoever works on the stage may clear it. */
async function ifThere<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    const { code } = error as { readonly code?: unknown };
    if (code === 'file-missing') return undefined;
    throw error;
  }
}
