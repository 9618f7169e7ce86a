/** The refining model: draft, when, where, how and the choice for each answer of a request. */
import { renderSolution } from '../../codec/index.js';
import {
  type Candidate,
  type Chooser,
  type Decision,
  REFINE_ALL,
  type RefineEvent,
  type RefineOptions,
  refine,
  refineInRounds,
} from '../../refine/index.js';
import { seedOf } from '../../rollout/index.js';
import { type Hosted, rolesFor } from '../batch/index.js';
import type { ChatRequest, CompletionRequest } from '../protocol/index.js';
import { invalid } from '../protocol/index.js';

export const refiningModel = 'glore';

/** How a request wants its answers refined; shown in the answer. */
export interface Refinement {
  readonly mode: RefineOptions['mode'];
  readonly choice: Chooser;
  readonly threshold: number;
  readonly tau: number;
  readonly budget: number | null;
  readonly rounds: number;
}

/** Solutions that are written for an answer: a draft, and in each round the two that refine it. */
export const candidatesOf = ({ glore }: CompletionRequest | ChatRequest): number =>
  1 + 2 * (glore?.rounds ?? 1);

/** @throws ApiError `unsupported` for what only a plain sample has */
export function refinementOf(
  request: CompletionRequest | ChatRequest,
  { threshold, tau }: Hosted,
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
  const { glore = {} } = request;
  return {
    mode: glore.mode ?? 'rerank',
    choice: glore.choice ?? 'orm',
    threshold: glore.threshold ?? threshold,
    tau: glore.tau ?? tau,
    budget: glore.budget ?? null,
    rounds: glore.rounds ?? 1,
  };
}

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
}

/** Refines one draft of each question, greedy or sampled with the question's seed, each on its own. */
export function refineAll(
  hosted: Hosted,
  questions: readonly string[],
  options: {
    readonly refinement: Refinement;
    readonly seeds: readonly number[];
    readonly temperature: number;
    readonly maxTokens: number;
    readonly signal: AbortSignal;
    readonly observe: (event: RefineEvent, round: number) => void;
  },
): Promise<Refined[]> {
  const { refinement, seeds, temperature, maxTokens, signal, observe } = options;
  const { mode, choice, threshold, tau, budget, rounds } = refinement;
  return Promise.all(
    questions.map(async (question, index) => {
      const seed = seeds[index]!;
      const models = rolesFor(hosted, { maxTokens, budget: budget ?? Infinity, signal });
      const drafts =
        temperature === 0
          ? undefined
          : (await models.student.sample([{ question, seeds: [seed] }], temperature))[0];
      const seen = (event: RefineEvent, round: number) => observe({ ...event, index }, round);
      const settings = {
        mode,
        choice,
        threshold,
        tau,
        observe: (event: RefineEvent) => seen(event, 1),
      };
      const first = await refine([question], models, settings, drafts);
      const further = {
        ...{ chooser: choice, rounds, threshold, temperature: hosted.temperature },
        // With the gate, what the ORM values enough is not refined again either.
        tau: mode === 'gate' ? tau : REFINE_ALL,
        seed: (_: number, round: number) => seedOf(seed, question, 'round', round),
        observe: seen,
      };
      const [decisions] = await refineInRounds([question], models, further, first);
      return refinedOf(decisions!);
    }),
  );
}

function refinedOf(decisions: readonly Decision[]): Refined {
  // From the second round on the first candidate is what the round before chose.
  const last = decisions.findLast(({ choice }, round) => choice > 0 || round === 0)!;
  const { solution, source, tokens } = last.candidates[last.choice]!;
  const all = decisions
    .flatMap(({ candidates }) => candidates)
    .reduce((sum, candidate) => sum + candidate.tokens, 0);
  return {
    text: renderSolution(solution),
    finish: solution.answer === null ? 'length' : 'stop',
    decisions,
    source,
    tokens: all,
    otherTokens: all - tokens,
  };
}

/** The trace of an answer, as `glore ask --json` has it. */
export const traceOf = (refinement: Refinement, refined: readonly Refined[]) => ({
  ...refinement,
  decisions: refined.map(({ decisions }) => (refinement.rounds > 1 ? decisions : decisions[0])),
});
