import { describe, expect, it } from 'vitest';
import type { Candidate, Source } from '../../../glore/src/refine/decision.js';
import { sayState } from './said.js';
import { type Happening, next, nothing, type State, type Step } from './state.js';
import type { Settings, Trace } from './trace.js';

const settings: Settings = {
  ...{ mode: 'rerank', samples: 8, choice: 'orm', threshold: 0.5, tau: 0.8, rounds: 1 },
  budget: {},
};
const candidate = (source: Source, answer: string | null, score: number): Candidate => ({
  source,
  solution: { steps: ['2 + 2 = 4'], answer },
  score,
  tokens: 7,
});
const draft = candidate('draft', '5', 0.3);
const global = candidate('global', '4', 0.9);
const local = candidate('local', '4', 0.7);
const steps: readonly Step[] = [
  { round: 1, index: 0, stage: 'writing', source: 'draft', text: '2 + 2 = 4' },
  { round: 1, index: 0, stage: 'draft', candidate: draft },
  { round: 1, index: 0, stage: 'where', values: [0.9, 0.2], location: 2 },
  { round: 1, index: 0, stage: 'writing', source: 'global', text: '2 +' },
  { round: 1, index: 0, stage: 'writing', source: 'global', text: '2 + 2 = 4' },
  { round: 1, index: 0, stage: 'global', candidate: global },
  { round: 1, index: 0, stage: 'local', candidate: local },
  { round: 1, index: 0, stage: 'choice', choice: 1 },
];
const trace: Trace = {
  ...{ glore: 1, question: 'What is 2 + 2?', settings, costs: {}, notes: [] },
  decisions: [{ values: [0.9, 0.2], location: 2, candidates: [draft, global, local], choice: 1 }],
};
const asked: Happening = { kind: 'asked', question: 'What is 2 + 2?', settings };
const stepped = (state: State, all: readonly Step[]) =>
  all.reduce((now, step) => next(now, { kind: 'step', step }), state);

describe('next', () => {
  it('comes to the decision step by step, and says each stage', () => {
    let state = next(nothing, asked);
    const said = [sayState(state)];
    for (const step of steps) {
      state = next(state, { kind: 'step', step });
      said.push(sayState(state));
    }
    expect(state.rounds).toEqual([{ ...trace.decisions[0], writing: [] }]);
    expect(said.filter((words, i) => words !== said[i - 1])).toEqual([
      'the draft is being written',
      'the critics read the draft',
      'the first error is line 2; the global refinement is being written',
      'the first error is line 2; the local refinement is being written',
      'the first error is line 2; the ORM chooses',
      'the choice is made',
    ]);
    const whole = next(state, { kind: 'whole', trace });
    expect(whole).toMatchObject({ phase: 'whole', rounds: state.rounds, trace });
    expect(sayState(whole)).toBe('The answer is 4.');
  });

  it('keeps the newest text of each that is being written', () => {
    const state = stepped(next(nothing, asked), steps.slice(0, 5));
    expect(state.rounds[0]!.writing).toEqual([{ source: 'global', text: '2 + 2 = 4' }]);
    expect(stepped(state, steps.slice(5, 6)).rounds[0]!.writing).toEqual([]);
  });

  it('has a round for each that has begun', () => {
    const again = { ...steps[1]!, round: 2 } as Step;
    const state = stepped(next(nothing, asked), [...steps, again]);
    expect(state.rounds.map(({ candidates }) => candidates.length)).toEqual([3, 1]);
    expect(sayState(state)).toBe('Round 2: the critics read the best so far');
  });

  it('counts the draft’s least line where both critics choose', () => {
    const both = next(nothing, { ...asked, settings: { ...settings, choice: 'both' } });
    expect(stepped(both, steps.slice(0, 3)).rounds[0]!.candidates[0]).toEqual({
      ...draft,
      least: 0.2,
    });
  });

  it('keeps what has come when it is stopped or fails, and hears nothing more', () => {
    const state = stepped(next(nothing, asked), steps.slice(0, 3));
    const failure = new Error('the server ends');
    for (const end of [{ kind: 'stopped' }, { kind: 'failed', failure }] as const) {
      const ended = next(state, end);
      expect(ended).toMatchObject({ rounds: state.rounds, question: state.question });
      expect(stepped(ended, steps.slice(5))).toEqual(ended);
    }
    expect(next(next(state, { kind: 'whole', trace }), { kind: 'stopped' }).phase).toBe('whole');
    expect(next(next(state, { kind: 'failed', failure }), asked).failure).toBeUndefined();
  });
});
