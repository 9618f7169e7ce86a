/** The run viewer: one run, its test problems, one of them, or two runs beside each other. */
import { lazy, Suspense } from 'preact/compat';
import { useEffect, useMemo } from 'preact/hooks';
import { distinctNames } from '../figures/named.js';
import { Problem } from '../parts/problem.js';
import { hrefOf, type Route } from '../route.js';
import { Details } from './details.js';
import { Problems } from './problems.js';
import { useTop } from './top.js';
import { useRunState } from './watch.js';
import '../figures/figures.css';

// Whoever opens a problem need not wait for charts.
const Overview = lazy(() => import('./overview.js').then(({ Overview }) => Overview));
const Beside = lazy(() => import('./beside.js').then(({ Beside }) => Beside));
const Loading = () => <p aria-busy="true">loading ..</p>;

/** `#/runs/0`, `#/runs/0/problems`, `#/runs/0/problems/17`, `#/runs/0+1`. */
export function Runs({ names, route }: { names: readonly string[]; route: Route }) {
  const distinct = useMemo(() => distinctNames(names), [names]);
  const [, which = '0', ...rest] = route.path;
  const pair = pairOf(which, names.length);
  const run = Number(which);
  const there = pair !== undefined || (Number.isInteger(run) && run >= 0 && run < names.length);
  useTop(route.path.join('/'));
  return (
    <>
      <div class="where">
        {names.length > 1 && <Choice names={distinct} shown={pair ?? [there ? run : 0]} />}
        {there && !pair && <Views run={run} name={distinct[run]!} path={rest} />}
      </div>
      {!there ? (
        <>
          <h1>There is no run {which} here</h1>
          <a href={hrefOf('runs/0')}>The first</a>
        </>
      ) : pair ? (
        <Pair key={which} pair={pair} names={distinct} />
      ) : (
        <Run key={run} run={run} name={distinct[run]!} path={rest} route={route} />
      )}
    </>
  );
}

/** `shown`: one of the runs, or two. */
function Choice({ names, shown }: { names: readonly string[]; shown: readonly number[] }) {
  const [first = 0, second] = shown;
  return (
    <nav aria-label="Runs">
      {names.map((name, i) => (
        <a
          key={name}
          href={hrefOf(`runs/${i}`)}
          aria-current={second === undefined && first === i ? 'true' : undefined}
        >
          {name}
        </a>
      ))}
      {names.length === 2 ? (
        <a href={hrefOf('runs/0+1')} aria-current={second === undefined ? undefined : 'page'}>
          side by side
        </a>
      ) : (
        <label>
          {names[first]} beside{' '}
          <select
            value={second ?? ''}
            onChange={({ currentTarget: { value } }) => {
              location.hash = hrefOf(value === '' ? `runs/${first}` : `runs/${first}+${value}`);
            }}
          >
            <option value="">none</option>
            {names.map(
              (name, i) =>
                i !== first && (
                  <option key={name} value={i}>
                    {name}
                  </option>
                ),
            )}
          </select>
        </label>
      )}
    </nav>
  );
}

function Views({ run, name, path }: { run: number; name: string; path: readonly string[] }) {
  const [view, index] = path;
  const problems = view === 'problems';
  return (
    <nav aria-label={`Of ${name}`}>
      <a href={hrefOf(`runs/${run}`)} aria-current={problems ? undefined : 'page'}>
        Overview
      </a>
      <a
        href={hrefOf(`runs/${run}/problems`)}
        aria-current={problems ? (index ? 'true' : 'page') : undefined}
      >
        Problems
      </a>
    </nav>
  );
}

/** "0+1" -> both; undefined for anything else. */
function pairOf(which: string, runs: number): readonly [number, number] | undefined {
  const found = /^(\d+)[+](\d+)$/.exec(which);
  const [a, b] = [Number(found?.[1]), Number(found?.[2])];
  return found && a !== b && a < runs && b < runs ? [a, b] : undefined;
}

function Pair({ pair, names }: { pair: readonly [number, number]; names: readonly string[] }) {
  const [a, b] = pair;
  const both = useMemo(() => [names[a]!, names[b]!] as const, [names, a, b]);
  useTitle(both.join(' beside '));
  return (
    <Suspense fallback={<Loading />}>
      <Beside runs={pair} names={both} />
    </Suspense>
  );
}

function Run({
  run,
  name,
  path,
  route,
}: {
  run: number;
  name: string;
  path: readonly string[];
  route: Route;
}) {
  const { state, failure, again } = useRunState(run);
  const [view, index] = path;
  const problems = view === 'problems';
  useTitle([...(index ? [`Problem ${index}`] : problems ? ['Problems'] : []), name].join(' - '));
  return (
    <>
      {failure && <Problem failure={failure} onAgain={again} />}
      {!problems && <h1>{name}</h1>}
      {problems && index !== undefined ? (
        <Details run={run} index={index} query={route.query} />
      ) : state ? (
        <Suspense fallback={<Loading />}>
          {problems ? (
            <Problems run={run} query={route.query} version={state.version} />
          ) : (
            <Overview run={run} state={state} />
          )}
        </Suspense>
      ) : (
        !failure && <Loading />
      )}
    </>
  );
}

function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} - glore`;
  }, [title]);
}
