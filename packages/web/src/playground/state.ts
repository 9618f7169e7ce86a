/** What the playground shows, and how each thing that comes from the server changes it. */
import type {
  Candidate,
  Decision,
  RefineEvent,
  Source,
  Written,
} from '../../../glore/src/refine/decision.js';
import { leastOf } from '../../../glore/src/refine/least.js';
import type { Settings, Trace } from './trace.js';

export interface State {
  readonly phase: 'empty' | 'asking' | 'stopped' | 'failed' | 'whole';
  /** As it was asked. */
  readonly question: string;
  /** Absent while nothing was asked. */
  readonly settings?: Settings;
  readonly rounds: readonly Round[];
  /** What is wrong; what has come stays. */
  readonly failure?: Error;
  /** Once it is whole. */
  readonly trace?: Trace;
}

/** A decision, as far as it has come. */
export interface Round extends Partial<Omit<Decision, 'candidates'>> {
  readonly candidates: readonly Candidate[];
  /** Texts so far of what is being written. */
  readonly writing: readonly Writing[];
}

type Writing = Pick<Written, 'source' | 'text'>;

/** One step on the way to an answer; rounds are counted from 1. */
export type Step = { readonly round: number } & (
  | RefineEvent
  | ({ readonly stage: 'writing' } & Written)
);

export type Happening =
  | { readonly kind: 'asked'; readonly question: string; readonly settings: Settings }
  | { readonly kind: 'step'; readonly step: Step }
  /** The answer is whole; or a trace was opened. */
  | { readonly kind: 'whole'; readonly trace: Trace }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'failed'; readonly failure: Error };

export const nothing: State = { phase: 'empty', question: '', rounds: [] };

export function next(state: State, happening: Happening): State {
  switch (happening.kind) {
    case 'asked': {
      const { question, settings } = happening;
      return { phase: 'asking', question, settings, rounds: [begun] };
    }
    case 'step':
      return state.phase === 'asking' ? { ...state, rounds: after(state, happening.step) } : state;
    case 'whole': {
      const { trace } = happening;
      const { question, settings, decisions } = trace;
      const rounds = decisions.map((decision) => ({ ...decision, writing: [] }));
      return { phase: 'whole', question, settings, rounds, trace };
    }
    case 'stopped':
      return state.phase === 'asking' ? { ...state, phase: 'stopped' } : state;
    case 'failed':
      return { ...state, phase: 'failed', failure: happening.failure };
  }
}

const begun: Round = { candidates: [], writing: [] };

function after({ rounds, settings }: State, step: Step): Round[] {
  const all = [...rounds];
  while (all.length < step.round) all.push(begun);
  all[step.round - 1] = changed(all[step.round - 1]!, step, settings?.choice === 'both');
  return all;
}

function changed(round: Round, step: Step, both: boolean): Round {
  switch (step.stage) {
    case 'where': {
      const { values, location } = step;
      // In the choice of both critics the draft's lines count too; what the server sends first was not yet asked for them.
      const candidates = both
        ? round.candidates.map((one, i) => (i === 0 ? { ...one, least: leastOf(values) } : one))
        : round.candidates;
      return { ...round, values, location, candidates };
    }
    case 'writing': {
      const { source, text } = step;
      return { ...round, writing: [...without(round.writing, source), { source, text }] };
    }
    case 'choice':
      return { ...round, choice: step.choice, writing: [] };
    default: {
      const { candidate } = step;
      const writing = without(round.writing, candidate.source);
      return { ...round, candidates: [...round.candidates, candidate], writing };
    }
  }
}

const without = (writing: readonly Writing[], source: Source): Writing[] =>
  writing.filter((one) => one.source !== source);
