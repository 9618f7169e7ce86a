/** What was asked of the server, as a page draws it: not there yet, there, or why not. */
import { useCallback, useEffect, useState } from 'preact/hooks';

export interface Asked<T> extends Answer<T> {
  /** Asks once more. */
  readonly again: () => void;
}

interface Answer<T> {
  readonly value?: T | undefined;
  readonly failure?: Error | undefined;
  /** Asked, and not there yet; `value` may be the one before. */
  readonly busy: boolean;
}

/** Asks when `inputs` change or `again` is called, and leaves what was asked before. */
export function useAsked<T>(
  ask: (signal: AbortSignal) => Promise<T>,
  inputs: readonly unknown[],
): Asked<T> {
  const [asked, setAsked] = useState<Answer<T>>({ busy: true });
  const [times, setTimes] = useState(0);
  useEffect(() => {
    const abort = new AbortController();
    setAsked(({ value }) => ({ value, busy: true }));
    ask(abort.signal).then(
      (value) => abort.signal.aborted || setAsked({ value, busy: false }),
      (failure: Error) => abort.signal.aborted || setAsked({ failure, busy: false }),
    );
    return () => abort.abort();
  }, [...inputs, times]);
  return { ...asked, again: useCallback(() => setTimes((before) => before + 1), []) };
}
