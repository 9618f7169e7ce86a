/**
 * glore against real servers and real weights on this machine: vLLM on a CPU, llama.cpp's server, Ollama, each with
 * SmolLM2-135M-Instruct. What is needed is installed into a folder outside the repository, once.
 *
 *   npm run check:real                          all of it; results to bench/real/results, and from there to docs/real.md
 *   npm run check:real -- --only vllm           one server, or several: --only vllm --only llama
 *   npm run check:real -- --check doctor        one check, or several
 *   npm run check:real -- --folder /big/real    where the servers and weights are (default ~/.cache/glore-real, 9 GB)
 *   npm run check:real -- --install             installs, and checks nothing
 *   npm run check:real -- --threads 1           of a server; all cores if left out
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { checks } from './checks.mjs';
import { writePage } from './page.mjs';
import { install, models, placesIn, run } from './place.mjs';
import { servers, start } from './servers.mjs';

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    check: { type: 'string', multiple: true },
    folder: { type: 'string', default: join(homedir(), '.cache/glore-real') },
    install: { type: 'boolean', default: false },
    threads: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
if (values.help) {
  const own = readFileSync(fileURLToPath(import.meta.url), 'utf8');
  console.log(
    own
      .slice(own.indexOf('/**') + 4, own.indexOf('*/'))
      .replaceAll(/^ \* ?/gm, '')
      .trim(),
  );
  process.exit(0);
}
const folder = resolve(values.folder);
const model = 'smollm2';
const wanted = named(values.only, servers, '--only');
const made = named(values.check, checks, '--check');

/** The names given, or all. */
function named(given, all, option) {
  const strange = given?.find((name) => !Object.hasOwn(all, name));
  if (strange === undefined) return given ?? Object.keys(all);
  console.error(`${option} ${strange}: expected one of ${Object.keys(all).join(', ')}`);
  process.exit(2);
}

const began = performance.now();
const say = (text) =>
  console.log(`[${((performance.now() - began) / 1000).toFixed(0).padStart(5)} s] ${text}`);
await install(folder, wanted, say, [model]);
if (values.install) process.exit(0);

const at = (name) => fileURLToPath(new URL(name, import.meta.url));
const golden = JSON.parse(readFileSync(at('golden-drafts.json'), 'utf8'));
mkdirSync(at('results'), { recursive: true });
mkdirSync(join(folder, 'runs'), { recursive: true });
const stopping = new AbortController();
process.once('SIGINT', () => stopping.abort(new Error('interrupted')));
let failed = 0;

for (const name of wanted) {
  const context = {
    folder,
    model,
    golden,
    signal: stopping.signal,
    ...(values.threads && { threads: Number(values.threads) }),
  };
  say(`${name}: starting ..`);
  context.server = await start(name, context);
  const path = at(`results/${name}.json`);
  const before = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : {};
  const result = {
    title: servers[name].title,
    version: await servers[name].version((path) => context.server.ask(path)),
    model: models[model].name,
    weights: servers[name].weights(model),
    checks: { ...before.checks },
  };
  say(`${name}: ${result.title} ${result.version}`);
  try {
    for (const check of made) {
      stopping.signal.throwIfAborted();
      const since = performance.now();
      let found;
      try {
        found = await checks[check](context);
      } catch (error) {
        found = { ok: false, said: String(error.message ?? error).slice(0, 600) };
      }
      const seconds = Math.round((performance.now() - since) / 1000);
      result.checks[check] = { ok: true, ...found, seconds };
      if (!result.checks[check].ok) failed++;
      say(`${name}: ${check} ${result.checks[check].ok ? 'ok' : 'FAILED'}: ${found.said}`);
      writeFileSync(path, `${JSON.stringify(result, undefined, 2)}\n`);
    }
  } finally {
    await context.server.stop();
  }
  if (made.includes('values') && name !== 'ollama') await adapted(name, context, result, path);
}

/** The same values with a LoRA adapter on the model, which is made for it. */
async function adapted(name, context, result, path) {
  const places = placesIn(folder);
  const log = join(folder, 'install.log');
  const adapter = join(folder, 'weights', 'adapter');
  if (!existsSync(join(adapter, 'adapter_config.json'))) {
    await run(log, places.python, [at('reference.py'), '--adapter', places.hf(model), adapter]);
  }
  if (name === 'llama' && !existsSync(`${adapter}.gguf`)) {
    const script = join(folder, 'llama.cpp/source/convert_lora_to_gguf.py');
    const args = [script, '--base', places.hf(model), '--outfile', `${adapter}.gguf`, adapter];
    await run(log, places.python, args);
  }
  say(`${name}: starting with an adapter ..`);
  const since = performance.now();
  let found;
  try {
    context.server = await start(name, { ...context, adapter });
    try {
      found = await checks.values({ ...context, adapter });
    } finally {
      await context.server.stop();
    }
  } catch (error) {
    found = { ok: false, said: String(error.message ?? error).slice(0, 600) };
  }
  const seconds = Math.round((performance.now() - since) / 1000);
  result.checks.adapter = { ok: true, ...found, seconds };
  if (!result.checks.adapter.ok) failed++;
  say(`${name}: adapter ${result.checks.adapter.ok ? 'ok' : 'FAILED'}: ${found.said}`);
  writeFileSync(path, `${JSON.stringify(result, undefined, 2)}\n`);
}

writePage();
say(failed === 0 ? 'all checks passed' : `${failed} checks failed`);
process.exitCode = failed === 0 ? 0 : 1;
