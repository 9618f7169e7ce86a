/** Where in the pages one is: the part of the address after `#`, so that each view has a link. */
import { useEffect, useState } from 'preact/hooks';

export interface Route {
  /** `play`, or `runs/0/problems/17`, in pieces. */
  readonly path: readonly string[];
  readonly query: URLSearchParams;
}

export function routeNow(): Route {
  const [path = '', query = ''] = location.hash.replace(/^#\/?/, '').split('?');
  return { path: path.split('/').filter((part) => part !== ''), query: new URLSearchParams(query) };
}

export const hrefOf = (path: string, query: Readonly<Record<string, string>> = {}): string => {
  const words = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== ''));
  const text = words.toString();
  return `#/${path}${text === '' ? '' : `?${text}`}`;
};

/** Changes the address without leaving a step back to it. */
export function replaceRoute(href: string): void {
  history.replaceState(null, '', href);
  dispatchEvent(new HashChangeEvent('hashchange'));
}

export function useRoute(): Route {
  const [route, setRoute] = useState(routeNow);
  useEffect(() => {
    const changed = () => setRoute(routeNow());
    addEventListener('hashchange', changed);
    return () => removeEventListener('hashchange', changed);
  }, []);
  return route;
}
