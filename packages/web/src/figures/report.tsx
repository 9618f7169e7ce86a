/** Everything that a report says, of one run or of two: what the run viewer and the printed report have in common. */
import type { ComponentChildren } from 'preact';
import type { LabelDepth, RunReport, TrainingCurve } from '../../../glore/src/view/wire.js';
import { duration, fixed, percent, whole } from '../parts/figures.js';
import { Table } from '../parts/table.js';
import { AccuracyChart } from './accuracy.js';
import { AnswersTable, BesideTable, ComparisonsTable, HeadroomTable } from './answers.js';
import { CriticsTable, ReliabilityChart } from './critics.js';
import { FirstErrorsChart, LabelsChart, LabelsTable } from './labels.js';
import { ifTwo, type Named, type NamedReport } from './named.js';
import { ProcessedChart } from './processed.js';
import { FixesChart, RefinersTable } from './refiners.js';
import { TokensChart } from './tokens.js';
import { TrainingCharts } from './training.js';

export function Section({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <section class="part" aria-label={title}>
      <h2>{title}</h2>
      {children}
    </section>
  );
}

/** What is measured on the test problems; two runs have the figures that mean something beside each other. */
export function Measured({ runs }: { runs: readonly NamedReport[] }) {
  const [only] = runs.length === 1 ? runs : [];
  return (
    <>
      <Section title="Answers">
        {runs.map(({ run, of }) => (
          <Cautions key={run} run={runs.length < 2 ? undefined : run} report={of} />
        ))}
        {!only && (
          <p>
            Intervals are each run's own. The two runs are not compared problem by problem here, so
            a difference says nothing of chance.
          </p>
        )}
        <div class="columns wide">
          <AccuracyChart runs={runs} />
          <TokensChart runs={runs} />
        </div>
        {only ? <AnswersTable run={only} /> : <BesideTable runs={runs} />}
        <div class="columns wide">
          {only && <ComparisonsTable run={only} />}
          <div>
            <ProcessedChart runs={runs} />
            <HeadroomTable runs={runs} />
          </div>
        </div>
      </Section>
      <Section title="Refiners">
        <div class="columns wide">
          <FixesChart runs={runs} />
          <FirstErrorsChart runs={runs} />
        </div>
        <RefinersTable runs={runs} />
      </Section>
      <Section title="Critics">
        <div class="columns wide">
          <ReliabilityChart runs={runs} />
          <div>
            <CriticsTable runs={runs} />
            <ThresholdsTable runs={runs} />
          </div>
        </div>
      </Section>
    </>
  );
}

function Cautions({ run, report }: { run: string | undefined; report: RunReport }) {
  if (report.cautions.length === 0) return null;
  return (
    <aside class="card caution" aria-label={`Cautions${run ? ` of ${run}` : ''}`}>
      <strong>Read with care{run ? ` (${run})` : ''}</strong>
      <ul>
        {report.cautions.map((caution) => (
          <li key={caution}>{caution}</li>
        ))}
      </ul>
    </aside>
  );
}

function ThresholdsTable({ runs }: { runs: readonly NamedReport[] }) {
  const row = (what: string, figure: (of: RunReport['thresholds']) => number) => [
    what,
    ...runs.map(({ of }) => fixed(figure(of.thresholds))),
  ];
  return (
    <Table
      caption="Thresholds, fitted on dev"
      headers={['threshold', ...runs.map(({ run }) => (runs.length < 2 ? 'value' : run))]}
      rows={[
        row('a step is wrong below, ORM', ({ step }) => step.orm),
        row('a step is wrong below, SORM', ({ step }) => step.sorm),
        row('the first error is the first line below, ORM', ({ locate }) => locate.orm),
        row('the first error is the first line below, SORM', ({ locate }) => locate.sorm),
        row('a solution is wrong below, ORM', ({ final }) => final.orm),
        row('a solution is wrong below, SORM', ({ final }) => final.sorm),
        row('the gate refines drafts below (tau)', ({ gate }) => gate),
      ]}
    />
  );
}

/** Step labels: there before the report is. */
export function Labels({
  labels,
  runs,
}: {
  labels: readonly Named<readonly LabelDepth[]>[];
  runs: readonly NamedReport[];
}) {
  if (labels.every(({ of }) => of.length === 0)) return null;
  return (
    <Section title="Step labels">
      <div class="columns wide">
        <LabelsChart runs={labels} />
        {runs.length > 0 && <LabelsTable runs={runs} />}
      </div>
    </Section>
  );
}

/** The trainings so far. */
export function Trainings({
  curves,
  runs,
}: {
  curves: readonly Named<readonly TrainingCurve[]>[];
  runs: readonly NamedReport[];
}) {
  if (curves.every(({ of }) => of.length === 0)) return null;
  const rounds = runs.flatMap(({ run, of }) =>
    (of.studentRounds ?? []).map((round) => ({ run, ...round })),
  );
  return (
    <Section title="Training">
      <TrainingCharts runs={curves} />
      {rounds.length > 0 && (
        <Table
          caption="Expert Iteration: dev problems that the student solves greedily"
          headers={['round', ...ifTwo(runs, 'run'), 'right', 'of', 'share']}
          words={ifTwo(runs, 1)}
          rows={rounds.map(({ run, round, right, problems }) => [
            round === 0 ? '0 (SFT)' : round,
            ...ifTwo(runs, run),
            whole(right),
            whole(problems),
            percent(right / problems),
          ])}
        />
      )}
    </Section>
  );
}

/** What the run took, and where it ran. */
export function Costs({ run }: { run: NamedReport }) {
  const { stages, machine, seconds, answered, coverage, bits } = run.of;
  const roles = Object.keys({ ...answered, ...coverage }) as (keyof NonNullable<typeof answered>)[];
  return (
    <Section title="What it took">
      <p>
        {duration(seconds)} on {machine.processor}, {machine.cores} cores,{' '}
        {fixed(machine.memoryGiB, 1)} GiB of memory (at most {fixed(machine.peakMemoryGiB, 1)} GiB
        used by the report's process), Node {machine.node}
        {bits ? `, in ${bits} bits` : ''}.
      </p>
      <Table
        caption="Stages"
        headers={['stage', 'time', 'tokens generated', 'tokens needed', 'tokens computed']}
        rows={stages.map((stage) => [
          stage.name,
          duration(stage.seconds),
          ...[stage.generatedTokens, stage.neededTokens, stage.computedTokens].map((tokens) =>
            tokens === 0 ? '–' : whole(tokens),
          ),
        ])}
      />
      {roles.length > 0 && (
        <Table
          caption="Roles on servers"
          headers={['role', 'answers', 'refused', 'median covered probability']}
          rows={roles.map((role) => {
            const heard = answered?.[role];
            return [
              role,
              heard ? whole(heard.answers) : '–',
              heard ? whole(heard.refused) : '–',
              fixed(coverage?.[role]),
            ];
          })}
        />
      )}
    </Section>
  );
}
