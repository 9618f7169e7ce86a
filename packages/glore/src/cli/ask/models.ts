/** The models of a finished run, or those of any server, opened once for all questions that are asked. */
import { roleNames } from '../../model/index.js';
import {
  type FinishedRun,
  type OpenRunOptions,
  openFinished,
  unitsOf,
} from '../../pipeline/index.js';
import {
  type Chooser,
  chosen,
  type Decision,
  type RefineOptions,
  refineAgain,
  usualSamples,
  usualTemperature,
} from '../../refine/index.js';
import { seedOf } from '../../rollout/index.js';
import { type AnswerBudget, openUpstream, type UpstreamOptions } from '../../upstream/index.js';
import { type Unfamiliar, unfamiliarTo } from './unfamiliar.js';

/** How questions are refined; thresholds that are left out are those fitted in the run. */
export interface Wanted {
  /** `rerank` for a run, for a server its default. */
  readonly mode?: RefineOptions['mode'];
  /** Solutions that vote. */
  readonly samples?: number;
  readonly budget?: AnswerBudget;
  readonly choice: Chooser;
  readonly threshold?: number;
  readonly tau?: number;
  readonly rounds: number;
}

/** Questions that one worker answers at a time, and of served models that are in one unit of work. */
const PER_UNIT = { embedded: 32, served: 8 };

export interface Asking {
  readonly settings: RefineOptions;
  /** What in a question the models cannot know. */
  readonly unfamiliar: Unfamiliar;
  /** Questions that are asked together, and so many times at once. */
  readonly units: { readonly size: number; readonly parallel: number };
  /** The rounds of each question, in the order of the questions. */
  ask(questions: readonly string[]): Promise<Decision[][]>;
}

/** Opens the models of a finished run for as long as `work` takes; each call of `ask` at a time wants a worker. */
export async function withRun<T>(
  finished: FinishedRun,
  options: OpenRunOptions,
  wanted: Wanted,
  work: (asking: Asking) => Promise<T>,
): Promise<T> {
  const run = await openFinished(finished, options);
  const { mode = 'rerank', choice, rounds } = wanted;
  const settings: RefineOptions = {
    mode,
    chooser: choice,
    threshold: wanted.threshold ?? run.options.threshold,
    tau: wanted.tau ?? run.options.tau,
  };
  const { seed, evaluation } = run.recipe;
  try {
    return await work({
      settings,
      unfamiliar: unfamiliarTo(run.recipe),
      units: unitsOf(finished.run, roleNames, PER_UNIT.embedded, PER_UNIT.served),
      ask(questions) {
        return refineAgain(questions, run.roles, settings, {
          rounds,
          temperature: evaluation.temperature,
          seed: (index, round) => seedOf(seed, questions[index]!, 'round', round),
        });
      },
    });
  } finally {
    await run.close();
  }
}

/** Opens a server in all roles for as long as `work` takes; `onWait` is also told why an answer is less than it could be. */
export async function withUpstream<T>(
  options: UpstreamOptions,
  wanted: Wanted,
  work: (asking: Asking) => Promise<T>,
): Promise<T> {
  const upstream = await openUpstream(options);
  const { choice, rounds, budget } = wanted;
  const { mode, samples, threshold, tau } = upstream.options;
  const settings: RefineOptions = {
    mode: wanted.mode ?? mode,
    samples: wanted.samples ?? samples ?? usualSamples,
    chooser: choice,
    threshold: wanted.threshold ?? threshold,
    tau: wanted.tau ?? tau,
  };
  const askOne = async (question: string): Promise<Decision[]> => {
    const { roles, account } = upstream.turn({ budget, signal: options.signal });
    const [decisions] = await refineAgain([question], roles, settings, {
      rounds,
      temperature: usualTemperature,
      seed: (_, round) => seedOf(0, question, 'round', round),
    });
    for (const note of account.notes) options.onWait?.(note);
    return decisions!;
  };
  try {
    return await work({
      settings,
      unfamiliar: () => undefined,
      // How many requests the server bears is found out while it is asked.
      units: { size: PER_UNIT.served, parallel: 8 },
      ask: (questions) => Promise.all(questions.map(askOne)),
    });
  } finally {
    await upstream.close();
  }
}

/** The answer of a question's rounds, which is that of the last; null where what was chosen has none. */
export const answerOf = (rounds: readonly Decision[]): string | null =>
  chosen(rounds.at(-1)!).solution.answer;

/** Decisions as JSON has them: one, or the list of the rounds. */
export function toJson(rounds: readonly Decision[], most: number): object {
  const each = rounds.map((decision) => ({ ...decision, answer: answerOf([decision]) }));
  return most > 1 ? each : each[0]!;
}
