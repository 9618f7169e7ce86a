/**
 * The table with training: the whole method on Qwen2.5-Coder-0.5B-Instruct in this process, by recipes/real-small.yaml, from
 * weights and problems to the table.
 *
 *   node bench/real/trained.mjs --data DIR                    what is kept in bench/real/results is gone on with
 *   node bench/real/trained.mjs --data DIR --until drafts     no further than a stage
 *   node bench/real/trained.mjs --data DIR --quick            on few problems, of which nothing is kept
 *   node bench/real/trained.mjs --pack                        keeps what the run folder has by now, and writes docs/real.md
 *
 * DIR has gsm8k/train.jsonl and gsm8k/test.jsonl. Hours on two cores; Ctrl-C loses nothing. Kept are records and the student's
 * adapter: no problems, which are in DIR, and nothing that is made anew in seconds.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { loadAdapter, mergeAdapter, saveCheckpoint } from '@glore/engine';
import { openRunFolder } from '../../packages/glore/dist/pipeline/context.js';
import { readRecipe } from '../../packages/glore/dist/recipe/index.js';
import { writePage } from './page.mjs';
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
  if (!existsSync(places.base)) await glore('import', placesIn(folder).gguf('qwen'), places.base);
  const recipe = join(folder, 'real-small.yaml');
  writeFileSync(
    recipe,
    readFileSync(join(root, 'recipes/real-small.yaml'), 'utf8')
      .replace('../models/qwen', places.base)
      .replaceAll('../data/', `${places.problems}/`),
  );
  if (!values.quick && !existsSync(student) && existsSync(kept)) await restore(recipe);
  const preset = values.quick ? ['--preset', 'quick'] : [];
  await glore(values.until ?? 'run', recipe, ...preset, '--run', run);
  if (!values.quick) pack();
}

/** A run folder of what was kept, with the student made from its base and its adapter. */
async function restore(recipe) {
  const { status } = spawnSync('tar', ['-xzf', kept, '-C', run], { stdio: 'inherit' });
  if (status !== 0) process.exit(1);
  const { base } = await openRunFolder(run, readRecipe(recipe));
  const adapter = await loadAdapter(last(join(run, 'student')), base.config);
  await saveCheckpoint(student, { ...base, weights: mergeAdapter(base.weights, adapter) });
}

/** The adapter of a student's last round. */
function last(stage) {
  const rounds = readdirSync(stage)
    .filter((name) => existsSync(join(stage, name, 'adapter')))
    .map((name) => Number(name.replace('training-', '')));
  return join(stage, `training-${Math.max(...rounds)}`, 'adapter');
}

function pack() {
  const adapter = last(join(run, 'student')).slice(run.length + 1);
  // What has questions in it, what is large, and what is of a process.
  const left = ['problems', 'datasets', '*.safetensors', 'tokenizer.json', 'model', 'round-*'];
  const exclude = [...left, '*.journal', '*.part-new', 'lock', '*.mask.json', 'adapter'];
  const of = (list) => list.map((name) => `--exclude=${name}`);
  const options = { cwd: run, stdio: 'inherit' };
  spawnSync('tar', ['-cf', `${kept}.tar`, ...of(exclude), '.'], options);
  spawnSync('tar', ['-rf', `${kept}.tar`, adapter], options);
  spawnSync('sh', ['-c', 'gzip -9 < "$0.tar" > "$0" && rm "$0.tar"', kept], options);
  const report = join(run, 'report.json');
  if (existsSync(report)) {
    const { outcomes: _, ...rest } = JSON.parse(readFileSync(report, 'utf8'));
    writeFileSync(at('results/trained.json'), `${JSON.stringify(rest)}\n`);
  }
  writePage();
}

/** glore, its progress shown; where it fails this ends. */
async function glore(...args) {
  const child = spawn(process.execPath, ['packages/glore/dist/cli/main.js', ...args], {
    cwd: root,
    stdio: 'inherit',
  });
  const stop = () => child.kill('SIGINT');
  process.once('SIGINT', stop).once('SIGTERM', stop);
  const code = await new Promise((end) => child.once('exit', end));
  if (code !== 0) process.exit(code ?? 1);
}
