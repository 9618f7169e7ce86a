/**
 * A table without training: Qwen2.5-Coder-0.5B-Instruct on vLLM (bfloat16, on the CPU) plays all roles by prompt, by
 * recipes/real-qwen.yaml, on SVAMP or GSM8K, whose files are read where they are.
 *
 *   node bench/real/table.mjs --data DIR --ask                      ways to ask, compared on training problems
 *   node bench/real/table.mjs --data DIR --problems 200             the table of so many test problems of SVAMP
 *   node bench/real/table.mjs --data DIR --set gsm8k --problems 104
 *   node bench/real/table.mjs --data DIR --way boxed --cores 1      asked as one of the ways, vLLM on some cores alone
 *   node bench/real/table.mjs --data DIR --votes 64               and votes of refined samples of so many of them
 *
 * DIR has svamp/SVAMP.json and gsm8k/{train,test}.jsonl; of the tests the first so many of a fixed shuffle are taken. Every
 * answer is kept: a run that is ended goes on, and so does one of more problems, from bench/real/results/answers-*.jsonl.gz on
 * another machine too. `--page` writes docs/real.md alone.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { gunzipSync, gzipSync } from 'node:zlib';
import { auc } from '../../packages/glore/dist/evaluate/critic.js';
import { inRoles } from '../../packages/glore/dist/model/index.js';
import { Endpoint } from '../../packages/glore/dist/model/openai/index.js';
import { openServedText } from '../../packages/glore/dist/model/openai/open.js';
import { measureSpeeds } from '../../packages/glore/dist/pipeline/stages/speeds.js';
import { holdOut } from '../../packages/glore/dist/problem/division.js';
import { Random, readSvamp } from '../../packages/glore/dist/problem/index.js';
import { glore, script, start } from './child.mjs';
import { writePage } from './page.mjs';
import { pairsOf } from './pairs.mjs';
import { install, placesIn } from './place.mjs';

const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    set: { type: 'string', default: 'svamp' },
    problems: { type: 'string', default: '200' },
    dev: { type: 'string', default: '24' },
    way: { type: 'string', default: 'plain' },
    ask: { type: 'boolean', default: false },
    page: { type: 'boolean', default: false },
    votes: { type: 'string', default: '0' },
    folder: { type: 'string', default: join(homedir(), '.cache/glore-real') },
    cores: { type: 'string', default: '' },
  },
});
if (values.page) {
  writePage();
  process.exit(0);
}
if (!values.data) {
  console.error('--data: expected the folder that has svamp/SVAMP.json and gsm8k/test.jsonl');
  process.exit(2);
}
const root = fileURLToPath(new URL('../..', import.meta.url));
const at = (name) => fileURLToPath(new URL(name, import.meta.url));
const folder = resolve(values.folder);
const { set } = values;
const ports = { server: 8101, keep: 8111 };

await install(folder, ['vllm'], console.log, ['qwen']);
mkdirSync(join(folder, 'runs'), { recursive: true });
mkdirSync(at('results'), { recursive: true });

/** The recipe where its files are, its tests in an order of which the first so many are a sample of all. */
const recipe = join(folder, 'real-qwen.yaml');
const shuffled = {
  svamp: join(folder, 'svamp-shuffled.json'),
  gsm8k: join(folder, 'gsm8k-test-shuffled.jsonl'),
};
shuffleTests();
writeFileSync(
  recipe,
  readFileSync(join(root, 'recipes/real-qwen.yaml'), 'utf8')
    .replace('../data/svamp/SVAMP.json', shuffled.svamp)
    .replace('../data/gsm8k/test.jsonl', shuffled.gsm8k)
    .replaceAll('../data/', `${resolve(values.data)}/`)
    // What the base is for here is its tokenizer, in whose tokens questions and what critics read are counted.
    .replace('../checkpoints/base', placesIn(folder).hf('qwen'))
    .replace(
      /dev: \d+, problems: \d+ \}$/m,
      `dev: ${Number(values.dev)}, problems: ${Number(values.problems)} }`,
    ),
);

const answers = {
  own: join(folder, `answers-${set}.jsonl`),
  shipped: at(`results/answers-${set}.jsonl.gz`),
};
await serve();
keep();

