/** The benchmark's report as text. */
import { table } from '../table.mjs';

const thousands = (value) => Math.round(value).toLocaleString('en');
const giga = (value) => (value / 1e9).toFixed(1);
const percent = (value) => `${(100 * value).toFixed(0)}%`;

export function render({ machine, setting, results }) {
  const label = ({ model, sequence }) => [model, String(sequence)];
  const training = results.map((result) => [
    ...label(result),
    thousands(result.tokensPerSecond.train),
    giga(result.trainingOperationsPerSecond),
    giga(result.products.square.operationsPerSecond),
    percent(result.shareOfProducts),
    `${giga(result.products.small.operationsPerSecond)} (${result.products.small.shape.join(' x ')})`,
  ]);
  const rates = results.flatMap((result) =>
    ['train', 'sample', 'score'].map((unit) => {
      const ours = result.tokensPerSecond[unit];
      const theirs = result.pytorch?.tokensPerSecond[unit];
      return [
        ...label(result),
        unit,
        thousands(ours),
        ...(theirs === undefined ? [] : [thousands(theirs), (ours / theirs).toFixed(2)]),
      ];
    }),
  );
  const versions = results[0].pytorch?.versions;
  return [
    `${machine.processor}, ${machine.threads} threads; Node ${machine.node}, onnxruntime-node ${machine.onnxruntime}`,
    `${setting.workers} workers; medians of ${setting.rounds} alternating rounds of ${setting.seconds} s`,
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
    `Tokens/s. sample: ${setting.rows} rows in each worker, prompts of half the sequence, prompts' time included;`,
    'score: whole sequences, log-probabilities at every eighth position.',
    versions
      ? `PyTorch ${versions.torch}, transformers ${versions.transformers}: eager, ${setting.workers} threads, all rows in one batch.`
      : 'PyTorch was not measured: set GLORE_PYTHON to a Python with torch and transformers to compare.',
    '',
    table(
      ['model', 'sequence', 'work', 'tokens/s', ...(versions ? ['PyTorch', 'ratio'] : [])],
      rates,
    ),
  ].join('\n');
}
