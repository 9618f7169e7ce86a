/** The built command line in child processes, and a recipe small enough to run whole in a test. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, relative, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export const main = resolve(import.meta.dirname, '../bin/glore.js');
const built = resolve(import.meta.dirname, '../command/main.js');
if (!existsSync(built)) throw new Error(`${built}: not there; build it: npm run build`);

export const base = resolve(import.meta.dirname, '../../../checkpoints/base');

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A running `glore`, and what it will have said in the end. */
export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
}

export function start(args: readonly string[], env: NodeJS.ProcessEnv = {}, cwd?: string): Running {
  const child = spawn(process.execPath, [main, ...args], {
    cwd,
    env: { ...process.env, DEBUG: '', NO_COLOR: '1', ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      said[name] += text;
    });
  }
  const ended = new Promise<Ended>((done, fail) => {
    child.on('error', fail).on('close', (code, signal) => done({ code, signal, ...said }));
  });
  return { child, ended };
}

/** Runs `glore` to its end. */
export function glore(
  args: readonly string[],
  input = '',
  env?: NodeJS.ProcessEnv,
): Promise<Ended> {
  const { child, ended } = start(args, env);
  child.stdin!.end(input);
  return ended;
}

/** What a command that goes on says first, which must come before it ends. */
export const firstSaid = ({ child, ended }: Running): Promise<string> =>
  new Promise((resolve, reject) => {
    child.stdout!.once('data', resolve);
    void ended.then(({ stderr }) => reject(new Error(`it ended: ${stderr}`)));
  });

/** Waits until a file has something in it, which must come before the process ends. */
export async function untilWritten({ child }: Running, path: string): Promise<void> {
  while (!statSync(path, { throwIfNoEntry: false })?.size) {
    if (child.exitCode !== null) throw new Error(`${path}: the run ended before it was written`);
    await sleep(2);
  }
}

export const temporaryFolder = (): string => mkdtempSync(join(tmpdir(), 'glore-'));

/** The stages that worked in a run with --json, so without those that were done already. */
export function stagesThatWorked(stderr: string): string[] {
  return stderr
    .split('\n')
    .filter((line) => line.startsWith('{"event":"done"'))
    .map((line) => JSON.parse(line) as { stage: string; summary: string })
    .filter(({ summary }) => !summary.startsWith('already done'))
    .map(({ stage }) => stage);
}

/** What differs between two runs of the same recipe: what was measured of time. */
const timed = new Set([
  ...['done.json', 'spent.json', 'speeds.json', 'progress.json'],
  ...['report.json', 'report.svg', 'report.html'],
]);

/** The hash of each file of a run by its path, without those that hold times. */
export function recordsOf(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !timed.has(basename(entry.name)))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  return Object.fromEntries(
    files.map((path) => [
      relative(folder, path),
      createHash('sha256').update(readFileSync(path)).digest('hex'),
    ]),
  );
}

/** Writes the recipe, with some of its text replaced; gives its path. */
export function writeRecipe(folder: string, name: string, ...changes: [string, string][]): string {
  const path = join(folder, `${name}.yaml`);
  let yaml = recipe;
  for (const [from, to] of changes) {
    if (!yaml.includes(from)) throw new Error(`the recipe of the tests has no "${from}"`);
    yaml = yaml.replace(from, to);
  }
  writeFileSync(path, yaml);
  return path;
}

const recipe = `seed: 3
workers: 1
base: ${base}
problems:
  source: world
  settings:
    steps: [2, 3]
    maxValue: 99
    operands: [3, 49]
    factors: [2, 5]
    operations: { gain: 4, lose: 4, times: 1, share: 1 }
    named: 0.2
    distractors: 0.2
  dev: 24
  test: 66
maxTokens: 100
student:
  sft: { problems: 32, epochs: 1, batch: 16, rate: 1.0e-3 }
  expertIteration: { rounds: 1, problems: 70, samples: 1, temperature: 1, epochs: 1, batch: 64, rate: 1.0e-3 }
drafts: { problems: 140, samples: 3, temperature: 1 }
rollouts: { samples: 40, count: 2, temperature: 1 }
labels: { propagation: true, consistency: true, balance: true }
localPairs: 2
training:
  orm: { start: sorm, candidates: 24, epochs: 1, batch: 32, rate: 1.0e-3, examples: 120 }
  sorm: { epochs: 4, batch: 8, rate: 1.0e-3, doubt: 0.25 }
  global: { epochs: 1, batch: 64, rate: 1.0e-3, plain: 0.25, examples: 64 }
  local: { epochs: 1, batch: 32, rate: 1.0e-3, plain: 0.25 }
evaluation: { samples: 8, temperature: 1 }
`;
