/** The benchmark's report as text. */
import { table } from '../table.mjs';
import { TEMPERATURE } from './ours.mjs';

const thousands = (value) => Math.round(value).toLocaleString('en');
const giga = (value) => (value / 1e9).toFixed(1);
const percent = (value) => `${(100 * value).toFixed(0)}%`;

export function render({ machine, setting, results }) {
  const label = ({ model, sequence }) => [model, String(sequence)];
  const trained = results.filter(({ tokensPerSecond }) => tokensPerSecond.train);
  const training = trained.map((result) => [
    ...label(result),
    thousands(result.tokensPerSecond.train),
    giga(result.trainingOperationsPerSecond),
    giga(result.products.square.operationsPerSecond),
    percent(result.shareOfProducts),
    `${giga(result.products.small.operationsPerSecond)} (${result.products.small.shape.join(' x ')})`,
  ]);
  const rates = results.flatMap((result) => {
    const machine = result.products.square.operationsPerSecond;
    /** Tokens/s if all of the machine's products went into what the work needs. */
    const limits = {
      train: machine / result.trainingOperationsPerToken,
      sample: machine / result.samplingOperationsPerToken,
    };
    return ['train', 'lora', 'sample', 'score'].flatMap((unit) => {
      const ours = result.tokensPerSecond[unit];
      if (ours === undefined) return [];
      const limit = limits[unit];
      const theirs = Object.entries(result.peers).filter(([, found]) => found[unit] !== undefined);
      const share = limit === undefined ? '' : percent(ours / limit);
      const line = [...label(result), unit, thousands(ours), share];
      if (theirs.length === 0) return [[...line, '', '', '', '']];
      return theirs.map(([peer, found]) => [
        ...line,
        peer,
        thousands(found[unit]),
        (ours / found[unit]).toFixed(2),
        limit === undefined ? '' : (limit / found[unit]).toFixed(1),
      ]);
    });
  });
  const trees = trained.flatMap((result) =>
    ['train', 'score'].map((work) => {
      const { [`${work}Trees`]: whole, [`${work}Separate`]: apart } = result.tokensPerSecond;
      const { tokens, distinct, computed } = result.trees;
      return [
        ...label(result),
        work,
        thousands(apart),
        thousands(whole),
        (whole / apart).toFixed(2),
        ...(work === 'train'
          ? [(tokens / distinct).toFixed(2), (computed / distinct).toFixed(3)]
          : []),
      ];
    }),
  );
  const mebi = (bytes) =>
    bytes === undefined ? '' : Math.round(bytes / 2 ** 20).toLocaleString('en');
  const memory = trained.map((result) => [
    ...label(result),
    mebi(result.memory.ours),
    mebi(result.memory.eager),
    result.memory.eager ? (result.memory.ours / result.memory.eager).toFixed(2) : '',
    result.rollouts.ratio.toFixed(3),
    result.rollouts.anew.toFixed(2),
    percent(1 - result.computedOfSampled),
  ]);
  const { versions } = results[0];
  const named = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const measured = new Set(results.flatMap((result) => Object.keys(result.peers)));
  const absent = setting.peers
    .filter((peer) => !measured.has(peer))
    .map((peer) => {
      const reason = results.map((result) => result.missing[peer]).find(Boolean);
      return `Not measured: ${peer}${reason ? ` (${reason})` : peer === 'llama.cpp' ? ': npm ci --prefix bench/peers' : ': set GLORE_PYTHON to a Python with torch and transformers'}`;
    });
  return [
    `${machine.processor}, ${machine.threads} threads; Node ${machine.node}, onnxruntime-node ${machine.onnxruntime}`,
    `${setting.workers} workers; medians of up to ${setting.rounds} alternating rounds of ${setting.seconds} s`,
    '',
    'Training, in GFLOP/s: tokens/s x (6 M + 12 L H D T), with M weights in matrix products (all but norms and the',
    'embedding, which is looked up), L layers, H heads of size D, sequences of T; forward and backward, nothing twice.',
    `The machine: products of 1024 x 1024 x 1024 in as many single-threaded workers, and of the trainer's own shape.`,
    '',
    table(
      [
        'model',
        'sequence',
        'tokens/s',
        'GFLOP/s',
        'machine GFLOP/s',
        'share',
        'machine, small shape',
      ],
      training,
    ),
    '',
    `Tokens/s. sample: ${setting.rows} rows in each worker, ${setting.each} for each problem of the built-in world, prompts of half the`,
    `sequence that end with it and at most ${setting.more} tokens after them at temperature ${TEMPERATURE}, prompts' time included.`,
    'What samples of a problem have in common is computed once here: the prompt, and tokens until they draw apart.',
    'lora: training an adapter of rank 16 on all linear modules, by PEFT in eager.',
    'score: whole sequences, log-probabilities at every eighth position. The same weights and tokens for all, float32,',
    `${setting.workers} threads; eager and compile are transformers' Llama, static is a PyTorch loop with a cache made once.`,
    "share: of the machine's rate, with the operations that the work cannot do without; at most: ours / peer if it were 100%.",
    named.length > 0 ? `Peers: ${named.join(', ')}.` : 'No peers.',
    ...absent,
    '',
    table(
      ['model', 'sequence', 'work', 'ours', 'share', 'peer', 'tokens/s', 'ours / peer', 'at most'],
      rates,
    ),
    '',
    `Tokens/s on ${setting.each} samples of each problem, what they begin with alike computed once (trees) or with each (separate);`,
    'of the training batch its tokens, and the positions computed, to its distinct positions.',
    '',
    table(
      [
        'model',
        'sequence',
        'work',
        'separate',
        'trees',
        'trees / separate',
        'tokens / distinct',
        'computed / distinct',
      ],
      trees.map((row) => [...row, ...Array(8 - row.length).fill('')]),
    ),
    '',
    'Peak memory of a process that trains, in MiB, all that it loads included; and, for 8 rollouts from each of 6 prefixes',
    "of 4 solutions, positions computed / needed, with what each rollout's own prefix would make of it; in common: sampled",
    'positions that another sample of the problem has computed.',
    '',
    table(
      [
        'model',
        'sequence',
        'ours',
        'eager',
        'ours / eager',
        'computed / needed',
        'prefixes anew',
        'in common',
      ],
      memory,
    ),
  ].join('\n');
}
