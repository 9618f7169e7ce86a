/** The answer that the playground shows: asked for, stopped, or opened from a trace. It outlives a look at another view. */
import { useEffect, useReducer, useRef } from 'preact/hooks';
import { askGlore } from './asking.js';
import type { Wanted } from './settings.js';
import { next, nothing, type State } from './state.js';
import type { Settings, Trace } from './trace.js';

let kept: State = nothing;

export interface Answer {
  readonly state: State;
  ask(question: string, wanted: Wanted, settings: Settings): void;
  stop(): void;
  show(trace: Trace): void;
  fail(failure: Error): void;
}

export function useAnswer(): Answer {
  const [state, happen] = useReducer(next, kept);
  const asking = useRef<AbortController>(undefined);
  kept = state;
  const stop = () => {
    asking.current?.abort();
    happen({ kind: 'stopped' });
  };
  useEffect(
    () => () => {
      asking.current?.abort();
      kept = next(kept, { kind: 'stopped' });
    },
    [],
  );
  return {
    state,
    stop,
    ask(question, wanted, settings) {
      stop();
      const abort = new AbortController();
      const { signal } = abort;
      asking.current = abort;
      happen({ kind: 'asked', question, settings });
      askGlore(question, wanted, {
        signal,
        onStep: (step) => signal.aborted || happen({ kind: 'step', step }),
      }).then(
        (trace) => signal.aborted || happen({ kind: 'whole', trace }),
        (failure: Error) => signal.aborted || happen({ kind: 'failed', failure }),
      );
    },
    show(trace) {
      stop();
      happen({ kind: 'whole', trace });
    },
    fail(failure) {
      stop();
      happen({ kind: 'failed', failure });
    },
  };
}
