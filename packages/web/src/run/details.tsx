/** One test problem, and the ways to those before and after it in the list that it was opened from. */
import type { ProblemDetails, ProblemPage } from '../../../glore/src/view/wire.js';
import { askJson } from '../api.js';
import { filterWords } from '../figures/filters.js';
import { ProblemView } from '../figures/problem.js';
import { useAsked } from '../parts/asked.js';
import { whole } from '../parts/figures.js';
import { Problem } from '../parts/problem.js';
import { type List, listHref, listOf, PAGE, pagePath, placeIn, problemHref } from './list.js';

export function Details({
  run,
  index,
  query,
}: {
  run: number;
  index: string;
  query: URLSearchParams;
}) {
  const { value, failure, busy, again } = useAsked<ProblemDetails>(
    (signal) => askJson(`api/runs/${run}/problems/${encodeURIComponent(index)}`, signal),
    [run, index],
  );
  const list = listOf(query);
  const unfiltered = list.choice === 'all' && list.search === '';
  const at = placeIn(query, 'at', unfiltered ? Number(index) : 0);
  return (
    <>
      <Around run={run} index={Number(index)} list={list} at={at} />
      {failure && <Problem failure={failure} onAgain={again} />}
      {value && (
        <article aria-busy={busy}>
          <h1>Problem {value.row.id}</h1>
          <ProblemView key={value.row.index} problem={value} heading="h2" />
        </article>
      )}
    </>
  );
}

function Around({ run, index, list, at }: { run: number; index: number; list: List; at: number }) {
  const { value } = useAsked<ProblemPage>(
    (signal) => askJson(pagePath(run, list, Math.max(0, at - 1), 3), signal),
    [run, list.choice, list.search, at],
  );
  const place = value?.rows.findIndex((row) => row.index === index) ?? -1;
  const [before, after] = place < 0 ? [] : [value?.rows[place - 1], value?.rows[place + 1]];
  const found = list.search === '' ? '' : `, “${list.search}”`;
  return (
    <nav class="pages" aria-label="Problems beside this one">
      {before && (
        <a rel="prev" href={problemHref(run, before.index, list, at - 1)}>
          ← {before.id}
        </a>
      )}
      <a href={listHref(run, list, at - (at % PAGE))}>
        {filterWords[list.choice].name}
        {found}
        {value && place >= 0 && `: ${whole(at + 1)} of ${whole(value.total)}`}
      </a>
      {after && (
        <a rel="next" href={problemHref(run, after.index, list, at + 1)}>
          {after.id} →
        </a>
      )}
    </nav>
  );
}
