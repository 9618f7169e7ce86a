/** Why a candidate was chosen, and where the first error is, in words with the figures that say so. */
import type { Candidate, Decision } from '../../../glore/src/refine/decision.js';
import type { Round } from './state.js';
import type { Settings } from './trace.js';

/** The candidate's name within a sentence; from the second round on the first candidate is the best so far. */
export function nameOf(
  { source }: Pick<Candidate, 'source'>,
  place: number,
  round: number,
): string {
  switch (source) {
    case 'draft':
      return round > 1 ? 'the best so far' : 'the draft';
    case 'sample':
      return `sample ${place}`;
    default:
      return `the ${source} refinement`;
  }
}

export const capital = (words: string): string => words.charAt(0).toUpperCase() + words.slice(1);

/** Where the first error is; undefined where nobody has looked. */
export function sayWhere(
  { values = [], location }: Pick<Round, 'values' | 'location'>,
  { threshold }: Pick<Settings, 'threshold'>,
): string | undefined {
  if (location === undefined || values.length === 0) return undefined;
  if (location < 0) {
    const [least, limit] = apart([Math.min(...values), threshold]);
    return `No first error: the SORM values no line below ${limit} (the least is ${least}), so there is nothing to refine locally.`;
  }
  const [value, limit] = apart([values[location - 1]!, threshold]);
  return `First error: line ${location}, the first that the SORM values below ${limit} (${value}).`;
}

/** Sentences, the first of which says what was chosen. */
export function sayWhy(decision: Decision, settings: Settings, round = 1): string[] {
  if (settings.mode === 'vote') return ofVote(decision, settings);
  const { candidates, choice } = decision;
  const names = candidates.map((candidate, i) => nameOf(candidate, i, round));
  const gate = settings.mode === 'gate' ? ofGate(decision, settings, names[0]!) : [];
  if (candidates.length === 1) return gate;
  const others = [...candidates.keys()].filter((place) => place !== choice);
  const figures = settings.choice === 'both' ? byBoth(candidates) : byOrm(candidates);
  const what = `${capital(names[choice]!)} was ${choice === 0 ? 'kept' : 'chosen'}`;
  const [first, ...rest] = [choice, ...others].map((i) => figures[i]!);
  return [
    `${what}: ${settings.choice === 'both' ? 'the critics give' : 'the ORM gives'} it ${first}, ${others
      .map((place, i) => `${names[place]} ${rest[i]}`)
      .join(', ')}.`,
    ...(settings.choice === 'both'
      ? [
          'Both critics choose: what counts is the ORM’s value and the SORM’s least, as log-odds added up.',
        ]
      : tie(candidates, choice)),
    ...gate,
    ...candidates.flatMap((candidate, i) => remarks(candidate, i, candidates, names)),
  ];
}

function ofGate({ candidates }: Decision, { tau }: Settings, name: string): string[] {
  if (tau > 1) return ['The gate has everything refined.'];
  const [value, limit] = apart([candidates[0]!.score, tau]);
  return [
    candidates.length === 1
      ? `${capital(name)} was kept: the ORM gives it ${value}, and the gate refines below ${limit}.`
      : `The gate had it refined: the ORM gives ${name} ${value}, and the gate refines below ${limit}.`,
  ];
}

const byOrm = (candidates: readonly Candidate[]): string[] =>
  apart(candidates.map(({ score }) => score));

function byBoth(candidates: readonly Candidate[]): string[] {
  const least = apart(candidates.map(({ least = 1 }) => least));
  return byOrm(candidates).map((score, i) => `${score} (ORM) and ${least[i]} (SORM)`);
}

function tie(candidates: readonly Candidate[], choice: number): string[] {
  const chosen = candidates[choice]!;
  const equal = candidates.filter((one) => one.score === chosen.score && !isSame(one, chosen));
  return equal.length > 0 ? ['Of equal candidates the first is taken.'] : [];
}

function remarks(
  candidate: Candidate,
  place: number,
  candidates: readonly Candidate[],
  names: readonly string[],
): string[] {
  const name = capital(names[place]!);
  const before = candidates.findIndex((other) => isSame(other, candidate));
  if (before < place) return [`${name} says the same as ${names[before]}.`];
  if (isEmpty(candidate)) return [`${name} was not written.`];
  return candidate.solution.answer === null ? [`${name} has no answer, which counts as 0.`] : [];
}

/** Nothing was left of the budget for it. */
export const isEmpty = ({ solution, original }: Candidate): boolean =>
  solution.steps.length === 0 && solution.answer === null && !original?.text.trim();

/** Candidates of the same text count once. */
export const isSame = (a: Candidate, b: Candidate): boolean =>
  JSON.stringify(a.solution) === JSON.stringify(b.solution);

function ofVote({ candidates, choice }: Decision, { samples }: Settings): string[] {
  const chosen = candidates[choice]!;
  const { answer } = chosen.solution;
  const all = candidates.length;
  const votesOf = ({ score }: Candidate) => Math.round(score * all);
  if (answer === null)
    return ['No solution gives an answer that could be compared: the draft was kept.'];
  const votes = votesOf(chosen);
  if (all === 1) return [`The draft was kept: it is all that voted, with the answer ${answer}.`];
  const equal = candidates.filter(({ score }) => score === chosen.score).length;
  const fewer = candidates.map(votesOf).filter((one) => one > 0 && one < votes);
  const next =
    equal > votes
      ? 'another answer has as many, and the one that was given first is taken'
      : fewer.length > 0
        ? `the next has ${Math.max(...fewer)}`
        : 'no other answer was given';
  const none = candidates.filter(({ solution }) => solution.answer === null).length;
  return [
    `The answer ${answer} has ${votes} of ${all} votes; ${next}. It is shown in the words of ${nameOf(chosen, choice, 1)}, the first that gave it.`,
    ...(none > 0 ? [`Without an answer: ${none}.`] : []),
    ...(all < samples
      ? [`Of up to ${samples} solutions ${all} were written: no more were needed or paid for.`]
      : []),
  ];
}

/** Values with as many digits, from two to four, as tell them apart. */
function apart(values: readonly number[]): string[] {
  const different = new Set(values).size;
  for (const digits of [2, 3]) {
    const written = values.map((value) => value.toFixed(digits));
    if (new Set(written).size === different) return written;
  }
  return values.map((value) => value.toFixed(4));
}
