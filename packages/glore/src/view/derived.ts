/** What is worked out of files that may change, without holding up whatever else the process does. */
import { stat } from 'node:fs/promises';
import { setImmediate as turn } from 'node:timers/promises';

/** Milliseconds of work after which others have their turn. */
const most = 12;

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