if (values.ask) {
  const ways = ['plain', 'boxed', 'shown'].map((way) => ({ way, ...compared(way) }));
  const found = [];
  for (const { way, args, file } of ways) {
    await glore(args);
    const samples = linesOf(file);
    const of = (test) => samples.filter(test).length;
    found.push({
      way,
      problems: samples.length,
      right: of(({ right }) => right),
      answered: of(({ answer }) => answer !== null),
      tokens: samples.reduce((sum, { tokens }) => sum + tokens, 0) / samples.length,
    });
    console.log(JSON.stringify(found.at(-1)));
  }
  writeFileSync(at(`results/asked-${set}.json`), `${JSON.stringify(found, undefined, 2)}\n`);
} else {
  const run = join(folder, 'runs', `table-${set}-${values.way}`);
  const all = ['run', recipe, ...presets(values.way), '--run', run];
  await glore(all);
  // Those of the run are of answers that were kept. With others the report is made anew, and nothing else.
  const speeds = await measuredSpeeds(run);
  writeFileSync(join(run, 'evaluation/speeds.json'), JSON.stringify(speeds));
  await glore(all);
  const { outcomes, ...report } = JSON.parse(readFileSync(join(run, 'report.json'), 'utf8'));
  const more = { speeds, besides: besides(outcomes), parts: partsOf(run, report) };
  const result = { set, way: values.way, cores: values.cores || 'all', ...report, ...more };
  writeFileSync(at(`results/table-${set}.json`), `${JSON.stringify(result)}\n`);
  writeFileSync(
    at(`results/report-${set}.json.gz`),
    gzipSync(readFileSync(join(run, 'report.json'))),
  );
  if (Number(values.votes) > 0) {
    const out = at(`results/votes-${set}.json`);
    await script([at('votes.mjs'), recipe, run, values.votes, out]);
  }
}
writeFileSync(answers.shipped, gzipSync(readFileSync(answers.own)));
writePage();
process.exit(0);

/** Tokens a second that this machine writes and reads where nothing is kept, measured once for a folder: 64 drafts at once. */
async function measuredSpeeds(run) {
  const file = join(folder, `speeds-${set}.json`);
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8'));
  console.log('measuring how fast drafts are written and read ..');
  const url = `http://127.0.0.1:${ports.server}/v1`;
  const endpoint = new Endpoint({ name: 'speeds', url, parallel: 64, timeout: 1800 });
  const served = { model: 'student', api: 'chat', scoring: 'logprobs', positive: 1 };
  const open = (role) => openServedText(endpoint, role, served);
  const models = { student: await open('student'), orm: await open('orm') };
  const roles = inRoles(models, undefined, 320);
  const list = linesOf(join(run, 'problems/test.jsonl')).slice(0, 64);
  const measured = await measureSpeeds(roles, list, 1);
  await endpoint.close();
  writeFileSync(file, JSON.stringify(measured));
  return measured;
}

/** Each way that refines always, and votes, against the draft and three samples. */
function besides(outcomes) {
  return pairsOf(outcomes, [
    ['global', 'draft'],
    ['local', 'draft'],
    ['majority@3', 'draft'],
    ['majority@8', 'draft'],
    ['global', 'majority@3'],
    ['local', 'majority@3'],
    ['rerank', 'majority@3'],
    ['gate', 'majority@3'],
    ['bo3', 'majority@3'],
    ['best-of-8', 'majority@8'],
    ['oracle', 'oracle-bo3'],
  ]);
}

/** What the parts of the method are made of that the report has no figure for. */
function partsOf(run, { thresholds }) {
  const attempts = linesOf(join(run, 'evaluation/test.attempts.jsonl'));
  const drafts = attempts.map(({ draft }) => draft);
  // Of samples without an answer, which cannot be right, a critic need not know anything.
  const answered = attempts.flatMap(({ samples }) =>
    samples.filter(({ answer }) => answer !== null),
  );
  const aucOf = (critic, list) =>
    auc(
      list.map((one) => one[critic].at(-1)),
      list.map((one) => one.right),
    );
  const refinements = linesOf(join(run, 'evaluation/test.refinements.jsonl'));
  const scores = drafts.map((draft) => (draft.answer === null ? 0 : draft.orm.at(-1)));
  const right = drafts.map((draft) => draft.right);
  const count = (list, test) => list.filter(test).length;
  return {
    right: count(right, (one) => one),
    unanswered: count(drafts, ({ answer }) => answer === null),
    draftAuc: auc(scores, right),
    samples: answered.length,
    answeredAuc: { orm: aucOf('orm', answered), sorm: aucOf('sorm', answered) },
    gated: count(scores, (score) => score < thresholds.gate),
    gatedWrong: count(scores, (score, i) => score < thresholds.gate && !right[i]),
    located: count(refinements, ({ decision }) => decision.location > 0),
    locatedWrong: count(refinements, ({ decision }, i) => decision.location > 0 && !right[i]),
    oneRight: count(refinements, ({ global, local }, i) => right[i] || global.right || local.right),
  };
}

