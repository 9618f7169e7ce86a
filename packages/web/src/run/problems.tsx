/** The test problems of a run: a page of those that match. */
import { useEffect, useState } from 'preact/hooks';
import type { ProblemPage, ProblemRow } from '../../../glore/src/view/wire.js';
import { askJson } from '../api.js';
import { choices, filterWords } from '../figures/filters.js';
import { useAsked } from '../parts/asked.js';
import { whole } from '../parts/figures.js';
import { Mark } from '../parts/mark.js';
import { Problem } from '../parts/problem.js';
import { replaceRoute } from '../route.js';
import { type List, listHref, listOf, PAGE, pagePath, placeIn, problemHref } from './list.js';
import { useTop } from './top.js';

/** Milliseconds without a key before what is written is searched. */
const PAUSE = 250;

export function Problems({
  run,
  query,
  version,
}: {
  run: number;
  query: URLSearchParams;
  version: string;
}) {
  const list = listOf(query);
  const from = placeIn(query, 'from');
  useTop(String(from), listHref(run, list));
  const { value, failure, busy, again } = useAsked<ProblemPage>(
    (signal) => askJson(pagePath(run, list, from, PAGE), signal),
    [run, list.choice, list.search, from, version],
  );
  return (
    <>
      <h1>Test problems</h1>
      <Search run={run} list={list} />
      <Filters run={run} list={list} counts={value?.counts} />
      {failure && <Problem failure={failure} onAgain={again} />}
      {value && (
        <div aria-busy={busy}>
          <Pages run={run} list={list} page={value} />
          <ol class="problems" start={value.from + 1}>
            {value.rows.map((row, i) => (
              <Row
                key={row.index}
                href={problemHref(run, row.index, list, value.from + i)}
                row={row}
              />
            ))}
          </ol>
          {value.rows.length >= 10 && <Pages run={run} list={list} page={value} below />}
        </div>
      )}
      {!value && !failure && <p aria-busy="true">loading ..</p>}
    </>
  );
}

function Search({ run, list }: { run: number; list: List }) {
  const [text, setText] = useState(list.search);
  useEffect(() => {
    if (text === list.search) return;
    const { hash } = location;
    const later = setTimeout(() => {
      // Who has gone on meanwhile is not brought back.
      if (location.hash === hash) replaceRoute(listHref(run, { ...list, search: text }));
    }, PAUSE);
    return () => clearTimeout(later);
  }, [text, list.choice]);
  // The address may change otherwise: a step back, a link.
  useEffect(() => setText(list.search), [list.search]);
  return (
    <search>
      <label>
        Search in ids, questions and answers{' '}
        <input
          type="search"
          value={text}
          maxLength={200}
          onInput={(event) => setText(event.currentTarget.value)}
        />
      </label>
    </search>
  );
}

function Filters({
  run,
  list,
  counts,
}: {
  run: number;
  list: List;
  counts: ProblemPage['counts'] | undefined;
}) {
  return (
    <fieldset class="filters">
      <legend>Show</legend>
      {choices.map((choice) => (
        <label key={choice} title={filterWords[choice].what}>
          <input
            type="radio"
            name="filter"
            checked={choice === list.choice}
            onChange={() => replaceRoute(listHref(run, { ...list, choice }))}
          />
          {filterWords[choice].name}{' '}
          <span class="count">{counts ? whole(counts[choice]) : ''}</span>
        </label>
      ))}
      <p class="faint">{filterWords[list.choice].what}</p>
    </fieldset>
  );
}

function Pages({
  run,
  list,
  page: { from, rows, total },
  below = false,
}: {
  run: number;
  list: List;
  page: ProblemPage;
  below?: boolean;
}) {
  const said =
    total === 0
      ? 'No problem matches.'
      : rows.length === 0
        ? `Nothing so far down: there are ${whole(total)}.`
        : `${whole(from + 1)}–${whole(from + rows.length)} of ${whole(total)}`;
  return (
    <nav class="pages" aria-label={below ? 'Pages, below the list' : 'Pages'}>
      {from > 0 && (
        <a rel="prev" href={listHref(run, list, Math.max(0, from - PAGE))}>
          ← previous
        </a>
      )}
      <span role={below ? undefined : 'status'}>{said}</span>
      {from + rows.length < total && rows.length > 0 && (
        <a rel="next" href={listHref(run, list, from + PAGE)}>
          next →
        </a>
      )}
    </nav>
  );
}

function Row({ row, href }: { row: ProblemRow; href: string }) {
  return (
    <li>
      <a href={href}>{row.id}</a>
      <span class="asked">{row.question}</span>
      <span class="verdicts">
        <Mark right={row.draft}>draft</Mark>
        <Mark right={row.global}>global</Mark>
        <Mark right={row.local}>local</Mark>
        <Mark right={row.choice}>choice: {row.source}</Mark>
      </span>
    </li>
  );
}
