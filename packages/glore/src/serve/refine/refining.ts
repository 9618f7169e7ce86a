/** The refining model: draft, when, where, how and the choice for each answer of a request. */
import { renderSolution } from '../../codec/index.js';
import { type RoleName, roleNames } from '../../model/index.js';
import {
  type Candidate,
  type Chooser,
  type Decision,
  type RefineEvent,
  type RefineOptions,
  refineAgain,
  usualSamples,
  type Written,
} from '../../refine/index.js';
import { seedOf } from '../../rollout/index.js';
import type { Account, AnswerBudget, Costs, RoleCost } from '../../upstream/index.js';
import type { Refiner } from '../batch/index.js';
import type { ChatRequest, CompletionRequest } from '../protocol/index.js';
import { invalid } from '../protocol/index.js';

export const refiningModel = 'glore';

/** How a request wants its answers refined; shown in the answer. */
export interface Refinement {
  readonly mode: RefineOptions['mode'];
  /** Solutions that vote. */
  readonly samples: number;
  readonly choice: Chooser;
  readonly threshold: number;
  readonly tau: number;
  readonly budget: number | AnswerBudget | null;
  readonly rounds: number;
  /** A stream also tells what is written, as each line ends. */
  readonly lines: boolean;
}

/** Solutions that are written for an answer: a draft, and in each round the two that refine it. */
export const candidatesOf = ({ glore }: CompletionRequest | ChatRequest): number =>
  glore?.mode === 'vote' ? (glore.samples ?? usualSamples) : 1 + 2 * (glore?.rounds ?? 1);

/** @throws ApiError `unsupported` for what only a plain sample has */
export function refinementOf(
  request: CompletionRequest | ChatRequest,
  refiner: Pick<Refiner, 'mode' | 'samples' | 'threshold' | 'tau' | 'budget'>,
): Refinement {
  for (const name of plainOnly) {
    const value = request[name];
    if (value == null || value === false) continue;
    throw invalid(
      `${name}: expected nothing, for an answer of "${refiningModel}" is chosen among solutions; ask the model "student" for plain samples`,
      'unsupported',
      name,
    );
  }
  return refinementBy(request.glore ?? {}, refiner);
}

/** @throws ApiError `invalid_value` for rounds of votes */
export function refinementBy(
  glore: Given,
  {
    mode,
    samples,
    threshold,
    tau,
    budget,
  }: Pick<Refiner, 'mode' | 'samples' | 'threshold' | 'tau' | 'budget'>,
): Refinement {
  const wanted = glore.mode ?? mode;
  if (wanted === 'vote' && (glore.rounds ?? 1) > 1) {
    throw invalid(
      'glore.rounds: expected 1 with the mode "vote", which refines nothing; ask for more samples, or for the mode "rerank"',
      'invalid_value',
      'glore.rounds',
    );
  }
  const usual = budget.tokens === undefined && budget.seconds === undefined ? null : budget;
  return {
    mode: wanted,
    samples: glore.samples ?? samples,
    choice: glore.choice ?? 'orm',
    threshold: glore.threshold ?? threshold,
    tau: glore.tau ?? tau,
    budget: glore.budget ?? usual,
    rounds: glore.rounds ?? 1,
    lines: glore.lines ?? false,
  };
}

type Given = NonNullable<ChatRequest['glore']>;

const plainOnly = [
  'stop',
  'stop_token_ids',
  'ignore_eos',
  'logprobs',
  'logprob_token_ids',
  'return_token_ids',
] as const;

/** An answer of the refining model. */
export interface Refined {
  readonly text: string;
  readonly finish: 'stop' | 'length';
  /** Of each round. */
  readonly decisions: readonly Decision[];
  readonly source: Candidate['source'];
  /** Tokens generated for all candidates, and for those that were not chosen. */
  readonly tokens: number;
  readonly otherTokens: number;
  readonly costs: Costs;
  /** Why it is less than it could be. */
  readonly notes: readonly string[];
}

