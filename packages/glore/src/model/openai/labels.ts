/** A value read from the log-probabilities of labels as the next token. */
import { GloreError } from '../../error.js';

/** The spellings of each label, whose probabilities are added up: "+" and " +" are two tokens and one label. */
export interface Labels {
  readonly positive: readonly string[];
  readonly negative: readonly string[];
}

/** `p(+) / (p(+) + p(-))`, and the probability that the labels cover together; a value without any is 0.5. */
export function readValue(
  first: ReadonlyMap<string, number>,
  { positive, negative }: Labels,
): { value: number; mass: number } {
  const sum = (spellings: readonly string[]) =>
    spellings.reduce((mass, spelling) => mass + Math.exp(first.get(spelling) ?? -Infinity), 0);
  const plus = sum(positive);
  const mass = plus + sum(negative);
  return { value: mass === 0 ? 0.5 : plus / mass, mass };
}

/** Watches what a reward model says, for numbers that mean nothing. */
export class Watch {
  private readonly masses: number[] = [];
  private count = 0;
  private lowest = Infinity;
  private highest = -Infinity;

  /** The median of the masses so far, which tells how sure label values are; undefined before the first. */
  get coverage(): number | undefined {
    return medianOf(this.masses);
  }

  /** Whether all values so far, two at least, are the same. */
  get constant(): boolean {
    return this.count > 1 && this.highest - this.lowest < alike;
  }

  /**
   * Adds the masses of one call: a model that mostly wants to say something else gives no values.
   *
   * @throws GloreError `labels-uncovered` if their median is below a half
   */
  covered(masses: readonly number[], model: string, labels: Labels): void {
    // Bounded, and recent: enough for a median that is shown.
    this.masses.push(...masses);
    if (this.masses.length > 4096) this.masses.splice(0, this.masses.length - 4096);
    const median = medianOf(masses);
    if (median === undefined || median >= least) return;
    const spelt = [...labels.positive, ...labels.negative].map((label) => JSON.stringify(label));
    throw new GloreError(
      'labels-uncovered',
      `model ${model}: expected its next token after a tag to be one of ${spelt.join(', ')}, found that these have ${percent(median)} of the probability together (median of ${masses.length}), so a value would mean nothing; correct the template or the labels in the recipe, or serve a reward model`,
    );
  }

  /**
   * Adds values: a model that says the same of everything has not read it.
   *
   * @throws GloreError `values-constant` once so many are the same that chance is no reason
   */
  valued(values: readonly number[], model: string): void {
    for (const value of values) {
      this.lowest = Math.min(this.lowest, value);
      this.highest = Math.max(this.highest, value);
    }
    this.count += values.length;
    if (this.constant && this.count >= enough) throw this.saysNothing(model);
  }

  saysNothing(model: string): GloreError {
    return new GloreError(
      'values-constant',
      `model ${model}: expected values that depend on what is valued, found ${this.lowest.toFixed(6)} for each of ${this.count} lines; glore doctor with golden values shows whether the server reads the prompt and the reward model is the right one`,
    );
  }
}

/** Values are the same if they differ by less. */
const alike = 1e-6;
/** Lines of many solutions: among so many a reward model that works finds some worse than others. */
const enough = 256;

const least = 0.5;

function medianOf(values: readonly number[]): number | undefined {
  if (values.length === 0) return undefined;
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1]! + sorted[half]!) / 2;
}

const percent = (value: number): string => `${(100 * value).toFixed(1)}%`;

/** p(+) of a classifier's outputs, which is the only one or the one at `positive`; undefined if it is no probability. */
export function positiveOf(outputs: readonly number[], positive: number): number | undefined {
  const value = outputs.length === 1 ? outputs[0] : outputs[positive];
  return value !== undefined && value >= 0 && value <= 1 ? value : undefined;
}
