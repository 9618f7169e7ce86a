/** The models that a server hosts or has elsewhere: one for each role, and what the refining model needs beside them. */
import {
  type Bits,
  fingerprint,
  type LlamaConfig,
  loadCheckpoint,
  Model,
  openTokenizer,
  type Provider,
  type Tokenizer,
} from '@glore/engine';
import { type Codec, createCodec } from '../../codec/index.js';
import {
  type Author,
  type Critic,
  inRoles,
  onEngine,
  type Player,
  type RoleName,
  type Roles,
  roleNames,
  tokenAuthor,
  tokenCritic,
} from '../../model/index.js';
import type { Endpoint, ServedModel } from '../../model/openai/index.js';
import {
  openServedRoles,
  type Read,
  readRole,
  readRun,
  type Trained,
} from '../../pipeline/index.js';
import { type RefineOptions, usualSamples } from '../../refine/index.js';
import { Account, type AnswerBudget } from '../../upstream/index.js';
import { type Batch, Batcher } from './batcher.js';

export interface HostedRole {
  readonly batcher: Batcher;
  /** SHA-256 of the checkpoint. */
  readonly fingerprint: string;
}

/** A role's model on another server. */
export interface RoleElsewhere {
  readonly endpoint: Endpoint;
  /** Its name there. */
  readonly model: string;
}

/** The models of the refining one, and what it does unless a request says otherwise. */
export interface Refiner {
  readonly mode: RefineOptions['mode'];
  /** Solutions that vote. */
  readonly samples: number;
  readonly threshold: number;
  readonly tau: number;
  /** Of refinements from the second round on. */
  readonly temperature: number;
  readonly budget: AnswerBudget;
  /** The roles for one answer, and what they cost. */
  rolesFor(limits: {
    readonly maxTokens: number;
    readonly budget: AnswerBudget;
    readonly signal: AbortSignal;
  }): { readonly roles: Roles; readonly account: Account };
}

export interface Hosted extends Refiner {
  /** Those of this process. */
  readonly roles: Readonly<Partial<Record<RoleName, HostedRole>>>;
  readonly elsewhere: Readonly<Partial<Record<RoleName, RoleElsewhere>>>;
  /** What the student reads; of one that is elsewhere nobody knows. */
  readonly reads: Pick<LlamaConfig, 'maxPositions' | 'vocabSize'>;
  readonly codec: Codec;
  readonly tokenizer: Tokenizer;
  /** Most tokens of a solution, where a request does not say. */
  readonly maxTokens: number;
  /** Characters of the longest token: no text of a model's `maxPositions` tokens has more for each. */
  readonly longestToken: number;
  close(): Promise<void>;
}

export interface OpenOptions {
  /** Worker threads of each model. */
  readonly workers: number;
  /** Where they compute; a run's models by its recipe if left out. */
  readonly provider?: Provider | undefined;
  /** Bits of the numbers that they multiply; a run's by its recipe if left out. */
  readonly bits?: Bits | undefined;
  /** Told what servers are waited for. */
  readonly note?: ((text: string) => void) | undefined;
  readonly onBatch?: ((role: string, batch: Batch) => void) | undefined;
}

/** Milliseconds for which a request waits for others: less than a token takes. */
const wait = 2;

/**
 * The five models of a finished run, of this process or on servers, with the thresholds that it fitted.
 *
 * @throws GloreError as `readRun`; for models on servers `endpoint-key` and others of `endpoint-`
 */
export async function hostRun(folder: string, options: OpenOptions): Promise<Hosted> {
  const { run, report } = await readRun(folder);
  const provider = options.provider ?? run.recipe.provider;
  const bits = options.bits ?? run.recipe.bits;
  const tokenizer = openTokenizer(run.base.tokenizer);
  const settings = {
    codec: run.codec,
    tokenizer,
    maxTokens: run.recipe.maxTokens,
    threshold: report.thresholds.locate.sorm,
    tau: report.thresholds.gate,
    temperature: run.recipe.evaluation.temperature,
    longestToken: longestToken(tokenizer),
  };
  const served = await openServedRoles(run, roleNames, { note: options.note });
  const opened: Partial<Record<RoleName, HostedRole>> = {};
  const close = async () => {
    await Promise.all(Object.values(opened).map((role) => role.batcher.close()));
    await served.close();
  };
  try {
    const read: Read = new Map();
    for (const name of roleNames) {
      if (served.models[name]) continue;
      opened[name] = await openRole(name, await readRole(run, name, read), {
        ...options,
        provider,
        bits,
      });
    }
  } catch (error) {
    await close();
    throw error;
  }
  const elsewhere = Object.entries(served.endpoints).map(([role, endpoint]) => [
    role,
    { endpoint, model: run.recipe.models![role as RoleName]!.model },
  ]);
  return hostedBy(
    { ...settings, roles: opened, elsewhere: Object.fromEntries(elsewhere), close },
    served.models,
  );
}

