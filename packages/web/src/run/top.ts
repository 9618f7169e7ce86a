/** Another place in the pages begins at its top, and screen readers begin there too. */
import { useEffect, useRef } from 'preact/hooks';

/** @param within what `place` is a place in; where that is another one, whoever changed it is still at it */
export function useTop(place: string, within = ''): void {
  const before = useRef({ place, within });
  useEffect(() => {
    const { current } = before;
    before.current = { place, within };
    if (current.place === place || current.within !== within) return;
    scrollTo(0, 0);
    document.getElementById('main')?.focus({ preventScroll: true });
  }, [place, within]);
}
