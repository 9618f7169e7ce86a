/** The models of a finished run, opened once for all questions that are asked. */
import {
  type FinishedRun,
  type OpenRun,
  type OpenRunOptions,
  openFinished,
} from '../../pipeline/index.js';
import {
  type Chooser,
  chosen,
  type Decision,
  REFINE_ALL,
  type RefineOptions,
  refine,
  refineInRounds,
} from '../../refine/index.js';
import { seedOf } from '../../rollout/index.js';

/** How questions are refined; thresholds that are left out are those fitted in the run. */
export interface Wanted {
  readonly mode: RefineOptions['mode'];
  readonly choice: Chooser;
  readonly threshold?: number;
  readonly tau?: number;
  readonly rounds: number;
}

export interface Asking {
  readonly run: OpenRun;
  readonly settings: RefineOptions;
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
  const { mode, choice, rounds } = wanted;
  const settings: RefineOptions = {
    mode,
    chooser: choice,
    threshold: wanted.threshold ?? run.options.threshold,
    tau: wanted.tau ?? run.options.tau,
  };
  const { seed, evaluation } = run.recipe;
  try {
    return await work({
      run,
      settings,
      async ask(questions) {
        const first = await refine(questions, run.roles, settings);
        const further = {
          chooser: choice,
          rounds,
          threshold: settings.threshold,
          // With the gate, what the ORM values enough is not refined again either.
          tau: mode === 'gate' ? settings.tau : REFINE_ALL,
          temperature: evaluation.temperature,
          seed: (index: number, round: number) => seedOf(seed, questions[index]!, 'round', round),
        };
        return refineInRounds(questions, run.roles, further, first);
      },
    });
  } finally {
    await run.close();
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
