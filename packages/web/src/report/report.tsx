/** Everything that a run has measured, and a few of its problems, on one page that prints. */
import type { ReportPage } from '../../../glore/src/view/wire.js';
import { Facts } from '../figures/facts.js';
import { ProblemView } from '../figures/problem.js';
import { Costs, Labels, Measured, Section, Trainings } from '../figures/report.js';
import { duration, whole } from '../parts/figures.js';

export function Report({
  page: { version, run, report, curves, labels, problems },
}: {
  page: ReportPage;
}) {
  const reports = [{ run: run.name, of: report }];
  return (
    <main class="report">
      <h1>{run.name}</h1>
      <Facts
        facts={[
          ['test problems', whole(report.problems)],
          ['from', run.problems.source],
          ['model', run.model],
          ['seed', report.seeds.join(', ')],
          ['time', duration(report.seconds)],
          ['glore', version],
        ]}
      />
      <Measured runs={reports} />
      <Labels labels={[{ run: run.name, of: labels }]} runs={reports} />
      <Trainings curves={[{ run: run.name, of: curves }]} runs={reports} />
      {problems.length > 0 && (
        <Section title="Some problems">
          {problems.map((problem) => (
            <article key={problem.row.index} class="problem">
              <h3>Problem {problem.row.id}</h3>
              <ProblemView problem={problem} heading="h4" />
            </article>
          ))}
        </Section>
      )}
      <Costs run={reports[0]!} />
    </main>
  );
}
