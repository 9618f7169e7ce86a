/** A command of the recipe's as a process of its own, whose output goes to a file. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, createWriteStream, statSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { finished } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { explained } from '../files/index.js';
import { visible } from '../visible.js';
import { GRACE, signalGroup } from './group.js';
import { noted } from './left.js';

export interface ChildOptions {
  /** The program and its arguments. */
  readonly words: readonly string[];
  /** Where it runs. */
  readonly folder: string;
  /** The file that what it says is added to. */
  readonly log: string;
  /** The folder in which it is written down while it runs. */
  readonly processes: string;
  /** Told each line of its standard output. */
  readonly onLine?: (line: string) => void;
}

/** Milliseconds that its last words have to arrive once it has ended. */
const DRAIN = 1000;

export class Child {
  /** How it has ended: "exit 1", "SIGKILL", or why it could not be started; it never fails. */
  readonly ended: Promise<string>;
  private readonly process: ChildProcess;
  private over: string | undefined;

  private constructor({ words, folder, log, onLine }: Omit<ChildOptions, 'processes'>) {
    const [program = '', ...args] = words;
    const file = createWriteStream(log, { flags: 'a' });
    // A full disk must end neither process: what it says is lost then, what it makes is its own matter.
    file.on('error', () => {});
    // A group of its own: Ctrl-C is for this process, which tells the group to end.
    this.process = spawn(program, args, {
      cwd: folder,
      detached: process.platform !== 'win32',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const { stdout, stderr } = this.process;
    stdout!.pipe(file, { end: false });
    stderr!.pipe(file, { end: false });
    if (onLine) createInterface({ input: stdout! }).on('line', onLine);
    const closed = once(this.process, 'close').then(() => {
      file.end();
      return finished(file);
    });
    closed.catch(() => {});
    this.ended = new Promise<string>((resolve) => {
      this.process.once('error', (error) => resolve(error.message));
      this.process.once('exit', (code, signal) => resolve(signal ?? `exit ${code}`));
    }).then(async (how) => {
      // What it has left running may hold its output open for as long as it likes.
      await Promise.race([closed.catch(() => {}), sleep(DRAIN)]);
      this.over = how;
      return how;
    });
  }

  static async start(options: ChildOptions): Promise<Child> {
    await explained(options.log, () => mkdir(dirname(options.log), { recursive: true }));
    const child = new Child(options);
    const { pid } = child.process;
    try {
      if (pid !== undefined) await noted(options.processes, pid, child.ended);
    } catch (error) {
      await child.stop();
      throw error;
    }
    return child;
  }

  /** How it has ended; undefined while it runs. */
  get end(): string | undefined {
    return this.over;
  }

  /** Tells it and all that it has started to end, and ends what has not after a while. */
  async stop(): Promise<void> {
    this.signal('SIGTERM');
    const patience = new AbortController();
    const late = sleep(GRACE, undefined, { signal: patience.signal }).then(
      () => this.signal('SIGKILL'),
      () => {},
    );
    await this.ended;
    patience.abort();
    await late;
    // What it has started may still be there where it was not waited for.
    this.signal('SIGKILL');
    this.leave();
  }

  /** Reads no more of what it has left running says. */
  leave(): void {
    this.process.stdout?.destroy();
    this.process.stderr?.destroy();
  }

  private signal(name: NodeJS.Signals): void {
    const { pid } = this.process;
    if (pid !== undefined) signalGroup(pid, name);
  }
}

/** The last lines of a log, fit to be shown. */
export async function lastLines(log: string, count = 8): Promise<string> {
  try {
    const { size } = statSync(log);
    const stream = createReadStream(log, { start: Math.max(0, size - 8192), encoding: 'utf8' });
    let text = '';
    for await (const chunk of stream) text += chunk;
    // A bar that is rewritten in place is one line: its last state.
    const lines = text.split('\n').map((line) => line.trimEnd().split('\r').at(-1)!);
    const said = lines.filter((line) => line.trim() !== '').slice(-count);
    return said.map((line) => `\n  ${visible(line.slice(0, 300))}`).join('');
  } catch {
    return '';
  }
}
