/** Which test problems are listed: a set, what is searched, and how far one is in what matches. */
import { type Choice, choiceOf } from '../figures/filters.js';
import { hrefOf } from '../route.js';

export const PAGE = 50;

export interface List {
  readonly choice: Choice;
  readonly search: string;
}

export const listOf = (query: URLSearchParams): List => ({
  choice: choiceOf(query.get('filter')),
  search: query.get('search') ?? '',
});

/** A number from 0 in an address; `or` where there is none. */
export function placeIn(query: URLSearchParams, name: string, or = 0): number {
  const text = query.get(name) ?? '';
  return /^\d{1,9}$/.test(text) ? Number(text) : or;
}

const wordsOf = ({ choice, search }: List) => ({
  filter: choice === 'all' ? '' : choice,
  search,
});

export const listHref = (run: number, list: List, from = 0): string =>
  hrefOf(`runs/${run}/problems`, { ...wordsOf(list), from: from === 0 ? '' : String(from) });

/** `at`: the problem's place among those that match, from which its neighbours are found. */
export const problemHref = (run: number, index: number, list: List, at: number): string =>
  hrefOf(`runs/${run}/problems/${index}`, { ...wordsOf(list), at: String(at) });

export function pagePath(run: number, list: List, from: number, count: number): string {
  const { filter, search } = wordsOf(list);
  const query = new URLSearchParams({
    ...(filter !== '' && { filter }),
    ...(search !== '' && { search }),
    from: String(from),
    count: String(count),
  });
  return `api/runs/${run}/problems?${query}`;
}
