/** A small recipe whose roles are trained by the script of the tests, and what it has said of its trainings. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { base, writeRecipe } from '../glore.js';
import { Server } from './server.js';

const script = resolve(import.meta.dirname, 'trainer.mjs');
const serverScript = resolve(import.meta.dirname, 'server.mjs');

/** Those that are trained from a student that is served. */
export const roles = ['sorm', 'global', 'local', 'orm'];

export interface Trained {
  readonly url: string;
  /** Of trainer.mjs. */
  readonly options?: { fails?: string; delay?: number; shifts?: number; learns?: number };
  /** The section `serve`; none if empty. */
  readonly serve?: string;
  readonly trains?: string;
  readonly note?: string;
  readonly command?: readonly string[];
  /** What of the small recipe is otherwise. */
  readonly rounds?: string;
  readonly doubt?: string;
  readonly start?: string;
}

export const recipeAt = (
  folder: string,
  name: string,
  {
    url,
    options = {},
    serve = '{ lora: true }',
    trains = roles.join(', '),
    note = 'a "b" $HOME',
    command = ['{arguments}'],
    rounds = 'rounds: 0',
    doubt = '',
    start = 'student',
  }: Trained,
): string =>
  writeRecipe(
    folder,
    name,
    ['problems: 140, samples: 3', 'problems: 30, samples: 3'],
    ['rollouts: { samples: 40', 'rollouts: { samples: 10'],
    ['rounds: 1, problems: 70', `${rounds}, problems: 10`],
    ['start: sorm, candidates: 24', `start: ${start}, candidates: 2`],
    [', doubt: 0.25', doubt],
    ['dev: 24', 'dev: 2'],
    ['test: 66', 'test: 2'],
    [
      'evaluation: { samples: 8, temperature: 1 }\n',
      `evaluation: { samples: 3, temperature: 1 }
endpoints: { local: { url: "${url}", parallel: 4, patience: 60 } }
models:
${['student', ...roles].map((role) => `  ${role}: { endpoint: local, model: ${role}, spelling: tokens }\n`).join('')}
trainer:
  base: ${base}
  roles: [${trains}]
  command: ${JSON.stringify([process.execPath, script, JSON.stringify(options), ...command])}
  options: ${JSON.stringify(['--note', note])}
${serve === '' ? '' : `  serve: ${serve}`}
`,
    ],
  );

/**
 * The section `serve` of a server that the run starts.
 * @param models names of the student's, which all are without `lora`; with it the others are loaded
 */
export const serveAt = (
  port: number,
  { models = ['student'], lora = true, delay = 0 } = {},
): string => {
  const served = Object.fromEntries(models.map((model) => [model, '{student}']));
  const options = { port, models: served, tokenizer: base, alone: true, lora, delay };
  return JSON.stringify({
    command: [process.execPath, serverScript, JSON.stringify(options)],
    lora,
  });
};

/** A port that another server has just left. */
export async function freePort(): Promise<number> {
  const left = await Server.start();
  await left.stop();
  return left.port;
}

export const logOf = (run: string, role: string): string =>
  readFileSync(join(run, role, 'trainer.log'), 'utf8');

/** Each start of a training: the process, the update that it went on from, and its arguments. */
export const begun = (run: string, role: string) =>
  [...logOf(run, role).matchAll(/pid (\d+), from (\d+), (\{.*\})/g)].map(
    ([, pid, from, given]) => ({
      pid: Number(pid),
      from: Number(from),
      given: JSON.parse(given!) as Readonly<Record<string, string>>,
    }),
  );