/** Refines one draft of each question, greedy or sampled with the question's seed, each on its own. */
export function refineAll(
  refiner: Refiner,
  questions: readonly string[],
  options: {
    readonly refinement: Refinement;
    readonly seeds: readonly number[];
    readonly temperature: number;
    readonly maxTokens: number;
    readonly signal: AbortSignal;
    readonly observe: (event: RefineEvent, round: number) => void;
    readonly hear?: ((written: Written, round: number) => void) | undefined;
  },
): Promise<Refined[]> {
  const { refinement, seeds, temperature, maxTokens, signal, observe, hear } = options;
  const { mode, samples, choice, threshold, tau, rounds } = refinement;
  const budget =
    typeof refinement.budget === 'number' ? { tokens: refinement.budget } : refinement.budget;
  return Promise.all(
    questions.map(async (question, index) => {
      const seed = seeds[index]!;
      const { roles, account } = refiner.rolesFor({ maxTokens, budget: budget ?? {}, signal });
      const seen = (event: RefineEvent, round: number) => observe({ ...event, index }, round);
      const heard =
        hear && ((written: Written, round: number) => hear({ ...written, index }, round));
      const hearDraft =
        hear &&
        ((_request: number, _branch: number, text: string) =>
          hear({ index, source: 'draft', text }, 1));
      const drafts =
        temperature === 0
          ? undefined
          : (await roles.student.sample([{ question, seeds: [seed] }], temperature, hearDraft))[0];
      const settings: RefineOptions = {
        ...{ mode, samples, chooser: choice, threshold, tau },
        // What votes is never greedy, or all would vote alike.
        ...(mode === 'vote' && { sampling: { temperature, seeds: [seed] } }),
        observe: (event: RefineEvent) => seen(event, 1),
        hear: heard && ((written) => heard(written, 1)),
      };
      const further = {
        rounds,
        temperature: refiner.temperature,
        seed: (_: number, round: number) => seedOf(seed, question, 'round', round),
        observe: seen,
        hear: heard,
      };
      const [decisions] = await refineAgain([question], roles, settings, further, drafts);
      return refinedOf(decisions!, account);
    }),
  );
}

function refinedOf(decisions: readonly Decision[], { costs, notes }: Account): Refined {
  // From the second round on the first candidate is what the round before chose.
  const last = decisions.findLast(({ choice }, round) => choice > 0 || round === 0)!;
  const { solution, source, tokens, original } = last.candidates[last.choice]!;
  const all = decisions
    .flatMap(({ candidates }) => candidates)
    .reduce((sum, candidate) => sum + candidate.tokens, 0);
  return {
    text: original?.text ?? renderSolution(solution),
    finish: (original?.finished ?? solution.answer !== null) ? 'stop' : 'length',
    decisions,
    source,
    tokens: all,
    otherTokens: all - tokens,
    costs,
    notes,
  };
}

/** The trace of an answer, as `glore ask --json` has it. */
export const traceOf = (refinement: Refinement, refined: readonly Refined[]) => {
  const notes = refined.flatMap((one) => one.notes);
  return {
    ...refinement,
    decisions: refined.map(({ decisions }) => (refinement.rounds > 1 ? decisions : decisions[0])),
    costs: costsOf(refined),
    ...(notes.length > 0 && { notes }),
  };
};

/** Of all answers together. */
export function costsOf(refined: readonly Refined[]): Costs {
  const sum: Partial<Record<RoleName, RoleCost>> = {};
  for (const { costs } of refined) {
    for (const name of roleNames) {
      const [cost, before] = [costs[name], sum[name]];
      if (!cost) continue;
      sum[name] = {
        requests: cost.requests + (before?.requests ?? 0),
        promptTokens: cost.promptTokens + (before?.promptTokens ?? 0),
        completionTokens: cost.completionTokens + (before?.completionTokens ?? 0),
        seconds: cost.seconds + (before?.seconds ?? 0),
      };
    }
  }
  return sum;
}
