/** Batches as padded sequences: how they are cut into micro-batches of like lengths. */
import type { Example } from './example.js';

/** One run of the training graph: `batch` rows of `time` positions, of which `picked` have a target. */
export interface PaddedBatch {
  readonly kind: 'padded';
  readonly batch: number;
  readonly time: number;
  readonly tokens: BigInt64Array;
  /** Flat indices into rows and positions; target and weight of each. */
  readonly picked: BigInt64Array;
  readonly targets: BigInt64Array;
  readonly weights: Float32Array;
}

/** Most positions in one micro-batch, where sequences let it: small enough for activations to stay in the cache. */
export const MOST = 1024;
/** Most pairs of positions in one, where sequences let it: a layer keeps its attention for each head, [rows, time, time]. */
export const MOST_PAIRS = 3 * 2 ** 17;
/** What a micro-batch costs beside its positions, in positions. */
const OVERHEAD = 64;

/**
 * A batch dealt to workers as micro-batches of like lengths, so that they finish together and little is padding: of all
 * numbers of micro-batches the one after which the last worker is done first.
 * @returns by worker its micro-batches, none for some if there are fewer examples than workers
 */
export function dealtPadded(examples: readonly Example[], workers: number): PaddedBatch[][] {
  const order = examples.toSorted((a, b) => b.tokens.length - a.tokens.length);
  const lengths = order.map(({ tokens }) => tokens.length);
  let best:
    | { readonly shares: Part[][]; readonly cost: number; readonly small: boolean }
    | undefined;
  for (let count = workers; ; count += workers) {
    const parts = cut(lengths, count);
    const { shares, cost } = deal(parts, workers);
    const small = parts.every(
      ({ rows, time }) => rows === 1 || rows * time <= Math.min(MOST, MOST_PAIRS / time),
    );
    if (!best || (small && !best.small) || (small === best.small && cost < best.cost)) {
      best = { shares, cost, small };
    }
    // Each worker's overhead alone would cost more from here on.
    const more = (OVERHEAD * (count + workers)) / workers;
    if (count >= order.length || (best.small && more >= best.cost)) break;
  }
  return best.shares.map((share) =>
    share.map(({ first, rows }) => pack(order.slice(first, first + rows))),
  );
}

/** Some of the sequences, longest first, padded to the first of them. */
interface Part {
  readonly first: number;
  readonly rows: number;
  readonly time: number;
}

/** Lengths, longest first, in at most `count` parts, the largest of which has as few positions as possible. */
function cut(lengths: readonly number[], count: number): Part[] {
  const filled = (capacity: number): Part[] => {
    const parts: Part[] = [];
    for (let first = 0; first < lengths.length; ) {
      const time = lengths[first]!;
      const rows = Math.min(lengths.length - first, Math.floor(capacity / time));
      parts.push({ first, rows, time });
      first += rows;
    }
    return parts;
  };
  const [longest = 0] = lengths;
  let [low, high] = [longest, longest * lengths.length];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (filled(middle).length <= count) high = middle;
    else low = middle + 1;
  }
  return filled(low);
}

/** Parts dealt to workers, the largest first and each to whoever has least; the cost is that of the last to finish. */
function deal(parts: readonly Part[], workers: number): { shares: Part[][]; cost: number } {
  const loads = Array.from({ length: workers }, (): { share: Part[]; cost: number } => ({
    share: [],
    cost: 0,
  }));
  for (const part of parts.toSorted((a, b) => b.rows * b.time - a.rows * a.time)) {
    const least = loads.reduce((a, b) => (b.cost < a.cost ? b : a));
    least.share.push(part);
    least.cost += part.rows * part.time + OVERHEAD;
  }
  return {
    shares: loads.map(({ share }) => share),
    cost: Math.max(...loads.map(({ cost }) => cost)),
  };
}

/** The examples padded at their ends to the longest. */
function pack(examples: readonly Example[]): PaddedBatch {
  const time = examples.reduce((most, { tokens }) => Math.max(most, tokens.length), 0);
  const tokens = new BigInt64Array(examples.length * time);
  const picked: bigint[] = [];
  const targets: bigint[] = [];
  const weights: number[] = [];
  examples.forEach((example, row) => {
    example.tokens.forEach((token, t) => {
      const at = row * time + t;
      tokens[at] = BigInt(token);
      const target = example.targets[t] ?? -1;
      if (target < 0) return;
      picked.push(BigInt(at));
      targets.push(BigInt(target));
      weights.push(example.weights?.[t] ?? 1);
    });
  });
  return {
    kind: 'padded',
    batch: examples.length,
    time,
    tokens,
    picked: BigInt64Array.from(picked),
    targets: BigInt64Array.from(targets),
    weights: Float32Array.from(weights),
  };
}
