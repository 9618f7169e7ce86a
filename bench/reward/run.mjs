/**
 * Published reward models, without their weights: for each a tiny random checkpoint of its class, made now, served by a real
 * vLLM and read through glore's client, against what the model card's own code says with transformers. Needs GLORE_PYTHON, of an
 * environment with torch, transformers and vLLM. Prints a table; ends with 1 if a value differs by more than 0.01.
 *
 *   npm run bench:reward -- [--only NAME] [--keep FOLDER] [--port NAME=N]
 *
 * With --keep the checkpoints stay; a server with a --port is running already. --only and --port may be given several times.
 */
import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { cards } from '../../packages/glore/dist/model/openai/cards.js';
import { Endpoint } from '../../packages/glore/dist/model/openai/index.js';
import { openReward } from '../../packages/glore/dist/model/openai/open.js';
import { ServedReward } from '../../packages/glore/dist/model/openai/reward.js';
import { stepsOf, upTo } from '../../packages/glore/dist/model/openai/spell.js';
import { python, startPython } from '../python.mjs';
import { table } from '../table.mjs';

const TOLERANCE = 0.01;
/** Tokens that a judge of random weights writes before its verdict. */
const WRITTEN = 24;

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    keep: { type: 'string' },
    port: { type: 'string', multiple: true },
  },
});
if (!python) {
  console.error('GLORE_PYTHON: expected the path of a Python with torch, transformers and vLLM');
  process.exit(1);
}

/** TRL's PRMTrainer: a token classifier of two labels, in a recipe's own words. */
const trl = {
  ...{ form: 'text', reads: 'tags', prompt: '{question}\n', step: '{step}', between: '' },
  ...{ answer: 'The answer is {answer}', tag: '\n', mark: '<|vision_start|>', positive: 1 },
  whole: 'last',
};
const brief = (card) => ({ ...card, most: WRITTEN, temperature: 0 });

/** vLLM reads a causal model as a classifier of every token, by the difference of two rows of its head. */
const twoTokens = (architecture, negative, positive) => [
  '--runner=pooling',
  '--convert=classify',
  `--hf-overrides=${JSON.stringify({ architectures: [architecture], classifier_from_token: [negative, positive], method: 'from_2_way_softmax' })}`,
  '--pooler-config={"task":"token_classify"}',
];
const asClassifier = (architecture) => [
  '--runner=pooling',
  `--hf-overrides=${JSON.stringify({ architectures: [architecture] })}`,
  '--pooler-config={"task":"token_classify"}',
];

/** Servers, and what is read of each: the checkpoint's kind, the card, the ways. */
const servers = [
  {
    // By itself vLLM gives the rows of the tag's tokens alone, by their number in Qwen's own vocabulary.
    name: 'qwen-prm',
    kind: 'qwen2.5-math-prm',
    args: ['--pooler-config={"step_tag_id":3}'],
    reads: [['qwen2.5-math-prm', ['rows']]],
  },
  {
    name: 'qwen-prm-all',
    kind: 'qwen2.5-math-prm',
    args: ['--pooler-config={"tok_pooling_type":"ALL"}'],
    reads: [['qwen2.5-math-prm', ['rows']]],
  },
  { name: 'qwen-rm', kind: 'qwen2.5-math-rm', args: [], reads: [['qwen2.5-math-rm', ['rows']]] },
  {
    name: 'skywork',
    kind: 'skywork-o1-open-prm',
    convert: true,
    args: asClassifier('Qwen2ForSequenceClassification'),
    reads: [['skywork-o1-open-prm', ['rows']]],
  },
  {
    name: 'shepherd',
    kind: 'math-shepherd',
    args: [],
    reads: [['math-shepherd', ['prompt', 'next']]],
  },
  {
    name: 'shepherd-pooled',
    kind: 'math-shepherd',
    args: twoTokens('LlamaForSequenceClassification', '▁-', '▁+'),
    reads: [['math-shepherd', ['rows']]],
  },
  {
    name: 'rlhflow',
    kind: 'rlhflow-prm',
    args: [],
    reads: [
      ['rlhflow-prm', ['prompt', 'next']],
      ['rlhflow-orm', ['next']],
    ],
  },
  {
    name: 'rlhflow-pooled',
    kind: 'rlhflow-prm',
    args: twoTokens('LlamaForSequenceClassification', '-', '+'),
    reads: [
      ['rlhflow-prm', ['rows']],
      ['rlhflow-orm', ['rows']],
    ],
  },
  { name: 'classifier', kind: 'classifier', args: [], reads: [['classifier', ['classify']]] },
  {
    name: 'trl',
    kind: 'trl',
    args: asClassifier('Qwen2ForSequenceClassification'),
    reads: [['trl', ['rows']]],
  },
  {
    name: 'judges',
    kind: 'thinkprm',
    args: [],
    reads: [
      ['thinkprm', ['verdict']],
      ['genprm', ['verdict']],
    ],
  },
].filter(({ name }) => !options.only || options.only.includes(name));

