/** Looks at servers: what they can do, against what the roles of a recipe need, and whether reward models say what they should. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { addSpecialTokens, openTokenizer, type Tokenizer } from '@glore/engine';
import { createCodec, lackOf, specialTokens } from '../codec/index.js';
import { GloreError } from '../error.js';
import {
  agrees,
  type Compared,
  compare,
  type Golden,
  type GoldenVector,
  type RoleName,
} from '../model/index.js';
import {
  type Capabilities,
  type Capability,
  capabilities,
  Endpoint,
  EndpointError,
  type EndpointOptions,
  lackingOf,
  listModels,
  openServed,
  probe,
  probeOptions,
  probeText,
  readKey,
  ServedReward,
  type ServedRole,
  tokenize,
  wantsOf,
} from '../model/openai/index.js';
import type { Recipe } from '../recipe/index.js';
import { visible } from '../visible.js';

export interface EndpointHealth {
  readonly name: string;
  readonly url: string;
  /** The models it lists; null if it has no list. */
  readonly models: readonly string[] | null;
  /** Why it has no list, where it says so. */
  readonly why?: string;
  /** Why it could not be asked. */
  readonly error?: string;
}

export interface RoleHealth {
  readonly role: string;
  readonly endpoint: string;
  readonly model: string;
  /** Nothing where the server does not have the model. */
  readonly can: Partial<Capabilities>;
  /** Why it cannot do the rest, where the server says so. */
  readonly why: Readonly<Partial<Record<Capability, string>>>;
  /** What the role cannot do without, and what only rollouts from prefixes cannot. */
  readonly needs: readonly Capability[];
  readonly uses: readonly Capability[];
  readonly missing: readonly Capability[];
  /** Whether the server's tokenizer is the codec's; null where it does not matter or cannot be asked. */
  readonly tokenizer: boolean | null;
  /** What it says against golden records; null without any. */
  readonly golden: Compared | null;
  /** The median of the probability that the labels cover; null where values are read otherwise. */
  readonly coverage: number | null;
  /** Which published reward model it is read as, and how; null for others. */
  readonly reading: string | null;
  readonly error?: string;
  readonly ok: boolean;
}

export interface Health {
  readonly ok: boolean;
  /** What of special tokens the base's tokenizer lacks, in words, where servers are to know them. */
  readonly lack?: string;
  readonly endpoints: readonly EndpointHealth[];
  readonly roles: readonly RoleHealth[];
}

/** Looks at every endpoint of a recipe and every role it serves; a server that is away is a finding, not an error. */
export async function examine(recipe: Recipe, golden: readonly Golden[]): Promise<Health> {
  const own = readFileSync(join(recipe.base, 'tokenizer.json'), 'utf8');
  // As a run reads it.
  const tokenizer = openTokenizer(addSpecialTokens(own, specialTokens));
  const lack = lackOf(openTokenizer(own));
  const endpoints: EndpointHealth[] = [];
  const roles: RoleHealth[] = [];
  for (const [name, { key, ...options }] of Object.entries(recipe.endpoints ?? {})) {
    const served = Object.entries(recipe.models ?? {}).filter(([, one]) => one?.endpoint === name);
    await withEndpoint(name, options, key, endpoints, async (endpoint) => {
      for (const [role, one] of served) {
        const own = golden.filter((record) => record.role === role);
        roles.push(await examined(endpoint, role as RoleName, one!, tokenizer, own));
      }
    });
  }
  return {
    ok: endpoints.every(({ error }) => error === undefined) && roles.every(({ ok }) => ok),
    endpoints,
    roles,
    ...(lack !== undefined && roles.length > 0 && { lack }),
  };
}

/** Looks at one server, and everything that it can do with one model: by default the first that it lists. */
export async function examineUrl(
  url: string,
  {
    model,
    api,
    key,
  }: { model?: string | undefined; api: 'completions' | 'chat'; key?: string | undefined },
): Promise<Health> {
  const endpoints: EndpointHealth[] = [];
  const roles: RoleHealth[] = [];
  await withEndpoint('url', { url }, key, endpoints, async (endpoint, listed) => {
    const chosen = model ?? listed.models?.[0];
    if (chosen === undefined) {
      throw new GloreError(
        'endpoint-model',
        `expected a list of models, found ${listed.why ?? 'none'}; name one with --model`,
      );
    }
    const { can, why } = await probe(
      endpoint,
      { model: chosen, api, text: probeText },
      capabilities,
    );
    const missing = can[api] ? [] : [api];
    roles.push({
      role: '-',
      endpoint: 'url',
      model: visible(chosen),
      can,
      why,
      needs: [api],
      uses: [],
      missing,
      tokenizer: null,
      golden: null,
      coverage: null,
      reading: null,
      ok: missing.length === 0,
    });
  });
  return {
    ok: endpoints.every(({ error }) => error === undefined) && roles.every(({ ok }) => ok),
    endpoints,
    roles,
  };
}

