/** What a model expects next, by rows: tokens drawn from it and log-probabilities read of it. */
import { EngineError } from '../error.js';
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

/** What is wanted of rows: tokens for numbers in [0, 1), or log-probabilities of tokens, in nats; in any number of a row. */
export type Wanted =
  | {
      readonly kind: 'draws';
      /** 0 takes the likeliest token, the first if several, whatever the number. */
      readonly temperature: number;
      readonly draws: readonly { readonly row: number; readonly random: number }[];
      /** Whether `logprobs` will be asked for. */
      readonly logprobs: boolean;
    }
  | {
      readonly kind: 'scores';
      readonly places: readonly { readonly row: number; readonly token: number }[];
    };

/** Their methods throw `EngineError` "not-finite" where the row asked for has what is no number. */
export interface Predictions {
  /** The tokens of a row's draws, to be taken before those of another row. */
  tokens(row: number): (draw: number) => number;
  /** Log-probabilities of a row's tokens, one of which was drawn, before any temperature. */
  logprobs(row: number, token: number, wanted: LogprobsWanted): TokenLogprobs;
  /** The log-probability of a place. */
  score(place: number): number;
}

/** Runs a graph with the outputs of `withPicked`; `others` are further outputs of it. */
export async function predict(
  session: Session,
  feeds: Feeds,
  vocabSize: number,
  wanted: Wanted,
  others: readonly string[] = [],
): Promise<{ predictions: Predictions; outputs: Record<string, Tensor> }> {
  const inGraph = blockOf(vocabSize) !== undefined;
  const names = inGraph ? outputsFor(wanted) : ['logits'];
  const outputs = await session.runFor(inGraph ? { ...feeds, ...feedsFor(wanted) } : feeds, [
    ...names,
    ...others,
  ]);
  const predictions = inGraph
    ? new Picked(vocabSize, wanted, outputs)
    : new Looked(vocabSize, wanted, floats(outputs, 'logits'));
  return { predictions, outputs };
}

const outputsFor = (wanted: Wanted): string[] => {
  if (wanted.kind === 'scores') return ['read', 'most', 'share', 'checks'];
  const { temperature, logprobs } = wanted;
  return ['checks', temperature === 0 ? 'likeliest' : 'drawn', ...(logprobs ? ['logits'] : [])];
};

/** Of float32, with room for the logits: at a temperature below, all is the likeliest token's as well. */
const SHARPEST = 1e30;

function feedsFor(wanted: Wanted): Feeds {
  const sampled = wanted.kind === 'draws' && wanted.temperature > 0;
  const draws = sampled ? wanted.draws : [];
  const places = wanted.kind === 'scores' ? wanted.places : [];
  const integers = (list: readonly number[]) => BigInt64Array.from(list, BigInt);
  const pairs = new BigInt64Array(2 * places.length);
  places.forEach(({ row, token }, i) => {
    pairs[2 * i] = BigInt(row);
    pairs[2 * i + 1] = BigInt(token);
  });
  return {
    sharpness: new Tensor(
      'float32',
      [sampled ? Math.min(1 / wanted.temperature, SHARPEST) : 1],
      [1],
    ),
    draws: new Tensor('int64', integers(draws.map(({ row }) => row)), [draws.length, 1]),
    randoms: new Tensor(
      'float64',
      draws.map(({ random }) => random),
      [draws.length, 1],
    ),
    places: new Tensor('int64', pairs, [places.length, 2]),
  };
}

const placeOf = (wanted: Wanted, place: number): { row: number; token: number } => {
  if (wanted.kind === 'scores') return wanted.places[place]!;
  throw new EngineError('graph', 'scores of rows that were computed for draws');
};

/** What the graph has picked. */
class Picked implements Predictions {
  private readonly size: number;
  private readonly wanted: Wanted;
  private readonly outputs: Record<string, Tensor>;

  constructor(size: number, wanted: Wanted, outputs: Record<string, Tensor>) {
    this.size = size;
    this.wanted = wanted;
    this.outputs = outputs;
  }

  tokens(row: number) {
    this.check(row);
    const { drawn, likeliest } = this.outputs;
    return (draw: number) => Number(drawn ? drawn.data[draw] : likeliest!.data[row]);
  }

  logprobs(row: number, token: number, wanted: LogprobsWanted) {
    const logits = floats(this.outputs, 'logits');
    return logprobsOf(logits, row * this.size, this.size, token, wanted);
  }

  score(place: number) {
    const { row } = placeOf(this.wanted, place);
    this.check(row);
    const at = (name: string, index: number) => floats(this.outputs, name)[index]!;
    return at('read', place) - at('most', row) + Math.log(at('share', row));
  }

  private check(row: number): void {
    finite(floats(this.outputs, 'checks')[row]!);
  }
}

/** A look at each logit, which is the oracle of `Picked`, and as fast where there are few. */
export class Looked implements Predictions {
  private readonly size: number;
  private readonly wanted: Wanted;
  private readonly logits: Float32Array;
  /** Of the row looked at last, since places of one row mostly follow each other. */
  private total = { row: -1, of: 0 };

  constructor(size: number, wanted: Wanted, logits: Float32Array) {
    this.size = size;
    this.wanted = wanted;
    this.logits = logits;
  }

  tokens(row: number) {
    if (this.wanted.kind === 'scores') {
      throw new EngineError('graph', 'draws from rows that were computed for scores');
    }
    const { temperature, draws } = this.wanted;
    const choose = choice(this.logits, row * this.size, this.size, temperature);
    return (draw: number) => choose(draws[draw]!.random);
  }

  logprobs(row: number, token: number, wanted: LogprobsWanted) {
    return logprobsOf(this.logits, row * this.size, this.size, token, wanted);
  }

  score(place: number) {
    const { row, token } = placeOf(this.wanted, place);
    const start = row * this.size;
    if (this.total.row !== row) this.total = { row, of: logTotal(this.logits, start, this.size) };
    return this.logits[start + token]! - this.total.of;
  }
}