const cardOf = (name) =>
  name === 'trl' ? trl : cards[name].reads === 'verdict' ? brief(cards[name]) : cards[name];

const items = [
  [
    'Mia has 37 stamps. She buys 15 more. How many stamps does she have?',
    ['She has 37 + 15 = 52 stamps.'],
    '52',
  ],
  [
    'Mia has 37 stamps. She buys 15 more. How many stamps does she have?',
    ['She buys 15.', 'So 37 - 15 = 22 are left.'],
    '22',
  ],
  [
    'A box has 6 pens. How many pens do 7 boxes have?\nSay it in a word.',
    ['7 * 6 = 42', '42 is forty-two.', 'Done, with - and + in it.'],
    'forty-two',
  ],
  [
    'How many legs do 3 cats and a man have?',
    ['Cats: 3 * 4 = 12 legs', 'A man: 2', '12 + 2 = 14', 'So \\boxed{14}'],
    '14',
  ],
  ['Is 1 + 1 two?', [], 'yes'],
].map(([question, steps, answer]) => ({ question, solution: { steps, answer } }));

const folder = options.keep ?? (await mkdtemp(join(tmpdir(), 'glore-reward-')));
await mkdir(folder, { recursive: true });
const reference = startPython(new URL('reference.py', import.meta.url));
const running = [];
const rows = [];
let worst = 0;
try {
  for (const server of servers) {
    console.error(server.name);
    try {
      await check(server);
    } catch (error) {
      // The others may be right all the same.
      console.error(`${server.name}: ${error.message}`);
      worst = Infinity;
    }
  }
} finally {
  for (const stop of running) await stop();
  reference.close();
  if (!options.keep) await rm(folder, { recursive: true, force: true });
}

console.log(
  table(
    [
      'server',
      'card',
      'by',
      'chosen',
      'values',
      'from',
      'to',
      'largest difference',
      'requests',
      'ms',
    ],
    rows,
  ),
);
console.log(`largest difference ${worst.toExponential(1)} (at most ${TOLERANCE})`);
if (!(worst <= TOLERANCE)) process.exitCode = 1;

/** All that one server is read by. */
async function check(server) {
  const path = join(folder, server.name);
  await reference.call({ do: 'make', kind: server.kind, folder: path });
  const served = server.convert ? `${path}-converted` : path;
  if (server.convert) await reference.call({ do: 'convert', folder: path, to: served });
  const given = options.port?.find((one) => one.startsWith(`${server.name}=`));
  const { port, stop } = given
    ? { port: given.slice(server.name.length + 1), stop: async () => {} }
    : await serve(server, served);
  for (const [name, routes] of server.reads) {
    const expected = await expectedValues(name, path);
    for (const route of routes) rows.push(await compare(port, name, route, expected, server));
  }
  await stop();
}

/** What the card's code says of each item: of each step, or of the whole. */
async function expectedValues(name, path) {
  const found = [];
  for (const { question, solution } of items) {
    const { answer } = cardOf(name);
    // The reference puts steps into the card's words itself.
    const steps = stepsOf({ step: '{step}', answer }, solution);
    const { values } = await reference.call({
      do: 'values',
      kind: name,
      folder: path,
      question,
      steps,
    });
    found.push(values);
  }
  return found;
}