type Listed = Awaited<ReturnType<typeof listModels>>;

/** Opens an endpoint without patience, notes what it lists, and what went wrong. */
async function withEndpoint(
  name: string,
  options: Omit<EndpointOptions, 'name' | 'key'>,
  key: string | undefined,
  found: EndpointHealth[],
  work: (endpoint: Endpoint, listed: Listed) => Promise<void>,
): Promise<void> {
  let health: EndpointHealth = { name, url: shownUrl(options.url), models: null };
  let endpoint: Endpoint | undefined;
  try {
    // What the doctor asks is not charged to the run.
    endpoint = new Endpoint({ ...options, budget: {}, name, key: readKey(name, key), patience: 0 });
    const listed = await listModels(endpoint);
    const { models, why } = listed;
    health = { ...health, models: models?.map(visible) ?? null, ...(why && { why }) };
    await work(endpoint, listed);
  } catch (error) {
    if (!(error instanceof GloreError)) throw error;
    health = { ...health, error: `${error.message} (${error.code})` };
  } finally {
    found.push(health);
    await endpoint?.close();
  }
}

/** Without what a URL may hold of secrets. */
function shownUrl(url: string): string {
  const { protocol, host, pathname } = URL.canParse(url) ? new URL(url) : { protocol: '' };
  return /^https?:$/.test(protocol) ? `${protocol}//${host}${pathname}` : 'no URL';
}

/** A model that the server does not have is the role's matter, not that of all. */
async function examined(
  endpoint: Endpoint,
  role: RoleName,
  served: ServedRole,
  ...rest: [Tokenizer, readonly Golden[]]
): Promise<RoleHealth> {
  try {
    return await examineRole(endpoint, role, served, ...rest);
  } catch (error) {
    if (!(error instanceof EndpointError) || error.fate !== 'model') throw error;
    const { needs, ways = [], rollouts, uses } = wantsOf(role, served);
    const wants = { needs: [...needs, ...(ways.at(-1) ?? []), ...rollouts], uses, missing: [] };
    const unread = {
      can: {},
      why: {},
      tokenizer: null,
      golden: null,
      coverage: null,
      reading: null,
      ok: false,
    };
    const name = { role, endpoint: endpoint.name, model: served.model };
    return { ...name, ...wants, ...unread, error: `${error.message} (${error.code})` };
  }
}

async function examineRole(
  endpoint: Endpoint,
  role: RoleName,
  served: ServedRole,
  tokenizer: Tokenizer,
  golden: readonly Golden[],
): Promise<RoleHealth> {
  const wants = wantsOf(role, served);
  const { needs, ways = [], rollouts, uses } = wants;
  const { can, why } = await probe(endpoint, probeOptions(role, served, tokenizer), capabilities);
  const lacking = lackingOf(wants, can);
  const way = ways.find((one) => one.every((name) => can[name])) ?? ways.at(-1) ?? [];
  const missing = [...lacking, ...rollouts.filter((name) => !can[name])];
  const health = {
    role,
    endpoint: endpoint.name,
    model: served.model,
    can,
    why,
    needs: [...needs, ...way, ...rollouts],
    uses,
    missing,
    tokenizer:
      served.spelling === 'tokens' && can.tokenize
        ? (await tokenize(endpoint, served.model, probeText)).join() ===
          tokenizer.encode(probeText).join()
        : null,
  };
  const unread = { golden: null, coverage: null, reading: null };
  if (lacking.length > 0 || health.tokenizer === false) {
    return { ...health, ...unread, ok: false };
  }
  const isCritic = role === 'orm' || role === 'sorm';
  if (!isCritic && golden.length === 0) {
    return { ...health, ...unread, ok: missing.length === 0 };
  }
  try {
    const model = await openServed(endpoint, role, served, tokenizer);
    const asked = golden.length > 0 ? golden : examples;
    const found = await compare(model, createCodec(tokenizer), asked);
    return {
      ...health,
      golden: golden.length > 0 ? found : null,
      coverage: model.watch.coverage ?? null,
      reading: model instanceof ServedReward ? model.described : null,
      ok: missing.length === 0 && (golden.length === 0 || agrees(found)),
    };
  } catch (error) {
    if (!(error instanceof GloreError)) throw error;
    return { ...health, ...unread, error: `${error.message} (${error.code})`, ok: false };
  }
}

/** Right and wrong solutions, valued where there are no golden values, to see whether the values can mean anything. */
const examples: readonly GoldenVector[] = (
  [
    [probeText, 'Mia has 37+15=52.', '52'],
    [probeText, 'Mia has 37+15=41.', '41'],
    ['Fay has 8 coins. Fay loses 3. How many coins does Fay have?', 'Fay has 8-3=5.', '5'],
    ['Fay has 8 coins. Fay loses 3. How many coins does Fay have?', 'Fay has 8+3=11.', '11'],
  ] as const
).map(([question, step, answer]) => ({ role: 'orm', question, steps: [step], answer, values: [] }));