/** One checkpoint in all five roleNames, for trying out: what it says as a critic or refiner means nothing. */
export async function hostBase(folder: string, options: OpenOptions): Promise<Hosted> {
  const checkpoint = await loadCheckpoint(folder);
  const tokenizer = openTokenizer(checkpoint.tokenizer);
  const codec = createCodec(tokenizer);
  const role = await openRole('base', checkpoint, options);
  return hostedBy({
    roles: { student: role, orm: role, sorm: role, global: role, local: role },
    elsewhere: {},
    codec,
    tokenizer,
    maxTokens: 160,
    threshold: 0.5,
    tau: 0.5,
    temperature: 1,
    longestToken: longestToken(tokenizer),
    close: () => role.batcher.close(),
  });
}

type Models = Omit<Hosted, 'mode' | 'samples' | 'budget' | 'reads' | 'rolesFor'>;
type Served = Readonly<Partial<Record<RoleName, ServedModel>>>;

const hostedBy = (models: Models, served: Served = {}): Hosted => ({
  ...models,
  reads: models.roles.student?.batcher.config ?? { maxPositions: 2 ** 31, vocabSize: 2 ** 31 },
  mode: 'rerank',
  samples: usualSamples,
  budget: {},
  rolesFor: (limits) => rolesFor(models, served, limits),
});

function longestToken(tokenizer: Tokenizer): number {
  let longest = 0;
  for (let id = 0; id < tokenizer.size; id++) {
    longest = Math.max(longest, tokenizer.decode([id]).length);
  }
  return longest;
}

async function openRole(
  name: string,
  checkpoint: Trained,
  { workers, provider, bits, onBatch }: OpenOptions,
): Promise<HostedRole> {
  const model = await Model.open(checkpoint, { workers, provider, bits });
  const batcher = new Batcher(model, checkpoint, {
    workers,
    wait,
    onBatch: onBatch && ((batch) => onBatch(name, batch)),
  });
  return { batcher, fingerprint: fingerprint(checkpoint, checkpoint.adapter) };
}

/** The models of the algorithm for one answer: they end with its signal, and keep to its budget. */
function rolesFor(
  hosted: Pick<Hosted, 'roles' | 'codec'>,
  served: Served,
  limits: {
    readonly maxTokens: number;
    readonly budget: AnswerBudget;
    readonly signal: AbortSignal;
  },
): { readonly roles: Roles; readonly account: Account } {
  const account = new Account(limits.budget, limits.signal);
  const bound = (name: RoleName): Player => {
    const there = served[name]?.within({ through: (endpoint) => account.through(name, endpoint) });
    if (there) {
      return {
        author: (codec) => account.author(name, there.author(codec)),
        critic: (codec) => account.critic(name, there.critic(codec)),
      };
    }
    const model = onEngine(hosted.roles[name]!.batcher.for(limits.signal));
    return {
      author: (codec) => account.author(name, counted(name, account, tokenAuthor(model, codec))),
      critic: (codec) => account.critic(name, judged(name, account, tokenCritic(model, codec))),
    };
  };
  const models = {
    student: bound('student'),
    orm: bound('orm'),
    sorm: bound('sorm'),
    global: bound('global'),
    local: bound('local'),
  };
  const roles = inRoles(models, hosted.codec, limits.maxTokens);
  return { roles, account };
}

const counted = (name: RoleName, account: Account, author: Author): Author => ({
  async write(requests, sampling) {
    const written = await author.write(requests, sampling);
    account.count(name, { written: written.flat().reduce((sum, { tokens }) => sum + tokens, 0) });
    return written;
  },
});

const judged = (name: RoleName, account: Account, critic: Critic): Critic => ({
  async value(items) {
    const valued = await critic.value(items);
    account.count(name, { read: valued.reduce((sum, { tokens }) => sum + tokens, 0) });
    return valued;
  },
});