function linesOf(file) {
  return readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

/** Which problems are tests depends on their questions alone, not on their order, and so does all that is asked of them. */
function shuffleTests() {
  const data = resolve(values.data);
  const order = (name, list) => new Random('tests', name).shuffle(list);
  const tests = readFileSync(join(data, 'gsm8k/test.jsonl'), 'utf8').trim().split('\n');
  writeFileSync(shuffled.gsm8k, `${order('gsm8k', tests).join('\n')}\n`);
  const file = join(data, 'svamp/SVAMP.json');
  const all = JSON.parse(readFileSync(file, 'utf8'));
  const { test } = holdOut({ train: readSvamp(file) }, { dev: 40, test: 300 });
  const held = new Set(test.map(({ id }) => id));
  const [rest, own] = [false, true].map((is) => all.filter(({ ID }) => held.has(ID) === is));
  writeFileSync(shuffled.svamp, JSON.stringify([...rest, ...order('svamp', own)]));
}

/** The presets of a set and a way to ask. */
function presets(way, ...more) {
  const names = [...(set === 'gsm8k' ? ['gsm8k'] : []), ...(way === 'plain' ? [] : [way]), ...more];
  return names.flatMap((name) => ['--preset', name]);
}

function compared(way) {
  const run = join(folder, 'runs', `asked-${set}-${way}`);
  return {
    args: ['drafts', recipe, ...presets(way, 'asked'), '--run', run],
    file: join(run, 'drafts/samples.jsonl'),
  };
}

/** vLLM, unless one answers already. */
async function serve() {
  const places = placesIn(folder);
  const ready = () =>
    fetch(`http://127.0.0.1:${ports.server}/v1/models`).then(
      ({ ok }) => ok,
      () => false,
    );
  if (await ready()) return;
  const command = [
    ...(values.cores ? ['taskset', '-c', values.cores] : []),
    ...[places.vllm, 'serve', places.hf('qwen'), '--served-model-name', 'student'],
    ...['--host', '127.0.0.1', '--port', String(ports.server), '--dtype', 'bfloat16'],
    ...['--max-model-len', '2048', '--max-num-seqs', '128', '--enforce-eager'],
    // Samples of a problem, and all that critics read, begin alike: small blocks are read again less.
    ...['--block-size', '32'],
  ];
  const cores = values.cores ? values.cores.split(',').length : undefined;
  const child = start(command[0], command.slice(1), {
    stdio: 'ignore',
    env: {
      ...process.env,
      HF_HUB_OFFLINE: '1',
      VLLM_NO_USAGE_STATS: '1',
      VLLM_CPU_KVCACHE_SPACE: '3',
      // Memory that is given back is asked for again at the next step, page by page.
      MALLOC_ARENA_MAX: '1',
      MALLOC_MMAP_MAX_: '0',
      MALLOC_TRIM_THRESHOLD_: '8589934592',
      ...(cores && { OMP_NUM_THREADS: String(cores), VLLM_CPU_OMP_THREADS_BIND: values.cores }),
    },
  });
  console.log('starting vLLM ..');
  while (!(await ready())) {
    if (child.exitCode !== null)
      throw new Error(`${command.join(' ')}: ended with ${child.exitCode}`);
    await sleep(1000);
  }
}

/** What is in front of it and keeps its answers. */
function keep() {
  const shipped = existsSync(answers.shipped) ? gunzipSync(readFileSync(answers.shipped)) : '';
  if (!existsSync(answers.own)) writeFileSync(answers.own, shipped);
  const args = ['--file', answers.own, '--port', String(ports.keep)];
  const to = ['--to', `http://127.0.0.1:${ports.server}`];
  start(process.execPath, [at('keep.mjs'), ...args, ...to], { stdio: 'inherit' });
}
