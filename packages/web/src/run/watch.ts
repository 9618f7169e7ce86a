/** A run as it goes on: asked for again and again, often while it works and somebody looks. */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { RunState } from '../../../glore/src/view/wire.js';
import { ApiFailure, askJson } from '../api.js';
import { type Asked, useAsked } from '../parts/asked.js';

const OFTEN = 2000;
const RARELY = 15_000;

export interface Watched {
  /** The last that was heard of it. */
  readonly state?: RunState | undefined;
  /** Why nothing is heard at present. */
  readonly failure?: Error | undefined;
  readonly again: () => void;
}

/** How far a run is. A finished one is not asked for again; one that has stopped may be gone on with. */
export function useRunState(run: number): Watched {
  const [watched, setWatched] = useState<Omit<Watched, 'again'>>({});
  const [asked, setAsked] = useState(0);
  useEffect(() => {
    const abort = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let busy = false;
    let finished = false;
    let wait = OFTEN;
    const ask = async () => {
      if (busy || finished) return;
      busy = true;
      clearTimeout(timer);
      try {
        const state = await askJson<RunState>(`api/runs/${run}`, abort.signal);
        finished = state.state === 'finished';
        wait = state.state === 'running' ? OFTEN : RARELY;
        setWatched({ state });
      } catch (failure) {
        if (abort.signal.aborted) return;
        setWatched(({ state }) => ({ state, failure: failure as Error }));
      }
      busy = false;
      if (abort.signal.aborted || finished) return;
      timer = setTimeout(ask, document.hidden ? RARELY : wait);
    };
    // What was hidden is out of date.
    const seen = () => document.hidden || ask();
    document.addEventListener('visibilitychange', seen);
    setWatched({});
    ask();
    return () => {
      abort.abort();
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', seen);
    };
  }, [run, asked]);
  return { ...watched, again: useCallback(() => setAsked((times) => times + 1), []) };
}

/**
 * A part of a run, asked for when the run's version changes. Undefined before there is any; the same object while it says the
 * same, so that nothing is drawn again.
 */
export function useRunPart<T>(run: number, part: string, version: string | undefined): Asked<T> {
  const last = useRef<{ readonly of: string; readonly text: string; readonly value: T } | null>(
    null,
  );
  return useAsked<T | undefined>(
    async (signal) => {
      if (version === undefined) return undefined;
      const path = `api/runs/${run}/${part}`;
      const value = await askJson<T>(path, signal).catch((failure: unknown) => {
        if (failure instanceof ApiFailure && failure.code === 'run-unfinished') return undefined;
        throw failure;
      });
      if (value === undefined) return undefined;
      const text = JSON.stringify(value);
      if (last.current?.of !== path || last.current.text !== text) {
        last.current = { of: path, text, value };
      }
      return last.current.value;
    },
    [run, part, version],
  ) as Asked<T>;
}
