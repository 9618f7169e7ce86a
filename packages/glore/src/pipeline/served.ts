/** Opens the models of a recipe that are not trained here, and keeps what they have cost. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Checkpoint, openTokenizer } from '@glore/engine';
import { z } from 'zod';
import { namesIn, readJson, share, writeJson } from '../files/index.js';
import { roleNames } from '../model/index.js';
import {
  addHeard,
  Endpoint,
  type Heard,
  heardShape,
  nothingHeard,
  nothingSpent,
  openServed,
  readKey,
  type ServedModel,
  type Spent,
  spentShape,
} from '../model/openai/index.js';
import type { Endpoints, ServedModels } from '../recipe/index.js';
import { type Shard, shardName } from '../run/index.js';

/** What opening needs of a run. */
interface ServedRun {
  readonly folder: string;
  readonly base: Pick<Checkpoint, 'tokenizer'>;
  readonly lack?: string | undefined;
  readonly recipe: {
    readonly endpoints?: Endpoints | undefined;
    readonly models?: ServedModels | undefined;
  };
  /** Sees to it that what this run has trained is served; absent where nothing is to be started. */
  readonly offer?: ((role: keyof ServedModels, waiting: Waiting) => Promise<void>) | undefined;
}

export interface Waiting {
  /** Each shard has a budget of its own. */
  readonly shard?: Shard | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Told what is waited for. */
  readonly note?: ((text: string) => void) | undefined;
}

/** @throws GloreError `endpoint-key` for the first key that is not there, before any work */
export function checkKeys({ endpoints = {}, models = {} }: ServedRun['recipe']): void {
  const used = new Set(Object.values(models).map((model) => model?.endpoint));
  for (const [name, { key }] of Object.entries(endpoints)) if (used.has(name)) readKey(name, key);
}

/** The file that an endpoint's spending is kept in, for budgets that outlast a process. */
const spentPath = (run: ServedRun, name: string, { shard }: Waiting): string =>
  join(run.folder, 'endpoints', `${name}${shard ? `.${shardName(shard)}` : ''}.json`);

/** The file that says how sure label values are, by role. */
const coveragePath = (folder: string): string => join(folder, 'endpoints', 'coverage.json');

/** Of critics that are read from the log-probabilities of labels: the median probability that the labels cover. */
export type Coverage = Readonly<Partial<Record<keyof ServedModels, number>>>;

const byRole = <T>(shape: z.ZodType<T>) => z.partialRecord(z.enum(roleNames), shape);
export const coverageShape: z.ZodType<Coverage> = byRole(share);

/** What is only told, and counted from then on, may be lost. */
const forgotten = (path: string): string => `delete ${path}, and it is counted anew`;

/** What the last stage that asked such critics has seen; undefined in a run without any. */
export async function readCoverage(folder: string): Promise<Coverage | undefined> {
  const path = coveragePath(folder);
  return existsSync(path) ? readJson(path, coverageShape, forgotten(path)) : undefined;
}

/** What the models of roles have answered, over all attempts: how many, how many refused, with what coverage. */
export type Answered = Readonly<Partial<Record<keyof ServedModels, Heard>>>;

export const answeredShape: z.ZodType<Answered> = byRole(heardShape);

/** A file for each process that works at a time: the run's, and those of shards. */
const answeredFolder = (folder: string): string => join(folder, 'endpoints', 'roles');
const answeredPath = (run: ServedRun, { shard }: Waiting): string =>
  join(answeredFolder(run.folder), `${shard ? shardName(shard) : 'run'}.json`);

/** What all processes of a run have been answered; undefined in a run without served models. */
export async function readAnswered(folder: string): Promise<Answered | undefined> {
  const from = answeredFolder(folder);
  const files = namesIn(from).filter((name) => name.endsWith('.json'));
  if (files.length === 0) return undefined;
  let all: Answered = {};
  for (const file of files) {
    const path = join(from, file);
    all = together(all, await readJson(path, answeredShape, forgotten(path)));
  }
  return all;
}

function together(a: Answered, b: Answered): Answered {
  const roles = new Set([...Object.keys(a), ...Object.keys(b)] as (keyof ServedModels)[]);
  return Object.fromEntries(
    [...roles].map((role) => [role, addHeard(a[role] ?? nothingHeard, b[role] ?? nothingHeard)]),
  );
}

/** A larger share of answers that were none is said at the end. */
const fewRefused = 0.01;

