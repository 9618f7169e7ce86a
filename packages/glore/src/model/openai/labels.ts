/** A value read from the log-probabilities of labels as the next token. */
import type { Listed } from './choices.js';
import { Unreadable } from './reading.js';

/** The spellings of each label, whose probabilities are added up: "+" and " +" are two tokens and one label. */
export interface Labels {
  readonly positive: readonly string[];
  readonly negative: readonly string[];
}

/** A value, and the probability that the labels cover together. */
export interface Read {
  readonly value: number;
  readonly mass: number;
}

/** The log-probabilities of a list by their tokens. @throws Unreadable naming what is none */
export function likely(first: readonly Listed[]): Map<string, number> {
  if (first.length === 0) throw new Unreadable('no log-probabilities, which were asked for');
  let sum = 0;
  const found = new Map<string, number>();
  for (const { token, logprob } of first) {
    if (typeof logprob !== 'number' || Number.isNaN(logprob)) {
      throw new Unreadable(`the log-probability ${shown(logprob)} of ${shown(token)}`);
    }
    if (logprob > rounding) {
      throw new Unreadable(`the log-probability ${logprob} of ${shown(token)}, which is above 0`);
    }
    if (!found.has(token)) sum += Math.exp(logprob);
    found.set(token, logprob);
  }
  if (sum > 1 + rounding) {
    throw new Unreadable(`log-probabilities of ${percent(sum)} together, which is more than all`);
  }
  return found;
}

const shown = (value: unknown): string => JSON.stringify(value)?.slice(0, 40) ?? 'nothing';

/** Probabilities in half precision add up to so much more than they should. */
const rounding = 0.01;

/**
 * `p(+) / (p(+) + p(-))` from the list of the `wanted` likeliest tokens, or of just the labels. A label that is not among
 * the likeliest is impossible; one that is missing for another reason could be anything.
 *
 * @throws Unreadable where the list has none of the labels, or not all that it should have
 */
export function readValue(
  first: readonly Listed[],
  labels: Labels,
  wanted: number | 'labels',
): Read {
  const found = likely(first);
  const [plus, minus] = [labels.positive, labels.negative].map((spellings) =>
    togetherOf(found, spellings),
  ) as [number | undefined, number | undefined];
  if (plus === undefined && minus === undefined) {
    throw new Unreadable(
      `none of ${spelt(labels)} among the ${found.size} likeliest next tokens`,
      'labels-uncovered',
      uncoveredCure,
    );
  }
  const mass = Math.exp(plus ?? -Infinity) + Math.exp(minus ?? -Infinity);
  if ((plus === undefined || minus === undefined) && isPart(found, mass, wanted)) {
    const missing = plus === undefined ? labels.positive : labels.negative;
    throw new Unreadable(
      `log-probabilities of ${found.size} tokens, without ${missing.map(shown).join(', ')}`,
    );
  }
  // The sigmoid of the difference, which does not vanish where both probabilities do.
  const value = 1 / (1 + Math.exp((minus ?? -Infinity) - (plus ?? -Infinity)));
  return { value, mass: Math.min(1, mass) };
}

/** The value from samples of what the model says: how often it begins with a label. @throws Unreadable where none does */
export function countLabels(texts: readonly string[], { positive, negative }: Labels): Read {
  const said = (labels: readonly string[]) =>
    texts.filter((text) =>
      labels.some((label) => text.trim().toLowerCase().startsWith(label.trim().toLowerCase())),
    ).length;
  const [plus, minus] = [said(positive), said(negative)];
  if (plus + minus === 0) {
    throw new Unreadable(
      `none of ${spelt({ positive, negative })} at the beginning of ${texts.length} answers`,
      'labels-uncovered',
      uncoveredCure,
    );
  }
  return { value: (plus + 0.5) / (plus + minus + 1), mass: (plus + minus) / texts.length };
}

/** The log-probability of a label by all its spellings; undefined if none is there. */
function togetherOf(
  found: ReadonlyMap<string, number>,
  spellings: readonly string[],
): number | undefined {
  const there = spellings.filter((spelling) => found.has(spelling));
  const logprobs = there.map((spelling) => {
    const logprob = found.get(spelling)!;
    if (logprob > unknown) return logprob;
    throw new Unreadable(
      `the log-probability ${logprob} of the label ${shown(spelling)}, which stands for none`,
    );
  });
  if (logprobs.length === 0) return undefined;
  const most = Math.max(...logprobs);
  return most + Math.log(logprobs.reduce((sum, logprob) => sum + Math.exp(logprob - most), 0));
}

/** What servers put where they have no log-probability. */
const unknown = -9999;

/** How many tokens of a list have a log-probability. */
export const known = (found: ReadonlyMap<string, number>): number =>
  [...found.values()].filter((logprob) => logprob > unknown).length;

/** Whether a label that is not in the list may have a share that the value would be another with. */
export function isPart(
  found: ReadonlyMap<string, number>,
  mass: number,
  wanted: number | 'labels',
): boolean {
  if (wanted === 'labels') return true;
  // Several tokens may be spelt alike, so that a whole list is a little shorter.
  if (known(found) >= wanted / 2) return false;
  const rest = [...found.values()].reduce((left, logprob) => left - Math.exp(logprob), 1);
  return rest > mostMissing * mass;
}

const mostMissing = 0.05;

export const spelt = ({ positive, negative }: Labels): string =>
  [...positive, ...negative].map((label) => JSON.stringify(label)).join(', ');

export const percent = (value: number): string => `${(100 * value).toFixed(1)}%`;

export const uncoveredCure = "correct the role's prompt or its labels, or serve a reward model";
