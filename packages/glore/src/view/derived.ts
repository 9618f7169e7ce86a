/** What is worked out of files that may change, without holding up whatever else the process does. */
import { stat } from 'node:fs/promises';

/** Milliseconds of work after which others have their turn. */
const most = 12;

/** What goes on with long work, one after another. */
const waiting: (() => void)[] = [];

/**
 * One alone goes on before whatever else the process has to do is done: that much long work is under way makes no pause
 * longer.
 */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve);
    if (waiting.length === 1) setImmediate(next);
  });
}

function next(): void {
  waiting.shift()!();
  if (waiting.length > 0) setImmediate(next);
}

/** Gives others their turn now and then during long work. */
export class Pace {
  private since = performance.now();

  /** Whether it is time to `rest`; asked often, so that it costs little. */
  get due(): boolean {
    return performance.now() - this.since > most;
  }

  async rest(): Promise<void> {
    await turn();
    this.since = performance.now();
  }
}

/** Worked out once while several ask for it, and anew when one of its files has changed. */
export class Derived<T> {
  private readonly paths: readonly string[];
  private readonly make: () => Promise<T>;
  private made: { readonly of: string; readonly value: Promise<T> } | undefined;

  constructor(paths: readonly string[], make: () => Promise<T>) {
    this.paths = paths;
    this.make = make;
  }

  async get(): Promise<T> {
    const of = await signatureOf(this.paths);
    if (this.made?.of === of) return this.made.value;
    const made = { of, value: this.make() };
    this.made = made;
    made.value.catch(() => {
      // What went wrong may be put right without a change of the files.
      if (this.made === made) this.made = undefined;
    });
    return made.value;
  }
}

/** Changes when a file does, comes or goes. */
export async function signatureOf(paths: readonly string[]): Promise<string> {
  const found = await Promise.all(
    paths.map(async (path) => {
      const stats = await stat(path).catch(() => undefined);
      return stats ? `${stats.ino}.${stats.size}.${stats.mtimeMs}` : '';
    }),
  );
  return found.join();
}
