/** The completion server of `server.mjs`, started as a process. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';

export interface ServerOptions {
  readonly port?: number;
  readonly models?: Readonly<Record<string, string | null>>;
  readonly tokenizer?: string;
  readonly ignores?: readonly string[];
  readonly refuses?: readonly string[];
  readonly faults?: readonly string[];
  readonly times?: number;
  readonly key?: string;
  readonly delay?: number;
  readonly pace?: number;
  readonly caches?: boolean;
  readonly deaf?: boolean;
  readonly ids?: boolean;
  readonly lies?: Lies;
  readonly lora?: boolean;
}

/** What is wrong with answers: of `share` of those that it goes for, the first `after` left out. */
export interface Lies {
  readonly kind: string;
  readonly after?: number;
  readonly share?: number;
}

export interface Stats {
  /** Requests for completions and scores; of these those answered rightly, and their choices. */
  readonly requests: number;
  readonly answered: number;
  readonly choices: number;
  /** How often each prompt and seed was answered. */
  readonly seen: Readonly<Record<string, number>>;
  /** Most requests in flight at once. */
  readonly most: number;
}

export class Server {
  readonly port: number;
  private readonly child: ChildProcess;

  private constructor(child: ChildProcess, port: number) {
    this.child = child;
    this.port = port;
  }

  static async start(options: ServerOptions = {}): Promise<Server> {
    const script = resolve(import.meta.dirname, 'server.mjs');
    const child = spawn(process.execPath, [script, JSON.stringify(options)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const failed = once(child, 'exit').then(() => {
      throw new Error('the server ended before it listened');
    });
    const [port] = await Promise.race([once(child.stdout!.setEncoding('utf8'), 'data'), failed]);
    failed.catch(() => {});
    return new Server(child, Number(port));
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/v1`;
  }

  async stats(): Promise<Stats> {
    const response = await fetch(`http://127.0.0.1:${this.port}/stats`);
    return (await response.json()) as Stats;
  }

  /** Kills the process, requests in flight and all. */
  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const gone = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await gone;
  }
}
