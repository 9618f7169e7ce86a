/**
 * Tokens drawn and log-probabilities read in the graph, from a large vocabulary: copies of its logits would cost as much as
 * what is computed into them, and a look at each number in JavaScript more.
 */
import * as g from '../graph/index.js';

/** Of fewer tokens a look at each costs less than the operations. */
const few = 8192;
/** Blocks of fewer tokens are so many that there is much to look at again. */
const least = 64;

/** Tokens of a block; undefined where a look at each token is as good. The last block may be a shorter one. */
export function blockOf(vocabSize: number): number | undefined {
  if (vocabSize < few) return undefined;
  const root = Math.floor(Math.sqrt(vocabSize));
  // Blocks of one length need no copy that is filled up.
  for (let size = root; size >= least; size--) if (vocabSize % size === 0) return size;
  return root;
}

/**
 * Outputs of a graph with `logits` [.., V], which is R rows by tokens: them; and of a vocabulary that has blocks
 *
 *   drawn      int64 [D, 1]   the token of each draw, by its row `draws` int64 [D, 1] and its number `randoms` float64 [D, 1]
 *   likeliest  int64 [R, 1]   the token with the largest logit, the first if several
 *   read       float32 [E]    the logit of each of `places` int64 [E, 2], row and token
 *   most       float32 [R, 1] the largest logit
 *   share      float32 [R, 1] its share: where `sharpness` is 1, log(sum(exp(logits))) is most - log(share). The logarithm is
 *                             left to float64: ONNX Runtime's of a number depends on its place among others
 *   checks     float32 [R]    a number if all logits are
 *
 * with the input `sharpness` float32 [1] = 1 / temperature of the draws. Numbers are in [0, 1).
 */
export function withPicked(logits: g.Value): Record<string, g.Value> {
  const size = Number(g.sizeAt(logits, -1));
  const block = blockOf(size);
  if (block === undefined) return { logits };
  const blocks = Math.ceil(size / block);
  const sharpness = g.input('sharpness', 'float32', [1]);
  const draws = g.input('draws', 'int64', ['draws', 1]);
  const randoms = g.input('randoms', 'float64', ['draws', 1]);
  const places = g.input('places', 'int64', ['places', 2]);

  const rows = made('Reshape', ['rows', size], [logits, g.integers(-1, size)]);
  const sharp = made('Mul', rows.shape, [rows, sharpness]);
  const shares = made('Softmax', rows.shape, [sharp], { axis: -1n });
  /** [R, blocks, block], the last block filled up. */
  const cut = (values: g.Value, filler: number) => {
    const whole = blocks * block;
    const filled =
      whole === size
        ? values
        : made(
            'Pad',
            ['rows', whole],
            [values, g.integers(0, 0, 0, whole - size), g.scalar(filler)],
          );
    return made('Reshape', ['rows', blocks, block], [filled, g.integers(-1, blocks, block)]);
  };
  const over = (operator: string, values: g.Value) =>
    made(operator, values.shape.slice(0, -1), [values, g.integers(-1)], { keepdims: 0n });
  /** The token at a place within a block. */
  const tokenAt = (place: g.Value, within: g.Value) =>
    joined('Add', joined('Mul', place, g.integers(block)), within);

  const shareBlocks = cut(shares, 0);
  const sums = made('GatherND', ['draws', blocks], [over('ReduceSum', shareBlocks), draws]);
  const chosen = reach(sums, randoms, blocks);
  const pairs = made('Concat', ['draws', 2], [draws, chosen.at], { axis: 1n }, 'int64');
  const within = made('GatherND', ['draws', block], [shareBlocks, pairs]);
  // Sums of a block in another order may leave a little more than there is.
  const limits = [0, 1 - 2 ** -40].map((limit) => g.constant(Float64Array.of(limit), []));
  const left = made('Clip', ['draws', 1], [chosen.left, ...limits], {}, 'float64');
  const drawn = tokenAt(chosen.at, reach(within, left, block).at);

  // Of equal ones the first is taken, so never what is filled up.
  const logitBlocks = cut(rows, Number.NEGATIVE_INFINITY);
  const largest = (values: g.Value) =>
    made('ArgMax', ['rows', 1], [values], { axis: 1n, keepdims: 1n }, 'int64');
  const best = largest(over('ReduceMax', logitBlocks));
  const inBest = made('GatherND', ['rows', block], [logitBlocks, best], { batch_dims: 1n });
  const likeliest = tokenAt(best, largest(inBest));
  return {
    logits,
    drawn,
    likeliest,
    read: made('GatherND', ['places'], [rows, places]),
    most: numberAt(rows, likeliest),
    share: numberAt(shares, likeliest),
    checks: over('ReduceSum', rows),
  };
}

/**
 * Of rows of shares [D, n] the first in each with which their sum passes a part [D, 1] of all of them, and how much of that
 * one is left of the part, as a part of it. Sums are in float64.
 */
function reach(shares: g.Value, part: g.Value, count: number): { at: g.Value; left: g.Value } {
  const own = made('Cast', shares.shape, [shares], { to: 11n }, 'float64');
  const sums = made('CumSum', own.shape, [own, g.integers(1)], {}, 'float64');
  const all = made('Gather', part.shape, [sums, g.integers(count - 1)], { axis: 1n }, 'float64');
  const most = joined('Mul', part, all);
  const passed = made('LessOrEqual', own.shape, [sums, most], {}, 'bool');
  const numbers = made('Cast', own.shape, [passed], { to: 7n }, 'int64');
  const at = made('ReduceSum', part.shape, [numbers, g.integers(1)], { keepdims: 1n }, 'int64');
  const share = numberAt(own, at);
  const before = joined('Sub', numberAt(sums, at), share);
  return { at, left: joined('Div', joined('Sub', most, before), share) };
}

/** One output of an operation. */
const made = (
  operator: string,
  shape: readonly g.Dimension[],
  inputs: readonly g.Value[],
  attributes: Readonly<Record<string, bigint>> = {},
  type: g.ElementType = 'float32',
): g.Value => g.node(operator, inputs, [shape], { attributes, types: [type] })[0];

/** An operation on two values, of the type and shape of the first. */
const joined = (operator: string, a: g.Value, b: g.Value): g.Value =>
  made(operator, a.shape, [a, b], {}, a.type);

/** The number of each row of values [.., n] at a place [.., 1]. */
const numberAt = (values: g.Value, at: g.Value): g.Value =>
  made('GatherElements', at.shape, [values, at], { axis: 1n }, values.type);
