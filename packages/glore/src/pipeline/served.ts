/** Models of a recipe that are not trained here: where they are served, how they are spoken to, what they have cost. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { openTokenizer } from '@glore/engine';
import { z } from 'zod';
import {
  Endpoint,
  nothingSpent,
  openServed,
  readKey,
  type ServedModel,
  type Spent,
} from '../model/openai/index.js';
import { readJson, type Shard, shardName, writeJson } from '../run/index.js';
import type { RoleName, Run } from './context.js';
import type { Recipe } from './recipe.js';

const amount = z.number().positive();
const whole = z.int().min(1);
const texts = z.array(z.string().min(1));

export const endpoints = z.record(
  z.string().min(1),
  z.strictObject({
    /** Where the OpenAI-compatible paths begin, "http://localhost:8000/v1". */
    url: z.url({ protocol: /^https?$/ }).refine((url) => !/\/\/[^/]*@/.test(url), {
      error: 'a URL without name and password; name an environment variable as key instead',
    }),
    /** The environment variable that holds the key. */
    key: z
      .string()
      .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, {
        error: 'the name of an environment variable that holds the key',
      })
      .optional(),
    /** Most requests in flight. */
    parallel: whole.max(65_536).optional(),
    /** Seconds that one request may take. */
    timeout: amount.optional(),
    /** Seconds for which the server is waited for when it is busy or away. */
    patience: z.number().min(0).optional(),
    budget: z
      .strictObject({
        requests: whole.optional(),
        tokens: whole.optional(),
        seconds: amount.optional(),
        money: amount.optional(),
      })
      .optional(),
  }),
);

const served = z.strictObject({
  endpoint: z.string().min(1),
  model: z.string().min(1),
  api: z.enum(['completions', 'chat']).default('completions'),
  spelling: z.enum(['tokens', 'text']).default('text'),
  scoring: z.enum(['logprobs', 'pooling', 'classify', 'generative_scoring']).default('logprobs'),
  positive: z.int().min(0).default(1),
  template: z
    .strictObject({
      prompt: z.string().min(1),
      system: z.string().min(1),
      stop: texts.max(4),
      tag: z.string(),
      labels: z.strictObject({ positive: texts.min(1), negative: texts.min(1) }),
    })
    .partial()
    .optional(),
  price: z.strictObject({ input: z.number().min(0), output: z.number().min(0) }).optional(),
});

export const models = z
  .strictObject({ student: served, orm: served, sorm: served, global: served, local: served })
  .partial();

export type Endpoints = z.infer<typeof endpoints>;
export type Models = z.infer<typeof models>;

/** What is wrong with the models of a recipe beyond their shape: the key, what was expected, what was found. */
export function wrongModel({
  endpoints = {},
  models = {},
}: {
  endpoints?: Endpoints | undefined;
  models?: Models | undefined;
}): { keys: string[]; expected: string; found: string } | undefined {
  for (const [role, model] of Object.entries(models)) {
    if (!model) continue;
    const { endpoint, api, spelling, scoring } = model;
    const keys = ['models', role];
    if (!Object.hasOwn(endpoints, endpoint)) {
      const known = Object.keys(endpoints).join(', ') || 'there are none';
      return {
        keys: [...keys, 'endpoint'],
        expected: `one of the endpoints of the recipe (${known})`,
        found: `"${endpoint}"`,
      };
    }
    if (spelling === 'tokens' && api === 'chat') {
      return { keys: [...keys, 'spelling'], expected: 'text, which chat is in', found: '"tokens"' };
    }
    if (spelling === 'text' && (scoring === 'pooling' || scoring === 'generative_scoring')) {
      return {
        keys: [...keys, 'scoring'],
        expected: 'logprobs or classify, where the spelling is text',
        found: `"${scoring}"`,
      };
    }
  }
  return undefined;
}

/** What results depend on: which model, and how it is spoken to. Where it is served, and at what price, may change. */
export function identityOf(models: Models | undefined, role: string): unknown {
  const found = models?.[role as RoleName];
  if (!found) return undefined;
  const { endpoint: _, price: __, ...identity } = found;
  return identity;
}

export interface Waiting {
  /** Each shard has a budget of its own. */
  readonly shard?: Shard | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Told what is waited for. */
  readonly note?: (text: string) => void;
}

/** @throws GloreError `endpoint-key` for the first key that is not there, before any work */
export function checkKeys({
  endpoints = {},
  models = {},
}: Pick<Recipe, 'endpoints' | 'models'>): void {
  const used = new Set(Object.values(models).map((model) => model?.endpoint));
  for (const [name, { key }] of Object.entries(endpoints)) if (used.has(name)) readKey(name, key);
}

/** The file that an endpoint's spending is kept in, for budgets that outlast a process. */
const spentPath = (run: Run, name: string, { shard }: Waiting): string =>
  join(run.folder, 'endpoints', `${name}${shard ? `.${shardName(shard)}` : ''}.json`);

const saveEveryMs = 3000;

/** Opens an endpoint of the recipe with what the run has spent on it before. @throws GloreError `endpoint-key` */
async function openEndpoint(run: Run, name: string, waiting: Waiting): Promise<Endpoint> {
  const { key, ...options } = run.recipe.endpoints![name]!;
  const { signal, note } = waiting;
  const path = spentPath(run, name, waiting);
  return new Endpoint({
    ...options,
    name,
    key: readKey(name, key),
    spent: existsSync(path) ? await readJson<Spent>(path) : nothingSpent,
    signal,
    onWait: note,
  });
}

/** Those of the roles that are served, opened; `close` keeps what has been spent. */
export async function openServedRoles(
  run: Run,
  names: readonly RoleName[],
  waiting: Waiting = {},
): Promise<{ models: Partial<Record<RoleName, ServedModel>>; close(): Promise<void> }> {
  const tokenizer = openTokenizer(run.base.tokenizer);
  const opened = new Map<string, Endpoint>();
  const found: Partial<Record<RoleName, ServedModel>> = {};
  const save = async () => {
    for (const [name, { spent }] of opened) await writeJson(spentPath(run, name, waiting), spent);
  };
  let saving = Promise.resolve();
  const timer = setInterval(() => {
    saving = saving.then(save).catch(() => {});
  }, saveEveryMs).unref();
  const close = async () => {
    clearInterval(timer);
    await saving;
    await save();
    for (const [name, endpoint] of opened) {
      waiting.note?.(`endpoint ${name}, in all: ${costOf(endpoint.spent)}`);
      await endpoint.close();
    }
  };
  try {
    for (const role of names) {
      const served = run.recipe.models?.[role];
      if (!served) continue;
      const { endpoint: name } = served;
      if (!opened.has(name)) opened.set(name, await openEndpoint(run, name, waiting));
      const model = await openServed(opened.get(name)!, role, served, tokenizer);
      found[role] = model;
      for (const lack of lacksOf(model)) waiting.note?.(`${role} (${served.model}): ${lack}`);
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { models: found, close };
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
