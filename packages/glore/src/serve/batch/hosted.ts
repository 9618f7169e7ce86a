/** The models that a server hosts: one for each role, and what the refining model needs beside them. */
import {
  fingerprint,
  loadCheckpoint,
  Model,
  openTokenizer,
  type Provider,
  type Tokenizer,
} from '@glore/engine';
import { type Codec, createCodec } from '../../codec/index.js';
import {
  type Generator,
  inRoles,
  onEngine,
  type Player,
  type RoleName,
  type Roles,
  roleNames,
  tokenAuthor,
  tokenCritic,
} from '../../model/index.js';
import { readRole, readRun } from '../../pipeline/index.js';
import { type Batch, Batcher } from './batcher.js';

export interface HostedRole {
  readonly batcher: Batcher;
  /** SHA-256 of the checkpoint. */
  readonly fingerprint: string;
}

export interface Hosted {
  readonly roles: Readonly<Record<RoleName, HostedRole>>;
  readonly codec: Codec;
  readonly tokenizer: Tokenizer;
  /** Most tokens of a solution, where a request does not say. */
  readonly maxTokens: number;
  /** Defaults of the refining model. */
  readonly threshold: number;
  readonly tau: number;
  /** Of refinements from the second round on. */
  readonly temperature: number;
  /** Characters of the longest token: no text of a model's `maxPositions` tokens has more for each. */
  readonly longestToken: number;
  close(): Promise<void>;
}

export interface OpenOptions {
  /** Worker threads of each model. */
  readonly workers: number;
  /** Where they compute; a run's models by its recipe if left out. */
  readonly provider?: Provider | undefined;
  readonly onBatch?: ((role: string, batch: Batch) => void) | undefined;
}

/** Milliseconds for which a request waits for others: less than a token takes. */
const wait = 2;

/** The five models of a finished run, with the thresholds that it fitted. @throws GloreError as `readRun` */
export async function hostRun(folder: string, options: OpenOptions): Promise<Hosted> {
  const { run, report } = await readRun(folder);
  const provider = options.provider ?? run.recipe.provider;
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
  const opened: Partial<Record<RoleName, HostedRole>> = {};
  const close = async () => {
    await Promise.all(Object.values(opened).map((role) => role.batcher.close()));
  };
  try {
    for (const name of roleNames)
      opened[name] = await openRole(name, await readRole(run, name), { ...options, provider });
  } catch (error) {
    await close();
    throw error;
  }
  return { ...settings, roles: opened as Record<RoleName, HostedRole>, close };
}

/** One checkpoint in all five roleNames, for trying out: what it says as a critic or refiner means nothing. */
export async function hostBase(folder: string, options: OpenOptions): Promise<Hosted> {
  const checkpoint = await loadCheckpoint(folder);
  const tokenizer = openTokenizer(checkpoint.tokenizer);
  const codec = createCodec(tokenizer);
  const role = await openRole('base', checkpoint, options);
  return {
    roles: { student: role, orm: role, sorm: role, global: role, local: role },
    codec,
    tokenizer,
    maxTokens: 160,
    threshold: 0.5,
    tau: 0.5,
    temperature: 1,
    longestToken: longestToken(tokenizer),
    close: () => role.batcher.close(),
  };
}

function longestToken(tokenizer: Tokenizer): number {
  let longest = 0;
  for (let id = 0; id < tokenizer.size; id++) {
    longest = Math.max(longest, tokenizer.decode([id]).length);
  }
  return longest;
}

async function openRole(
  name: string,
  checkpoint: Awaited<ReturnType<typeof loadCheckpoint>>,
  { workers, provider, onBatch }: OpenOptions,
): Promise<HostedRole> {
  const model = await Model.open(checkpoint, { workers, provider });
  const batcher = new Batcher(model, checkpoint, {
    workers,
    wait,
    onBatch: onBatch && ((batch) => onBatch(name, batch)),
  });
  return { batcher, fingerprint: fingerprint(checkpoint) };
}

/** The models of the algorithm for one answer: they end with its signal, and generate no more than its budget. */
export function rolesFor(
  { roles, codec }: Hosted,
  limits: {
    readonly maxTokens: number;
    /** Most tokens to generate over all models; what is cut off by it counts for nothing. */
    readonly budget: number;
    readonly signal: AbortSignal | undefined;
  },
): Roles {
  let left = limits.budget;
  const bound = (role: HostedRole): Player => {
    const model = onEngine(role.batcher.for(limits.signal));
    const writing: Generator = {
      async generate(requests, sampling) {
        if (left <= 0) return requests.map(({ branches }) => branches.map(() => []));
        const maxTokens = Math.min(sampling.maxTokens, left);
        const written = await model.generate(requests, { ...sampling, maxTokens });
        for (const tokens of written.flat()) left -= tokens.length;
        return written;
      },
    };
    return {
      author: (codec) => tokenAuthor(writing, codec),
      critic: (codec) => tokenCritic(model, codec),
    };
  };
  return inRoles(
    {
      student: bound(roles.student),
      orm: bound(roles.orm),
      sorm: bound(roles.sorm),
      global: bound(roles.global),
      local: bound(roles.local),
    },
    codec,
    limits.maxTokens,
  );
}
