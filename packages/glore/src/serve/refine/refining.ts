/** The refining model: draft, when, where, how and the choice for each answer of a request. */
import { renderSolution } from '../../codec/index.js';
import {
  type Chooser,
  type Decision,
  type RefineEvent,
  type RefineOptions,
  refine,
} from '../../refine/index.js';
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
}

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
  readonly decision: Decision;
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
    readonly observe: (event: RefineEvent) => void;
  },
): Promise<Refined[]> {
  const { refinement, seeds, temperature, maxTokens, signal, observe } = options;
  const { mode, choice, threshold, tau, budget } = refinement;
  return Promise.all(
    questions.map(async (question, index) => {
      const models = rolesFor(hosted, { maxTokens, budget: budget ?? Infinity, signal });
      const drafts =
        temperature === 0
          ? undefined
          : (await models.student.sample([{ question, seeds: [seeds[index]!] }], temperature))[0];
      const settings = {
        mode,
        choice,
        threshold,
        tau,
        observe: (event: RefineEvent) => observe({ ...event, index }),
      };
      const [decision] = await refine([question], models, settings, drafts);
      return refinedOf(decision!);
    }),
  );
}

function refinedOf(decision: Decision): Refined {
  const { solution } = decision.candidates[decision.choice]!;
  const tokens = decision.candidates.reduce((sum, candidate) => sum + candidate.tokens, 0);
  return {
    text: renderSolution(solution),
    finish: solution.answer === null ? 'length' : 'stop',
    decision,
    tokens,
    otherTokens: tokens - decision.candidates[decision.choice]!.tokens,
  };
}

/** The trace of an answer, as `glore ask --json` has it. */
export const traceOf = (refinement: Refinement, refined: readonly Refined[]) => ({
  ...refinement,
  decisions: refined.map(({ decision }) => decision),
});
