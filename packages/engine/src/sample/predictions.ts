/** What a model expects next, by rows: computed into memory that is used again, and read no more than it takes. */
import { blockOf } from '../llama/index.js';
import { type Feeds, floats, type Session, Tensor } from '../onnx/index.js';
import {
  finite,
  type LogprobsWanted,
  logprobsOf,
  logTotal,
  type TokenLogprobs,
} from './logprobs.js';
import { choice } from './random.js';

export interface Predictions {
  /**
   * Draws tokens of a row at the temperature that it was computed for, one for each random number in [0, 1); temperature 0
   * takes the likeliest, the first if several. Good until the next choice is made.
   *
   * @throws EngineError `not-finite`
   */
  choice(row: number): (random: number) => number;
  /** Log-probabilities of a row's tokens, one of which was drawn, before any temperature. @throws EngineError `not-finite` */
  logprobs(row: number, token: number, wanted: LogprobsWanted): TokenLogprobs;
  /** Of any token of a row, in nats. @throws EngineError `not-finite` */
  logprob(row: number): (token: number) => number;
}

/** What rows are computed for. */
export type Use =
  | { readonly kind: 'scores' }
  | { readonly kind: 'draws'; readonly temperature: number; readonly logprobs: boolean };

/**
 * Numbers by name, which grow and are not given back: fresh pages cost more than what is computed into them. For one
 * thread, where one graph is computed at a time.
 */
export class Memory {
  private readonly arrays = new Map<string, Float32Array>();

  floats(name: string, size: number): Float32Array {
    let array = this.arrays.get(name);
    if (!array || array.length < size) {
      array = new Float32Array(size);
      this.arrays.set(name, array);
    }
    return array.subarray(0, size);
  }
}

/** Which predictions there are at once: those of a step, and those of whole sequences that wait for their turn. */
type Place = 'step' | 'whole';

/**
 * Runs a graph with the outputs of `withShares` over rows of some shape, which last until the next are computed in the same
 * place. `others` are further outputs, as they come.
 */
export async function predict(
  session: Session,
  feeds: Feeds,
  memory: Memory,
  {
    place,
    shape,
    vocabSize,
    use,
    others = [],
  }: {
    readonly place: Place;
    readonly shape: readonly number[];
    readonly vocabSize: number;
    readonly use: Use;
    readonly others?: readonly string[];
  },
): Promise<{ predictions: Predictions; outputs: Record<string, Tensor> }> {
  const whole = [...shape, vocabSize];
  const size = whole.reduce((product, length) => product * length, 1);
  const held = (name: string) =>
    new Tensor('float32', memory.floats(`${place} ${name}`, size), whole);
  const fetches: Record<string, Tensor | null> = {};
  for (const name of others) fetches[name] = null;

  const block = blockOf(vocabSize);
  const temperature = use.kind === 'draws' ? use.temperature : 1;
  if (block === undefined) {
    const outputs = await session.runFor(feeds, { ...fetches, logits: held('logits') });
    const logits = floats(outputs, 'logits');
    return { outputs, predictions: new ByToken(vocabSize, temperature, logits) };
  }
  const sampled = use.kind === 'draws' && temperature > 0;
  if (!sampled || use.logprobs) fetches.logits = held('logits');
  if (sampled || use.kind === 'scores') fetches.shares = held('shares');
  const sharpness = Float32Array.of(temperature > 0 ? 1 / temperature : 1);
  const outputs = await session.runFor(
    { ...feeds, sharpness: new Tensor('float32', sharpness, [1]) },
    { ...fetches, sums: null, peaks: null, checks: null },
  );
  return { outputs, predictions: new ByBlock(vocabSize, block, temperature, outputs) };
}

/** A look at each token of a row. */
export class ByToken implements Predictions {
  private readonly size: number;
  private readonly temperature: number;
  private readonly logits: Float32Array;

  constructor(size: number, temperature: number, logits: Float32Array) {
    this.size = size;
    this.temperature = temperature;
    this.logits = logits;
  }

  choice(row: number) {
    return choice(this.logits, row * this.size, this.size, this.temperature);
  }

  logprobs(row: number, token: number, wanted: LogprobsWanted) {
    return logprobsOf(this.logits, row * this.size, this.size, token, wanted);
  }

  logprob(row: number) {
    const start = row * this.size;
    const total = logTotal(this.logits, start, this.size);
    return (token: number) => this.logits[start + token]! - total;
  }
}

/** A block of a row by sums or maxima of its blocks, then a token of that block. `ByToken` is its oracle. */
class ByBlock implements Predictions {
  private readonly size: number;
  private readonly block: number;
  private readonly temperature: number;
  private readonly outputs: Record<string, Tensor>;

  constructor(size: number, block: number, temperature: number, outputs: Record<string, Tensor>) {
    this.size = size;
    this.block = block;
    this.temperature = temperature;
    this.outputs = outputs;
  }

  choice(row: number) {
    const { size, block, temperature } = this;
    this.check(row);
    if (temperature === 0) {
      const best = this.likeliest(row);
      return () => best;
    }
    const sums = this.blocks('sums', row);
    const total = sums.reduce((sum, of) => sum + of, 0);
    const shares = floats(this.outputs, 'shares').subarray(row * size, (row + 1) * size);
    return (random: number) => {
      const found = reach(sums, random * total);
      const from = found.at * block;
      return from + reach(shares.subarray(from, from + block), found.rest).at;
    };
  }

  logprobs(row: number, token: number, wanted: LogprobsWanted) {
    const logits = floats(this.outputs, 'logits');
    return logprobsOf(logits, row * this.size, this.size, token, wanted);
  }

  logprob(row: number) {
    this.check(row);
    const start = row * this.size;
    const logits = floats(this.outputs, 'logits');
    // The share of a token is exp(logit - total); that of the likeliest is far from 0.
    const best = start + this.likeliest(row);
    const total = logits[best]! - Math.log(floats(this.outputs, 'shares')[best]!);
    return (token: number) => logits[start + token]! - total;
  }

  private likeliest(row: number): number {
    const { size, block } = this;
    const peaks = this.blocks('peaks', row);
    let best = 0;
    for (let i = 1; i < peaks.length; i++) if (peaks[i]! > peaks[best]!) best = i;
    const logits = floats(this.outputs, 'logits').subarray(row * size, (row + 1) * size);
    return logits.indexOf(peaks[best]!, best * block);
  }

  private check(row: number): void {
    finite(this.blocks('checks', row).reduce((sum, of) => sum + of, 0));
  }

  /** What there is of each block of a row. */
  private blocks(name: string, row: number): Float32Array {
    const count = Math.ceil(this.size / this.block);
    return floats(this.outputs, name).subarray(row * count, (row + 1) * count);
  }
}

/** The first of some shares with which their sum passes `most`, else the last that is not 0; and what of `most` is left for it. */
function reach(shares: Float32Array, most: number): { at: number; rest: number } {
  let last = { at: 0, rest: 0 };
  let rest = most;
  for (let at = 0; at < shares.length; at++) {
    const share = shares[at]!;
    if (rest < share) return { at, rest };
    if (share > 0) last = { at, rest: share };
    rest -= share;
  }
  return last;
}
