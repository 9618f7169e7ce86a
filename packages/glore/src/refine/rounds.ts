/**
 * Rounds of refinement (ours): what was chosen is refined again, until the ORM is content or the rounds are over.
 *
 *   round 1      draft, and its greedy refinements: `refine`, as in the paper
 *   round r      the best so far is the draft; its refinements are sampled, so that the same draft gives new ones
 *   when         the best so far is kept, and its question is done, as soon as the ORM values it at least `tau`
 *
 * Every round chooses among the best so far and what is new, so its choice is the best of all candidates up to then.
 */
import type { Generated, Roles } from '../model/index.js';
import type { Candidate, Decision, RefineEvent, Written } from './decision.js';
import { type Chooser, REFINE_ALL, type RefineOptions, refine } from './refine.js';

export interface RoundsOptions {
  /** Most rounds. */
  readonly rounds: number;
  /** A line is wrong where the SORM's value is below this. */
  readonly threshold: number;
  /** Who chooses in each round; the ORM if left out. */
  readonly chooser?: Chooser;
  /** A question is done when the ORM values its best at least this much; at `REFINE_ALL` it gets all rounds. */
  readonly tau: number;
  /** Of refinements from the second round on. */
  readonly temperature: number;
  /** A seed for each question and round, which is counted from 1. */
  readonly seed: (index: number, round: number) => number;
  /** Told of each question's way in the rounds after the first as soon as it is known. */
  readonly observe?: (event: RefineEvent, round: number) => void;
  /** Told of what is written in the rounds after the first, as `hear` of `RefineOptions` is. */
  readonly hear?: ((written: Written, round: number) => void) | undefined;
}

export const chosen = ({ candidates, choice }: Decision): Candidate => candidates[choice]!;

/**
 * Refines as `settings` say, and what was chosen again in further rounds; a vote has one. `observe` of `settings` is told of the
 * first round, that of `further` of the others; `hear` likewise.
 */
export async function refineAgain(
  questions: readonly string[],
  roles: Roles,
  settings: RefineOptions,
  further: Pick<RoundsOptions, 'rounds' | 'temperature' | 'seed' | 'observe' | 'hear'>,
  drafts?: readonly Generated[],
): Promise<Decision[][]> {
  const { mode, chooser = 'orm', threshold, tau } = settings;
  const first = await refine(questions, roles, settings, drafts);
  if (mode === 'vote') return first.map((decision) => [decision]);
  // With the gate, what the ORM values enough is not refined again either.
  const content = mode === 'gate' ? tau : REFINE_ALL;
  return refineInRounds(questions, roles, { ...further, chooser, threshold, tau: content }, first);
}

/**
 * The rounds of each question: a decision for each, whose first candidate is the best of the rounds before. The first
 * round is `first` or worked out, and has the draft alone if that is good enough.
 */
export async function refineInRounds(
  questions: readonly string[],
  roles: Roles,
  { rounds, threshold, tau, temperature, seed, observe, hear, chooser = 'orm' }: RoundsOptions,
  first?: readonly Decision[],
): Promise<Decision[][]> {
  const gate = { mode: 'gate', chooser, threshold, tau } as const;
  const traces = (first ?? (await refine(questions, roles, gate))).map((decision) => [decision]);
  for (let round = 2; round <= rounds; round++) {
    const open = traces
      .map((trace, index) => ({ trace, index, best: chosen(trace.at(-1)!) }))
      .filter(({ best }) => best.score < tau);
    const decisions = await refine(
      open.map(({ index }) => questions[index]!),
      roles,
      {
        ...gate,
        sampling: { temperature, seeds: open.map(({ index }) => seed(index, round)) },
        observe: (event) => observe?.({ ...event, index: open[event.index]!.index }, round),
        hear: hear && ((written) => hear({ ...written, index: open[written.index]!.index }, round)),
      },
      // Its tokens are counted where it was made.
      open.map(({ best: { solution, original } }) => ({ ...solution, original, tokens: 0 })),
    );
    open.forEach(({ trace }, i) => {
      trace.push(decisions[i]!);
    });
  }
  return traces;
}
