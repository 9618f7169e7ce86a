/** What the evaluation generated and scored, worked out from its records. */
import type { Codec, Solution } from '../../codec/index.js';
import type { ProblemAttempts, ProblemRefinements, ProblemRounds } from '../../evaluate/index.js';
import type { Problem } from '../../problem/index.js';
import { type Tokens, total } from './work.js';

/** The problems of a split with what was measured on each; `later` is empty where there is but one round. */
export interface Measured {
  readonly problems: readonly Problem[];
  readonly attempts: readonly ProblemAttempts[];
  readonly refined: readonly ProblemRefinements[];
  readonly later: readonly ProblemRounds[];
}

export function evaluationTokens(
  codec: Codec,
  measured: readonly Measured[],
): Required<Pick<Tokens, 'generatedTokens' | 'scoredTokens'>> {
  const generatedTokens = measured.reduce((sum, split) => sum + generatedFor(split), 0);
  const scoredTokens = measured.reduce((sum, split) => sum + scoredFor(codec, split), 0);
  return { generatedTokens, scoredTokens };
}

const decisionsOf = ({ rounds }: ProblemRounds) => rounds.map(({ decision }) => decision);

const generatedFor = ({ attempts, refined, later }: Measured): number =>
  total(attempts.flatMap(({ draft, samples }) => [draft, ...samples])) +
  total(
    refined.flatMap(({ global, local, localOrm, localTruth }) => [
      global,
      local,
      localOrm,
      ...(localTruth ? [localTruth] : []),
    ]),
  ) +
  total(later.flatMap(decisionsOf).flatMap(({ candidates }) => candidates));

function scoredFor(codec: Codec, { problems, attempts, refined, later }: Measured): number {
  return problems.reduce((sum, { question }, i) => {
    const lengthOf = (solution: Solution) => codec.tagged(question, solution).tokens.length;
    const { draft, samples } = attempts[i]!;
    // Attempts are read by both critics; of a decision the draft by both, the refinements by the ORM.
    const attempted = [draft, ...samples].flatMap((attempt) => [attempt, attempt]);
    const decided = [refined[i]!.decision, ...(later[i] ? decisionsOf(later[i]) : [])]
      .flatMap(({ candidates: [first, ...rest] }) => [first!, first!, ...rest])
      .map(({ solution }) => solution);
    return [...attempted, ...decided].reduce((all, solution) => all + lengthOf(solution), sum);
  }, 0);
}
