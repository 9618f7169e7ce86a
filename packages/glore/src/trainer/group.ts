/** A process together with all that it has started. */

/** Milliseconds that it has to end by itself, once told to: it may have much to write. */
export const GRACE = 60_000;

/** Tells a process, and what it has started where the system has groups of them. */
export function signalGroup(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, name);
  } catch {
    // It has gone.
  }
}
