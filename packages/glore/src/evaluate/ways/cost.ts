/**
 * What an answer makes models process: every token that one of them reads or writes for it. A model reads a question once,
 * however many samples it goes on to write or to value; what another model has written it has to read.
 */
import { lineCount } from '../../codec/index.js';
import type { Candidate, Source } from '../../refine/index.js';
import type { Attempt, Outcome, ProblemRecords, Sampled } from '../records.js';
import { sum } from '../statistics.js';

/** Tokens around a draft in a refiner's prompt: DRAFT and REVISION, and [BAD] for the local one. */
const AROUND = { global: 2, local: 3 } as const;

/** Of the lines of a solution, each with its tag, after the first one. */
const readOf = (attempt: Attempt): number => attempt.tokens + lineCount(attempt);

/** A problem, of which not all records need be there. */
export type Known = Sampled & Partial<ProblemRecords>;

/** The costs of a problem's answers; undefined where its records do not have the length of the question. */
export function costsOf({ attempts: { draft }, controls, refinements }: Known) {
  if (!controls || !refinements) return undefined;
  const { prompt, read } = controls;
  const written = (list: readonly { readonly tokens: number }[]) =>
    prompt + sum(list.map(({ tokens }) => tokens));
  const valued = (list: readonly Attempt[]) => prompt + sum(list.map(readOf));
  /** A refiner that has read the draft; nothing where there was no place to refine at. */
  const refined = (by: keyof typeof AROUND, { tokens }: Pick<Outcome, 'tokens'>) =>
    tokens === 0 ? 0 : prompt + draft.tokens + AROUND[by] + tokens;
  const located = () => valued([draft]);
  return {
    written,
    valued,
    /** A draft, and its refinement. */
    global: (outcome: Outcome) => written([draft]) + refined('global', outcome),
    /** A draft, which a critic reads, and its refinement. */
    local: (outcome: Outcome) => written([draft]) + located() + refined('local', outcome),
    /** Candidates of the decision, without the choice. For a local one the draft is read, even if no error is seen. */
    candidates: (list: readonly Candidate[], sources: readonly Source[]) =>
      (sources.includes('local') ? located() : 0) +
      sum(
        list.map(({ source, tokens }) =>
          source === 'global' || source === 'local'
            ? refined(source, { tokens })
            : written([draft]),
        ),
      ),
    /** A critic's reading of candidates of the decision. */
    choice: (list: readonly Candidate[]) =>
      prompt +
      sum(list.map((candidate) => read[refinements.decision.candidates.indexOf(candidate)] ?? 0)),
  };
}
