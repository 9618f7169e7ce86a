/**
 * What is drawn from a large vocabulary without a look at each token: the tokens' shares at a temperature, and sums and
 * maxima of blocks of the vocabulary.
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
 * Outputs of a graph with `logits` [.., V], which is rows by tokens: them; and where there are blocks, B of them, `shares`
 * [.., V], the softmax of the logits times the input `sharpness` (float32 [1], 1 / temperature), `sums` [rows, B] of the
 * shares, `peaks` [rows, B], the largest logits, and `checks` [rows, B], sums of the logits, which are numbers if all are.
 */
export function withShares(logits: g.Value): Record<string, g.Value> {
  const size = Number(g.sizeAt(logits, -1));
  const block = blockOf(size);
  if (block === undefined) return { logits };
  const sharpness = g.input('sharpness', 'float32', [1]);
  const sharp = g.node('Mul', [logits, sharpness], [logits.shape])[0];
  const shares = g.node('Softmax', [sharp], [logits.shape], { attributes: { axis: -1n } })[0];
  const blocks = Math.ceil(size / block);
  const cut = (values: g.Value, filler: number) => {
    const flat = g.node('Reshape', [values, g.integers(-1, size)], [['rows', size]])[0];
    const whole = blocks * block;
    const filled =
      whole === size
        ? flat
        : g.node(
            'Pad',
            [flat, g.integers(0, 0, 0, whole - size), g.scalar(filler)],
            [['rows', whole]],
          )[0];
    return g.node('Reshape', [filled, g.integers(-1, blocks, block)], [['rows', blocks, block]])[0];
  };
  const over = (operator: string, values: g.Value) =>
    g.node(operator, [values, g.integers(-1)], [['rows', blocks]], {
      attributes: { keepdims: 0n },
    })[0];
  return {
    logits,
    shares,
    sums: over('ReduceSum', cut(shares, 0)),
    peaks: over('ReduceMax', cut(logits, -1e30)),
    checks: over('ReduceSum', cut(logits, 0)),
  };
}
