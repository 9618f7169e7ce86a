/** A server on the base in every role, for tests. */
import { fileURLToPath } from 'node:url';
import OpenAI from 'openai';
import { afterAll, beforeAll, onTestFinished } from 'vitest';
import { difficulty, generateProblems } from '../problem/index.js';
import type { Decision } from '../refine/index.js';
import { type Batch, type Hosted, hostBase } from './batch/index.js';
import { type Running, type ServerOptions, startServer } from './http/index.js';

/** Short ones. */
export const questions = generateProblems({
  split: 'train',
  count: 3,
  seed: 8,
  settings: { ...difficulty(0.2), steps: [2, 2] },
}).map(({ question }) => question) as [string, string, string];

export const base = fileURLToPath(new URL('../../../../checkpoints/base', import.meta.url));

export const openBase = (
  workers = 2,
  onBatch?: (role: string, batch: Batch) => void,
): Promise<Hosted> => hostBase(base, { workers, onBatch });

/** The roles in this process, as for an answer that nothing bounds. */
export const rolesOf = (hosted: Hosted, maxTokens: number) =>
  hosted.rolesFor({ maxTokens, budget: {}, signal: new AbortController().signal }).roles;

export interface Server {
  readonly running: Running;
  readonly logs: Record<string, unknown>[];
  readonly url: string;
  readonly client: OpenAI;
}

/** A server of its own; the models stay open when it ends. */
export async function start(hosted: Hosted, options: Partial<ServerOptions> = {}): Promise<Server> {
  const logs: Record<string, unknown>[] = [];
  const running = await startServer(async () => ({ ...hosted, close: async () => {} }), {
    port: 0,
    parallel: 64,
    queue: 64,
    timeout: 120,
    log: (line) => logs.push({ ...line }),
    ...options,
  });
  const url = `${running.url}/v1`;
  const client = new OpenAI({ baseURL: url, apiKey: options.key ?? 'none', maxRetries: 0 });
  return { running, logs, url, client };
}

/** A server for all tests of a file, with the models that it hosts; there once they begin. */
export function serverOfFile(
  onBatch?: (role: string, batch: Batch) => void,
): Server & { readonly hosted: Hosted } {
  const shared = {} as Server & { hosted: Hosted };
  beforeAll(async () => {
    shared.hosted = await openBase(2, onBatch);
    Object.assign(shared, await start(shared.hosted));
  });
  afterAll(async () => {
    await shared.running.close(0);
    await shared.hosted.close();
  });
  return shared;
}

/** A server that ends with the test. */
export async function startForTest(
  hosted: Hosted,
  options: Partial<ServerOptions> = {},
): Promise<Server> {
  const server = await start(hosted, options);
  onTestFinished(() => server.running.close(0));
  return server;
}

export const post = (
  { running }: Server,
  path: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Response> =>
  fetch(`${running.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

/** The log line of a request by its status, which comes when the request is over. */
export async function logged(
  logs: Server['logs'],
  status: number,
): Promise<Record<string, unknown>> {
  for (;;) {
    const line = logs.find((one) => one.status === status);
    if (line) return line;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** What is refused: its status, code, field and message. */
export async function refusal(response: Response): Promise<Record<string, unknown>> {
  const { error } = (await response.json()) as { error: Record<string, unknown> };
  const { code, param, message } = error;
  return { status: response.status, code, param, message };
}

export const metricsOf = async ({ running }: Server): Promise<string> =>
  (await fetch(`${running.url}/metrics`)).text();

/** What the server adds to an answer of the refining model. */
export interface Traced {
  readonly glore: {
    readonly mode: string;
    readonly threshold: number;
    readonly tau: number;
    readonly budget: number | null;
    readonly decisions: Decision[];
  };
}
