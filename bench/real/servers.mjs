/** Real servers on this machine, each with one small model: started, waited for, killed. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, openSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { models, ollama, placesIn, run } from './place.mjs';

/** The name under which every server has its model, and that of the adapter on it. */
export const served = 'small';
export const tuned = 'tuned';

/** Of a text of Prometheus' format, the sum of a metric over its labels. */
const metric = (text, name) =>
  [...text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'gm'))].reduce(
    (sum, [, value]) => sum + Number(value),
    0,
  );

/**
 * How each server is started, what it says of itself, and how many requests it works at.
 * `adapter`: how it is given one; `weights`: in what form it has the model's.
 */
export const servers = {
  vllm: {
    title: 'vLLM',
    port: 8201,
    weights: () => 'float32',
    command: ({ places, model, threads, adapter }) => ({
      program: places.vllm,
      args: [
        ...['serve', places.hf(model), '--served-model-name', served, '--port', '8201'],
        ...['--host', '127.0.0.1', '--dtype', 'float32', '--max-model-len', '2048'],
        ...['--max-num-seqs', '16', '--enforce-eager'],
        ...(adapter ? ['--enable-lora', '--lora-modules', `${tuned}=${adapter}`] : []),
      ],
      env: {
        HF_HUB_OFFLINE: '1',
        VLLM_NO_USAGE_STATS: '1',
        VLLM_CPU_KVCACHE_SPACE: '1',
        OMP_NUM_THREADS: String(threads),
        VLLM_CPU_OMP_THREADS_BIND: 'nobind',
      },
    }),
    adapted: tuned,
    version: async (ask) => (await (await ask('/version')).json()).version,
    running: async (ask) =>
      metric(await (await ask('/metrics')).text(), 'vllm:num_requests_running'),
  },
  llama: {
    title: "llama.cpp's server",
    port: 8202,
    weights: (model) => models[model].quantized,
    command: ({ places, model, threads, adapter }) => ({
      program: places.llama,
      args: [
        ...['-m', places.gguf(model), '-a', served, '--port', '8202', '-t', String(threads)],
        ...['-np', '4', '-c', '8192', '--no-webui', '--slots'],
        ...(adapter ? ['--lora', `${adapter}.gguf`] : []),
      ],
      env: {},
    }),
    // The adapter is on the model itself.
    adapted: served,
    version: async (ask) => (await (await ask('/props')).json()).build_info,
    running: async (ask) =>
      (await (await ask('/slots')).json()).filter(({ is_processing }) => is_processing).length,
  },
  ollama: {
    title: 'Ollama',
    port: 8203,
    weights: (model) => models[model].quantized,
    command: ({ places }) => ({
      program: places.ollama,
      args: ['serve'],
      env: {
        OLLAMA_HOST: '127.0.0.1:8203',
        OLLAMA_MODELS: places.ollamaModels,
        OLLAMA_NUM_PARALLEL: '1',
        OLLAMA_CONTEXT_LENGTH: '2048',
      },
    }),
    async prepared({ places, model, folder, env }) {
      const file = join(folder, 'Modelfile');
      writeFileSync(file, `FROM ${places.gguf(model)}\n`);
      await run(join(folder, 'ollama.log'), places.ollama, ['create', served, '-f', file], env);
    },
    // What is built by Go alone says of itself that it is 0.0.0.
    version: async () => ollama,
  },
};

/** Starts a server and waits until it has its model; `kill` ends it as a crash would, `stop` as it is asked to. */
export async function start(
  name,
  { folder, model, adapter, threads = availableParallelism(), signal },
) {
  const { port, command, prepared } = servers[name];
  const places = placesIn(folder);
  const { program, args, env } = command({ places, model, threads, adapter });
  const log = join(folder, `${name}.log`);
  appendFileSync(log, `\n$ ${program} ${args.join(' ')}\n`);
  const file = openSync(log, 'a');
  const child = spawn(program, args, {
    // A group of its own, so that all of it can be ended.
    detached: true,
    stdio: ['ignore', file, file],
    env: { ...process.env, ...env },
  });
  const ended = once(child, 'exit');
  let gone = false;
  ended.then(() => {
    gone = true;
  });
  const url = `http://127.0.0.1:${port}`;
  const ask = (path, body, options = {}) =>
    fetch(url + path, {
      ...(body && {
        method: 'POST',
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json' },
      }),
      ...options,
    });
  const end = async (kind) => {
    if (!gone) process.kill(-child.pid, kind);
    await ended;
    // What it has started may outlive it.
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch {}
  };
  const has = async () => {
    const { data = [] } = await (await ask('/v1/models')).json();
    return data.some(({ id }) => id.startsWith(served));
  };
  let ready = false;
  try {
    for (const until = Date.now() + 1_800_000; Date.now() < until && !ready; await sleep(500)) {
      signal?.throwIfAborted();
      if (gone) throw new Error(`${program} ended before it answered; ${log} says why`);
      ready = await has().catch(() => false);
      if (ready || !prepared) continue;
      if (
        await ask('/v1/models').then(
          ({ ok }) => ok,
          () => false,
        )
      ) {
        await prepared({ places, model, folder, env });
      }
    }
    if (!ready) throw new Error(`${program}: did not list its model in half an hour; see ${log}`);
  } catch (error) {
    await end('SIGKILL');
    throw error;
  }
  return { name, url, ask, stop: () => end('SIGTERM'), kill: () => end('SIGKILL'), log };
}
