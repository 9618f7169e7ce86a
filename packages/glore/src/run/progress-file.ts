/** How far a stage is, in a file of the run's folder, for those who look on: `progress.json`. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { amount, count, readJson, writeJson } from '../files/index.js';
import { type Progress, type Reporter, reporter, type Snapshot } from './progress.js';

/** A stage's state at one moment; there while a process works on the run. */
const progressShape = z.object({
  stage: z.string(),
  done: count,
  total: count.exactOptional(),
  unit: z.string().exactOptional(),
  rate: amount.exactOptional(),
  secondsLeft: amount.exactOptional(),
  detail: z.string().exactOptional(),
});
export type ProgressNow = z.infer<typeof progressShape>;

const pathIn = (folder: string): string => join(folder, 'progress.json');

/** How far the stage is that a process works on; undefined where that is not said. */
export const readProgress = (folder: string): Promise<ProgressNow | undefined> =>
  // It comes and goes, and nothing depends on it.
  readJson(pathIn(folder), progressShape).catch(() => undefined);

/** Writes progress into the folder as well as to `shown`; `end` takes the file away. */
export async function alsoInFile(
  folder: string,
  shown: Reporter,
): Promise<{ readonly reporter: Reporter; end(): Promise<void> }> {
  const file = new ProgressFile(pathIn(folder));
  // One that was killed has left its own.
  await file.remove();
  const written = reporter({
    intervalMs: 1000,
    eager: true,
    update: (state) => file.write(state),
    note() {},
    done() {},
  });
  return {
    reporter: { stage: (name) => both(shown.stage(name), written.stage(name)) },
    end: () => file.end(),
  };
}

const both = (a: Progress, b: Progress): Progress => ({
  total(units, unit) {
    a.total(units, unit);
    b.total(units, unit);
  },
  advance(units, detail) {
    a.advance(units, detail);
    b.advance(units, detail);
  },
  resume(units) {
    a.resume(units);
    b.resume(units);
  },
  note(text) {
    a.note(text);
    b.note(text);
  },
  done(summary) {
    a.done(summary);
    b.done(summary);
  },
});

/** One write at a time. A state that cannot be written is not worth ending work for. */
class ProgressFile {
  private readonly path: string;
  private next: Snapshot | undefined;
  private writing: Promise<void> | undefined;
  private ended = false;

  constructor(path: string) {
    this.path = path;
  }

  write(state: Snapshot): void {
    if (this.ended) return;
    this.next = state;
    this.writing ??= this.writeAll();
  }

  async end(): Promise<void> {
    this.ended = true;
    this.next = undefined;
    await this.writing;
    await this.remove();
  }

  async remove(): Promise<void> {
    for (const path of [this.path, `${this.path}.part-new`])
      await rm(path, { force: true }).catch(() => {});
  }

  private async writeAll(): Promise<void> {
    while (this.next) {
      const state = this.next;
      this.next = undefined;
      await writeJson(this.path, state).catch(() => {});
    }
    this.writing = undefined;
  }
}