function* refusedOf(answered: Answered): Generator<string> {
  for (const [role, { answers, refused }] of Object.entries(answered)) {
    const all = answers + refused;
    if (refused <= fewRefused * all) continue;
    const share = ((100 * refused) / all).toFixed(1);
    yield `${role}: ${refused} of ${all} answers (${share}%) were none and were asked for again; nothing of them is kept, but look at the server`;
  }
}

const saveEveryMs = 3000;

/** Opens an endpoint of the recipe with what the run has spent on it before. @throws GloreError `endpoint-key` */
async function openEndpoint(run: ServedRun, name: string, waiting: Waiting): Promise<Endpoint> {
  const { key, ...options } = run.recipe.endpoints![name]!;
  const { signal, note } = waiting;
  const path = spentPath(run, name, waiting);
  return new Endpoint({
    ...options,
    name,
    key: readKey(name, key),
    spent: existsSync(path)
      ? await readJson(
          path,
          spentShape,
          `correct it: budgets count from it; without the file they begin anew`,
        )
      : nothingSpent,
    signal,
    onWait: note,
  });
}

/** Those of the roles that are served, opened; `close` keeps what has been spent. */
export async function openServedRoles(
  run: ServedRun,
  names: readonly (keyof ServedModels)[],
  waiting: Waiting = {},
): Promise<{
  models: Partial<Record<keyof ServedModels, ServedModel>>;
  /** Their endpoints. */
  endpoints: Partial<Record<keyof ServedModels, Endpoint>>;
  close(): Promise<void>;
}> {
  const tokenizer = openTokenizer(run.base.tokenizer);
  const opened = new Map<string, Endpoint>();
  const found: Partial<Record<keyof ServedModels, ServedModel>> = {};
  const endpoints: Partial<Record<keyof ServedModels, Endpoint>> = {};
  const path = answeredPath(run, waiting);
  const before = existsSync(path) ? await readJson(path, answeredShape, forgotten(path)) : {};
  const answered = (): Answered =>
    together(
      before,
      Object.fromEntries(Object.entries(found).map(([role, { watch }]) => [role, watch.heard])),
    );
  const save = async () => {
    for (const [name, { spent }] of opened) await writeJson(spentPath(run, name, waiting), spent);
    if (Object.keys(found).length > 0) await writeJson(path, answered());
  };
  let saving = Promise.resolve();
  const timer = setInterval(() => {
    saving = saving.then(save).catch(() => {});
  }, saveEveryMs).unref();
  const close = async () => {
    clearInterval(timer);
    await saving;
    await save();
    const covered = Object.entries(found).flatMap(
      ([
        role,
        {
          watch: { coverage },
        },
      ]) => (coverage === undefined ? [] : [[role, coverage] as const]),
    );
    for (const [role, coverage] of covered) {
      const share = (100 * coverage).toFixed(1);
      waiting.note?.(`${role}: its labels cover ${share}% of the probability (median)`);
    }
    if (covered.length > 0) {
      const before = await readCoverage(run.folder);
      await writeJson(coveragePath(run.folder), { ...before, ...Object.fromEntries(covered) });
    }
    for (const text of refusedOf(answered())) waiting.note?.(text);
    for (const [name, endpoint] of opened) {
      waiting.note?.(`endpoint ${name}, in all: ${costOf(endpoint.spent)}`);
      await endpoint.close();
    }
  };
  try {
    if (run.lack && names.some((role) => run.recipe.models?.[role])) waiting.note?.(run.lack);
    for (const role of names) {
      const served = run.recipe.models?.[role];
      if (!served) continue;
      await run.offer?.(role, waiting);
      const { endpoint: name } = served;
      const endpoint = opened.get(name) ?? (await openEndpoint(run, name, waiting));
      opened.set(name, endpoint);
      const model = await openServed(endpoint, role, served, tokenizer);
      found[role] = model;
      endpoints[role] = endpoint;
      for (const lack of lacksOf(model)) waiting.note?.(`${role} (${served.model}): ${lack}`);
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { models: found, endpoints, close };
}

/** What results suffer from though nothing stops: said aloud, since nobody would see it in them. */
function* lacksOf({ can }: ServedModel): Generator<string> {
  if (can.seed === false) yield 'the server ignores seeds, so samples cannot be repeated';
  if (can.extensions === false) {
    yield "the server takes no top_k, so the model's own sampling defaults may hold";
  }
}

function costOf({ requests, promptTokens, completionTokens, money }: Spent): string {
  const shown = (count: number) => count.toLocaleString('en');
  const price = money > 0 ? `, ${money.toFixed(4)} money` : '';
  return `${shown(requests)} requests, ${shown(promptTokens)} prompt and ${shown(completionTokens)} completion tokens${price}`;
}
