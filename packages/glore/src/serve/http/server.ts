/** The HTTP server: who may ask, how much at once, for how long; what is counted and logged; how it ends. */
import type { AddressInfo } from 'node:net';
import { GloreError } from '../../error.js';
import { roleNames } from '../../model/index.js';
import { RunView } from '../../view/index.js';
import { type Batch, type Hosted, type HostedRole, hostRun } from '../batch/index.js';
import { stopping } from '../protocol/index.js';
import { refiningModel } from '../refine/index.js';
import { Bodies } from './body.js';
import { isLocal } from './caller.js';
import { chat, goesToStudent } from './chat.js';
import { completions } from './completions.js';
import { orElsewhere } from './elsewhere.js';
import type { State } from './handle.js';
import { serverMetrics } from './metrics.js';
import { checkOrigins } from './origins.js';
import { playgroundOf, type Seen } from './playground.js';
import { detokenize, generativeScoring, pooling, tokenize } from './scoring.js';
import type { ServerOptions, Service } from './service.js';
import { Slots } from './slots.js';
import { Unread } from './unread.js';

export interface Running {
  /** `http://host:port` */
  readonly url: string;
  /** Takes no more requests, waits for those in flight at most so many seconds, and ends. */
  close(seconds: number): Promise<void>;
}

/** What a server, and the command that starts it, do unless they are told otherwise. */
export const serverDefaults = {
  host: '127.0.0.1',
  port: 8000,
  cors: [],
  parallel: 256,
  queue: 1024,
  timeout: 300,
  maxBody: 2 ** 20,
  maxText: 2 ** 17,
  maxChoices: 1024,
  maxAnswer: 2 ** 15,
  stall: 30,
  maxUnread: 2 ** 23,
  logPrompts: false,
  log: () => {},
  /** Threads of each model. */
  workers: 2,
  /** Seconds that what is in flight has when the command ends. */
  drain: 10,
} satisfies ServerOptions & { readonly workers: number; readonly drain: number };

/**
 * Serves the models of a finished run, the refining model among them.
 *
 * @throws GloreError `run-missing`, `run-unfinished`, those of `endpoint-`; `key-missing`, `origin`, `address`
 */
export function serveRun(
  folder: string,
  options: Partial<ServerOptions> & { readonly workers?: number } = {},
): Promise<Running> {
  const { workers = serverDefaults.workers, ...server } = options;
  return startServer(
    (onBatch) => hostRun(folder, { workers, onBatch }),
    server,
    () => seenOf(folder),
  );
}

/** A run beside its models, with some of its questions to begin with. */
export async function seenOf(folder: string): Promise<Seen> {
  const run = await RunView.open(folder);
  return { over: folder, examples: await run.questions(5), runs: [run] };
}

/** Serves the pages of runs alone, without models. @throws GloreError `key-missing`, `origin`, `address` */
export const startViewer = (
  runs: readonly RunView[],
  given: Partial<ServerOptions>,
): Promise<Running> =>
  startService(
    async () => ({
      failed: () => false,
      models: async () => [],
      routes: [],
      pages: { runs },
      close: async () => {},
    }),
    given,
  );

type OnBatch = (role: string, batch: Batch) => void;

/**
 * Opens the models with a door for their batches' metrics, and serves them, with pages where `see` says what there is to
 * see. @throws GloreError `key-missing`, `origin`, `address`
 */
export function startServer(
  open: (onBatch: OnBatch) => Promise<Hosted>,
  given: Partial<ServerOptions>,
  see?: () => Promise<Seen>,
): Promise<Running> {
  return startService(async (onBatch, options) => {
    const hosted = await open(onBatch);
    try {
      const service = serviceOf(hosted, options);
      if (!see) return service;
      const { runs = [], ...seen } = await see();
      return { ...service, pages: { playground: playgroundOf(hosted, seen), runs } };
    } catch (error) {
      await hosted.close();
      throw error;
    }
  }, given);
}

/** Opens a service, and serves it. @throws GloreError `key-missing`, `origin`, `address` */
export async function startService(
  open: (onBatch: OnBatch, options: ServerOptions) => Promise<Service>,
  given: Partial<ServerOptions>,
): Promise<Running> {
  const options: ServerOptions = { ...serverDefaults, ...given };
  if (options.key === undefined && !isLocal(options.host)) {
    throw new GloreError(
      'key-missing',
      `--host ${options.host}: expected a key, since others than this machine can ask, found none; set GLORE_API_KEY or name a variable with --key-env`,
    );
  }
  checkOrigins(options.cors);
  const slots = new Slots(options.parallel, options.queue);
  const metrics = serverMetrics({ running: () => slots.running, queued: () => slots.queued });
  const service = await open((role, { kind, requests, rows, seconds }) => {
    const labels = { model: role, kind };
    metrics.batchRequests.observe(labels, requests);
    metrics.batchRows.observe(labels, rows);
    metrics.batchSeconds.observe(labels, seconds);
  }, options);
  const inFlight = new Set<AbortController>();
  const bodies = new Bodies(options.maxBody);
  const unread = new Unread(options.maxUnread);
  const state: State = { slots, bodies, unread, metrics, inFlight, draining: false };
  // Read only where something is served, and not by every command.
  const { application, listen } = await import('./application.js');
  const server = await listen(application(service, options, state), options).catch(
    async (error) => {
      await service.close();
      throw error;
    },
  );
  const { port } = server.address() as AddressInfo;
  const name = options.host.includes(':') ? `[${options.host}]` : options.host;
  return {
    url: `http://${name}:${port}`,
    async close(seconds) {
      state.draining = true;
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeIdleConnections();
      const end = Date.now() + 1000 * seconds;
      while (inFlight.size > 0 && Date.now() < end) await pause(10);
      for (const abort of inFlight) abort.abort(stopping());
      // What was cut off is still told so.
      for (let i = 0; i < 100 && inFlight.size > 0; i++) await pause(10);
      server.closeAllConnections();
      await closed;
      await service.close();
    },
  };
}

/** The models of this process as a service. */
function serviceOf(hosted: Hosted, options: ServerOptions): Service {
  const created = Math.floor(Date.now() / 1000);
  const model = (id: string, role: HostedRole | undefined) => ({
    id,
    object: 'model',
    created,
    owned_by: 'glore',
    ...(role && {
      max_model_len: role.batcher.config.maxPositions,
      ...(id !== refiningModel && { fingerprint: role.fingerprint }),
    }),
  });
  const models = [
    model(refiningModel, hosted.roles.student),
    ...roleNames.map((role) => model(role, hosted.roles[role])),
  ];
  return {
    failed: () => Object.values(hosted.roles).some(({ batcher }) => batcher.failure),
    models: async () => models,
    routes: [
      orElsewhere(hosted, completions(hosted, options)),
      orElsewhere(hosted, chat(hosted, options), goesToStudent),
      orElsewhere(hosted, generativeScoring(hosted, options)),
      orElsewhere(hosted, pooling(hosted)),
      tokenize(hosted),
      detokenize(hosted),
    ],
    close: () => hosted.close(),
  };
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
