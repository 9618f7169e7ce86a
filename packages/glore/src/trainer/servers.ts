/** Brings what was trained to its server: an adapter while it runs, or a server started anew. */
import { setTimeout as sleep } from 'node:timers/promises';
import { GloreError } from '../error.js';
import { Endpoint, EndpointError, listModels, readKey } from '../model/openai/index.js';
import { visible } from '../visible.js';
import { Child, lastLines } from './child.js';

/** A model that was trained, and where it is to be served. */
export interface Offer {
  readonly role: string;
  /** Its name there. */
  readonly model: string;
  /** Where a server is asked for it. */
  readonly endpoint: string;
  readonly url: string;
  readonly key?: string | undefined;
  readonly patience?: number | undefined;
  /** The adapter's folder, where it is loaded into a server that runs. */
  readonly adapter?: string | undefined;
  /** Starts a server that has it, where there is such a command. */
  readonly command?: readonly string[] | undefined;
  readonly folder: string;
  readonly log: string;
  /** The folder in which what runs is written down. */
  readonly processes: string;
}

export interface Waiter {
  readonly signal?: AbortSignal | undefined;
  readonly note?: ((text: string) => void) | undefined;
}

/** Milliseconds between looks at a server that is starting. */
const LOOK = 500;
/** Milliseconds that a server may take to load an adapter. */
const LOADING = 300_000;
/** Seconds, as endpoints have it. */
const PATIENCE = 600;

/** The servers of a run; those that it has started end with it. */
export class Servers {
  private readonly started = new Map<string, Child>();

  /**
   * Sees to it that a model is served: where the server has none of its name, or one of earlier weights (`anew`).
   *
   * @throws GloreError `serve-failed` with the last lines of the command's log, `serve-late`; those of `Endpoint`
   */
  async offer(offer: Offer, anew: boolean, waiter: Waiter): Promise<void> {
    const listed = await namesAt(offer);
    if (listed?.includes(offer.model) && !anew) return;
    if (offer.adapter !== undefined) {
      if (!listed && offer.command) await this.start(offer, undefined, waiter);
      await load(offer, offer.adapter, waiter);
    } else if (offer.command) {
      await this.start(offer, offer.model, waiter);
    }
  }

  /** Ends what was started. */
  async close(): Promise<void> {
    await Promise.all([...this.started.values()].map((child) => child.stop()));
    this.started.clear();
  }

  /** Starts the server, in the place of one that this run has started, and waits until it has the model (any, if left out). */
  private async start(offer: Offer, model: string | undefined, waiter: Waiter): Promise<void> {
    const { role, endpoint, command, folder, log, processes, patience = PATIENCE } = offer;
    const { signal, note } = waiter;
    if (!command) return;
    await this.started.get(endpoint)?.stop();
    note?.(`${role}: starting the server (${command[0]}; ${log})`);
    const child = await Child.start({ words: command, folder, log, processes });
    this.started.set(endpoint, child);
    const began = performance.now();
    for (;;) {
      await sleep(LOOK, undefined, { signal }).catch(() => signal?.throwIfAborted());
      const ended = child.end;
      if (ended !== undefined && ended !== 'exit 0') {
        throw new GloreError(
          'serve-failed',
          `trainer.serve.command for the ${role}: expected ${command[0]} to serve, found ${ended}; mend what its log says (${log}) and run the same command again, what is trained is kept:${await lastLines(log)}`,
        );
      }
      const listed = await namesAt(offer);
      if (listed && (model === undefined || listed.includes(model))) return;
      if (performance.now() - began < 1000 * patience) continue;
      const found = listed
        ? `one that has ${visible(listed.join(', ')) || 'none'}`
        : 'no server there';
      throw new GloreError(
        'serve-late',
        `endpoint ${endpoint}: expected a server with the model ${model ?? '(any)'} within ${patience} s (patience), found ${found}; raise endpoints.${endpoint}.patience, or mend what its log says (${log}):${await lastLines(log)}`,
      );
    }
  }
}

/** What the server lists; undefined where it is away. */
async function namesAt(offer: Offer): Promise<string[] | undefined> {
  try {
    return await asking(offer, 0, async (server) => (await listModels(server)).models ?? []);
  } catch (error) {
    if (error instanceof EndpointError && error.fate === 'away') return undefined;
    throw error;
  }
}

/** Loads an adapter into the server, in the place of one of its name. */
async function load(offer: Offer, adapter: string, { note, signal }: Waiter): Promise<void> {
  const { role, model, endpoint, patience = PATIENCE } = offer;
  const names = await asking(offer, patience, async (server) => {
    const { models = [] } = await listModels(server);
    const tell = async (what: 'load' | 'unload', body: Readonly<Record<string, string>>) => {
      const path = `${what}_lora_adapter`;
      const { status, said } = await told(server, path, body, signal);
      if (status !== undefined && status < 300) return;
      const found = status === undefined ? said : `status ${status}, ${said}`;
      throw new GloreError(
        'serve-refused',
        `endpoint ${endpoint}: expected it to ${what} the adapter ${model} (${path}), found ${found}; vLLM takes adapters while it runs with --enable-lora and VLLM_ALLOW_RUNTIME_LORA_UPDATING=True, from folders that it sees; or serve it as ${model} and leave out trainer.serve.lora`,
      );
    };
    if (models.includes(model)) await tell('unload', { lora_name: model });
    await tell('load', { lora_name: model, lora_path: adapter });
    return (await listModels(server)).models ?? [];
  });
  if (names.includes(model))
    return note?.(`${role}: its adapter is loaded as ${model} (${endpoint})`);
  throw new GloreError(
    'serve-late',
    `endpoint ${endpoint}: expected the adapter of the ${role} among its models once it was loaded, found ${visible(names.join(', ')) || 'none'}; serve it as ${model} and run the same command again`,
  );
}

/** Most characters of an answer that are shown. */
const SHOWN = 500;

/** One request whose answer may be any text, as vLLM's are here; no status where there is no answer. */
async function told(server: Endpoint, path: string, body: unknown, signal?: AbortSignal) {
  try {
    const answer = await server.pass({
      method: 'POST',
      path,
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
      signal: AbortSignal.any([AbortSignal.timeout(LOADING), ...(signal ? [signal] : [])]),
    });
    let said = '';
    for await (const chunk of answer.body) {
      if (said.length < SHOWN) said += Buffer.from(chunk).toString();
    }
    return { status: answer.status, said: visible(said.slice(0, SHOWN)) };
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof GloreError) throw error;
    return { status: undefined, said: `no answer (${visible((error as Error).message)})` };
  }
}

async function asking<T>(
  { endpoint, url, key }: Pick<Offer, 'endpoint' | 'url' | 'key'>,
  patience: number,
  ask: (server: Endpoint) => Promise<T>,
): Promise<T> {
  const server = new Endpoint({
    name: endpoint,
    url,
    key: readKey(endpoint, key),
    patience,
  });
  try {
    return await ask(server);
  } finally {
    await server.close();
  }
}