/** One way, as SORM for what values steps and as ORM for what values the whole, and as ORM by the card's aggregation. */
async function compare(port, name, route, expected, server) {
  const card = cardOf(name);
  const bySteps = card.reads === 'tags' || card.reads === 'labels' || card.judges === 'step';
  const endpoint = new Endpoint({
    name,
    url: `http://127.0.0.1:${port}/v1`,
    patience: 20,
    onWait: console.error,
  });
  try {
    const role = bySteps ? 'sorm' : 'orm';
    const described = {
      model: 'model',
      api: 'completions',
      spelling: 'text',
      scoring: route === 'prompt' ? 'prompt_logprobs' : 'logprobs',
      positive: 1,
      reward: card,
    };
    const opened = await openReward(endpoint, role, described);
    const made = (as) =>
      new ServedReward(endpoint, opened.can, { ...opened.options, role: as, route }, opened.watch);
    const before = endpoint.spent.requests;
    const started = performance.now();
    const values = (await made(role).critic().value(items)).map((one) => one.values);
    const took = performance.now() - started;
    const requests = endpoint.spent.requests - before;
    const pairs = values.flatMap((lines, i) =>
      bySteps ? lines.map((value, k) => [value, expected[i][k]]) : [[lines.at(-1), expected[i][0]]],
    );
    if (bySteps) {
      if (values.some((lines, i) => lines.length !== expected[i].length))
        throw new Error(`${name}: other lines`);
      const whole = (await made('orm').critic().value(items)).map((one) => one.values.at(-1));
      pairs.push(...whole.map((value, i) => [value, upTo(expected[i], card.whole).at(-1)]));
    }
    const difference = Math.max(...pairs.map(([a, b]) => Math.abs(a - b)));
    worst = Math.max(worst, Number.isFinite(difference) ? difference : Infinity);
    const all = pairs.map(([, value]) => value);
    return [
      server.name,
      name,
      route,
      opened.options.route,
      String(pairs.length),
      Math.min(...all).toFixed(3),
      Math.max(...all).toFixed(3),
      difference.toExponential(1),
      String(requests),
      took.toFixed(0),
    ];
  } finally {
    await endpoint.close();
  }
}

/** Starts vLLM, and waits until it answers. */
async function serve({ name, args }, path) {
  const port = await freePort();
  const log = join(folder, `${name}.log`);
  const child = spawn(
    join(dirname(python), 'vllm'),
    [
      ...[
        'serve',
        path,
        '--port',
        String(port),
        '--served-model-name',
        'model',
        '--dtype',
        'float32',
      ],
      ...['--max-model-len', '2048', '--max-num-seqs', '8', '--enforce-eager'],
      ...['--distributed-executor-backend', 'uni', '--num-gpu-blocks-override', '256', ...args],
    ],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      // Its own group, so that its processes end with it.
      detached: true,
      env: {
        HF_HUB_OFFLINE: '1',
        VLLM_CPU_KVCACHE_SPACE: '1',
        VLLM_WORKER_MULTIPROC_METHOD: 'fork',
        ...process.env,
      },
    },
  );
  const file = createWriteStream(log);
  child.stdout.pipe(file);
  child.stderr.pipe(file);
  const ended = new Promise((done) => child.once('exit', done));
  const stop = async () => {
    if (child.exitCode === null) process.kill(-child.pid, 'SIGKILL');
    await ended;
  };
  running.push(stop);
  for (;;) {
    if (child.exitCode !== null) {
      const said = (await readFile(log, 'utf8')).split('\n').filter((line) => /error/i.test(line));
      throw new Error(`${name}: vLLM ended before it answered: ${said.at(-1) ?? log}`);
    }
    const answer = await fetch(`http://127.0.0.1:${port}/health`).catch(() => undefined);
    if (answer?.ok) return { port, stop };
    await new Promise((later) => setTimeout(later, 1000));
  }
}

function freePort() {
  return new Promise((found) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => found(port));
    });
  });
}
