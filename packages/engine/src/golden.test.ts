/** The engine against transformers without Python: golden vectors that bench/interop/golden.mjs wrote. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { frozenOf, logitsOf, relativeError, strongWeights } from './golden/index.js';
import {
  fixedPositions,
  frozenValues,
  type LlamaConfig,
  sequenceGraph,
  stepGraph,
  type Weights,
} from './llama/index.js';
import { Session, Tensor } from './onnx/index.js';
import { Model } from './parallel/index.js';
import { Cache } from './sample/index.js';

interface Golden {
  readonly cases: readonly {
    readonly name: string;
    readonly config: LlamaConfig;
    /** Of `strongWeights`. */
    readonly seed: number;
    readonly tokens: readonly number[];
    /** Logits [V] after the tokens up to a position. */
    readonly logits: readonly { readonly position: number; readonly values: readonly number[] }[];
    /** The greedy continuation of all tokens. */
    readonly greedy: readonly number[];
  }[];
}

const { cases } = JSON.parse(
  readFileSync(new URL('./golden/llama.golden.json', import.meta.url), 'utf8'),
) as Golden;

/** float32 on both sides, sums in another order. */
const TOLERANCE = 1e-4;

describe.each(cases)('$name', ({ config, seed, tokens, logits, greedy }) => {
  const weights = strongWeights(config, seed);
  let model: Model;
  beforeAll(async () => {
    model = await Model.open({ config, weights }, { workers: 1, rows: 2 });
  });
  afterAll(() => model.close());

  test('the uncached forward pass gives the logits of transformers', async () => {
    const found = await logitsOf(config, weights, tokens);
    for (const { position, values } of logits) {
      const row = found.subarray(position * config.vocabSize, (position + 1) * config.vocabSize);
      expect(relativeError(row, values)).toBeLessThan(TOLERANCE);
    }
  });

  // A prefix by itself is another sequence where positions depend on the length; the greedy text tells there.
  const fixed = fixedPositions(config) === Infinity;
  test.runIf(fixed)('so do a cached prefix and single steps', async () => {
    const found = await cachedLogits(config, weights, tokens, logits[1]!.position);
    for (const { position, values } of logits.slice(1)) {
      expect(relativeError(found.get(position)!, values)).toBeLessThan(TOLERANCE);
    }
  });

  test('scores are the log-softmax of those logits', async () => {
    const labels = Array.from({ length: config.vocabSize }, (_, id) => id);
    const positions = logits.map(({ position }) => position);
    const [scores] = await model.score({ items: [{ tokens, positions }], labels });
    logits.forEach(({ values }, i) => {
      const total = Math.log(values.reduce((sum, value) => sum + Math.exp(value), 0));
      const expected = values.map((value) => value - total);
      expect(relativeError(scores![i]!, expected)).toBeLessThan(TOLERANCE);
    });
  });

  test('the greedy continuation is that of transformers', async () => {
    const branches = [{ length: tokens.length, seed: 0 }];
    const { completions } = await model.generate({
      contexts: [{ tokens, branches }],
      maxTokens: greedy.length,
      temperature: 0,
      stop: [],
    });
    expect(completions[0]![0]!.tokens).toEqual(greedy);
  });
});

/** Logits by position: tokens up to `prefix` in one run, the others one by one from the cache. */
async function cachedLogits(
  config: LlamaConfig,
  weights: Weights,
  tokens: readonly number[],
  prefix: number,
): Promise<Map<number, Float32Array>> {
  const ids = (values: readonly number[]) => BigInt64Array.from(values, BigInt);
  const capacity = tokens.length;
  const head = tokens.slice(0, prefix + 1);
  const values = frozenValues(config, frozenOf(config, weights));
  const sequences = await Session.compile(sequenceGraph(config, values));
  const first = await sequences.run({
    tokens: new Tensor('int64', ids(head), [1, head.length]),
    last: new Tensor('int32', Int32Array.of(prefix), [1]),
    total: new Tensor('int32', Int32Array.of(head.length), [1]),
    picked: new Tensor('int64', ids([prefix]), [1]),
  });
  await sequences.release();
  const cache = Cache.allocate(config, 1, capacity);
  cache.copyRow(Cache.of(config, head.length, first), 0, 0, head.length);
  const found = new Map([[prefix, first.logits!.data as Float32Array]]);

  const step = await Session.compile(stepGraph(config, values));
  for (let position = head.length; position < tokens.length; position++) {
    const mask = Float32Array.from({ length: capacity }, (_, t) => (t < position ? 0 : -1e9));
    const outputs = await step.run({
      ...cache.feeds(1),
      tokens: new Tensor('int64', ids([tokens[position]!]), [1, 1]),
      positions: new Tensor('int64', ids([position]), [1, 1]),
      mask: new Tensor('float32', mask, [1, 1, 1, 1, capacity]),
    });
    cache.append(outputs, [position]);
    found.set(position, outputs.logits!.data as Float32Array);
  }
  await step.release();
  return found;
}
