/** Two runs beside each other. */
import { useMemo } from 'preact/hooks';
import type { Named, NamedReport } from '../figures/named.js';
import { Labels, Measured, Trainings } from '../figures/report.js';
import { Problem } from '../parts/problem.js';
import { RunFacts, useRun } from './overview.js';
import { useRunState } from './watch.js';

/** @param names of both, which differ */
export function Beside({
  runs,
  names,
}: {
  runs: readonly [number, number];
  names: readonly [string, string];
}) {
  const [a, b] = [useRunState(runs[0]), useRunState(runs[1])];
  const parts = [useRun(runs[0], a.state), useRun(runs[1], b.state)] as const;
  const both = <T,>(first: T | undefined, second: T | undefined): Named<T>[] =>
    useMemo(
      () =>
        first === undefined || second === undefined
          ? []
          : [
              { run: names[0], of: first },
              { run: names[1], of: second },
            ],
      [first, second, names],
    );
  const reports: readonly NamedReport[] = both(parts[0].report, parts[1].report);
  const labels = both(parts[0].labels, parts[1].labels);
  const curves = both(parts[0].curves, parts[1].curves);
  const failed = [a, b, ...parts].filter(({ failure }) => failure !== undefined);
  const unfinished = names.filter((_, i) => [a, b][i]?.state && !parts[i]!.report);
  return (
    <>
      <h1>{names.join(' beside ')}</h1>
      {failed.map(({ failure, again }, i) => (
        <Problem key={i} failure={failure!} onAgain={again} />
      ))}
      <div class="columns">
        {[a, b].map(({ state }, i) => (
          <section key={i} class="card" aria-label={names[i]}>
            <h2>{names[i]}</h2>
            {state && <RunFacts state={state} />}
          </section>
        ))}
      </div>
      {reports.length > 0 ? (
        <Measured runs={reports} />
      ) : (
        unfinished.map((name) => <p key={name}>{name} has no report yet.</p>)
      )}
      <Labels labels={labels} runs={reports} />
      <Trainings curves={curves} runs={reports} />
    </>
  );
}
