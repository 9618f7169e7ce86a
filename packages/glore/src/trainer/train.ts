/** One training by a command of the recipe's. */
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { GloreError } from '../error.js';
import { explained } from '../files/index.js';
import type { Progress } from '../run/index.js';
import { Child, lastLines } from './child.js';

export interface TrainOptions {
  readonly role: string;
  /** The program and its arguments. */
  readonly words: readonly string[];
  /** Where it runs. */
  readonly folder: string;
  /** Where it is to write `model/`, `adapter/` or both. */
  readonly out: string;
  readonly log: string;
  /** The folder in which what runs is written down. */
  readonly processes: string;
  readonly signal?: AbortSignal | undefined;
  readonly progress: Progress;
}

/** A line of standard output that tells how far a training is: updates done of all, and the loss where there is one. */
const report = z.object({
  update: z.int().min(0),
  updates: z.int().min(1),
  loss: z.number().optional(),
});

/**
 * Trains until the command ends. What it has written when it is stopped is left as it is, for the command to go on from; its
 * checkpoints/ go once it has ended well.
 *
 * @throws GloreError `trainer-failed` with the last lines of its log; `trainer-empty` where it has made no model; the
 *   signal's reason
 */
export async function train(options: TrainOptions): Promise<void> {
  const { role, words, folder, out, log, processes, signal, progress } = options;
  signal?.throwIfAborted();
  const child = await Child.start({ words, folder, log, processes, onLine: follow(progress) });
  const stop = () => void child.stop();
  signal?.addEventListener('abort', stop, { once: true });
  if (signal?.aborted) stop();
  const how = await child.ended;
  child.leave();
  signal?.removeEventListener('abort', stop);
  if (how !== 'exit 0') {
    signal?.throwIfAborted();
    throw new GloreError(
      'trainer-failed',
      `training the ${role}: expected ${words[0]} to end well, found ${how}; mend what its log says (${log}) and run the same command again, what is done is kept:${await lastLines(log)}`,
    );
  }
  if (isMade(out)) {
    const states = join(out, 'checkpoints');
    return explained(states, () => rm(states, { recursive: true, force: true }));
  }
  throw new GloreError(
    'trainer-empty',
    `${out}: expected model/ or adapter/ from the trainer of the ${role}, found neither though it ended well; make trainer.command write there ({out}); its log is ${log}:${await lastLines(log)}`,
  );
}

/** Whether a trainer has made something there. */
export const isMade = (out: string): boolean =>
  ['model', 'adapter'].some((name) => existsSync(join(out, name)));

/** Shows what a trainer reports. */
function follow(progress: Progress): (line: string) => void {
  let before: number | undefined;
  return (line) => {
    const said = reportIn(line);
    if (!said) return;
    const { update, updates, loss } = said;
    if (before === undefined || update < before) {
      progress.total(updates, 'updates');
      progress.resume(update);
    } else if (update > before) {
      progress.advance(update - before, loss === undefined ? undefined : `loss ${loss.toFixed(3)}`);
    }
    before = update;
  };
}

function reportIn(line: string): z.infer<typeof report> | undefined {
  if (!line.startsWith('{') || line.length > 1000) return undefined;
  try {
    return report.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}
