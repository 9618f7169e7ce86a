/**
 * The table with training: the whole method on Qwen2.5-Coder-0.5B-Instruct in this process, by recipes/real-small.yaml, from
 * weights and problems to the table.
 *
 *   node bench/real/trained.mjs --data DIR                    what is kept in bench/real/results is gone on with
 *   node bench/real/trained.mjs --data DIR --until drafts     no further than a stage
 *   node bench/real/trained.mjs --data DIR --quick            on few problems, of which nothing is kept
 *   node bench/real/trained.mjs --pack                        keeps what the run folder has by now, and writes docs/real.md
 *
 * DIR has gsm8k/train.jsonl and gsm8k/test.jsonl. Hours on two cores; Ctrl-C loses nothing. Kept are the student's last adapter and
 * the samples of its rounds, then its samples, rollouts and labels as far as they are done: no problems, which are in DIR, and no
 * other weights.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { loadAdapter, mergeAdapter, saveCheckpoint } from '@glore/engine';
import { openRunFolder } from '../../packages/glore/dist/pipeline/context.js';
import { readRecipe } from '../../packages/glore/dist/recipe/index.js';
import { glore } from './child.mjs';
import { writePage } from './page.mjs';
import { pairsOf } from './pairs.mjs';
import { install, placesIn } from './place.mjs';
import { writeProblems } from './problems.mjs';

const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    until: { type: 'string' },
    pack: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    folder: { type: 'string', default: join(homedir(), '.cache/glore-real') },
  },
});
const root = fileURLToPath(new URL('../..', import.meta.url));
const at = (name) => fileURLToPath(new URL(name, import.meta.url));
const folder = resolve(values.folder);
const run = join(folder, values.quick ? 'runs/trained-quick' : 'runs/trained');
const kept = at('results/trained.tgz');
const student = join(run, 'student/model');

if (values.pack) pack();
else if (values.data) await work();
else {
  console.error('--data: expected the folder that has gsm8k/train.jsonl and gsm8k/test.jsonl');
  process.exitCode = 2;
}

async function work() {
  await install(folder, ['glore'], console.log, ['qwen']);
  const places = { base: join(folder, 'qwen'), problems: join(folder, 'trained') };
  mkdirSync(places.problems, { recursive: true });
  mkdirSync(run, { recursive: true });
  writeProblems(resolve(values.data), places.problems);
  if (!existsSync(places.base)) {
    await glore(['import', placesIn(folder).gguf('qwen'), places.base]);
  }
  const recipe = join(folder, 'real-small.yaml');
  writeFileSync(
    recipe,
    readFileSync(join(root, 'recipes/real-small.yaml'), 'utf8')
      .replace('../models/qwen', places.base)
      .replaceAll('../data/', `${places.problems}/`),
  );
  if (!values.quick && adapters().length === 0 && existsSync(kept)) await restore(recipe);
  const preset = values.quick ? ['--preset', 'quick'] : [];
  await glore([values.until ?? 'run', recipe, ...preset, '--run', run]);
  if (!values.quick) pack();
}

/** A run folder of what was kept, with the last student made from its base and its adapter. */
async function restore(recipe) {
  tar(['-xzf', kept]);
  const { base } = await openRunFolder(run, readRecipe(recipe));
  const last = adapters().at(-1);
  const adapter = await loadAdapter(join(run, last), base.config);
  const path = join(run, 'student/done.json');
  const done = existsSync(path) && JSON.parse(readFileSync(path, 'utf8'));
  const round = join(run, 'student', `round-${last.match(/\d+/)[0]}`);
  await saveCheckpoint(done ? student : round, {
    ...base,
    weights: mergeAdapter(base.weights, adapter),
  });
  if (!done) return;
  // A stage is done while all its files are there; those that were not kept are none of its files here.
  const files = done.files.filter((name) => existsSync(join(run, 'student', name)));
  writeFileSync(path, JSON.stringify({ ...done, files }));
}

/** Of the student's rounds, from the run's folder. */
function adapters() {
  const at = (round) => `student/training-${round}/adapter`;
  return [...Array(100).keys()].map(at).filter((path) => existsSync(join(run, path)));
}

/** In the run's folder; where it fails this ends. */
function tar(args) {
  const { status } = spawnSync('tar', args, { cwd: run, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

function pack() {
  // Not what is large and made anew in seconds, nor what is of a process; of adapters the last.
  const left = ['model', 'round-*', 'state.safetensors', '*.mask.json', '*.journal', '*.part-new'];
  const exclude = [...left, ...adapters().slice(0, -1)].map((name) => `--exclude=${name}`);
  // Of a student that is still learning what its rounds have come to.
  if (adapters().length === 0) return;
  const done = ['drafts', 'rollouts', 'labels'].filter((name) =>
    existsSync(join(run, name, 'done.json')),
  );
  tar(['-czf', kept, ...exclude, 'recipe.json', 'student', ...done]);
  const report = join(run, 'report.json');
  if (existsSync(report)) {
    const whole = readFileSync(report);
    const { outcomes, ...rest } = JSON.parse(whole);
    // The student's own likelihood, which is a critic without training, and the vote of the same samples.
    const besides = pairsOf(outcomes, [
      ['likeliest-of-8', 'draft'],
      ['likeliest-of-8', 'majority@8'],
      ['likeliest-of-8', 'retrained'],
      ['majority@8', 'draft'],
    ]);
    writeFileSync(at('results/trained.json'), `${JSON.stringify({ ...rest, besides })}\n`);
    writeFileSync(at('results/report-trained.json.gz'), gzipSync(whole));
  }
  writePage();
}
