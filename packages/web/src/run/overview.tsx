/** A run, going on or finished: how far it is, and what it has measured so far. */
import { useMemo } from 'preact/hooks';
import type {
  LabelDepth,
  RunReport,
  RunState,
  TrainingCurve,
} from '../../../glore/src/view/wire.js';
import { Facts } from '../figures/facts.js';
import { Costs, Labels, Measured, Trainings } from '../figures/report.js';
import { duration, whole } from '../parts/figures.js';
import { Problem } from '../parts/problem.js';
import { Stages } from './stages.js';
import { useRunPart } from './watch.js';

/** Everything of a run besides its problems, as it comes to be there. */
export function useRun(run: number, state: RunState | undefined) {
  const report = useRunPart<RunReport>(run, 'report', state?.version);
  const curves = useRunPart<TrainingCurve[]>(run, 'curves', state?.version);
  const labels = useRunPart<LabelDepth[]>(run, 'labels', state?.version);
  const failed = [report, curves, labels].filter(({ failure }) => failure !== undefined);
  return {
    report: report.value,
    curves: curves.value,
    labels: labels.value,
    failure: failed[0]?.failure,
    /** Asks once more for what has failed. */
    again: () => {
      for (const part of failed) part.again();
    },
  };
}

export function Overview({ run, state }: { run: number; state: RunState }) {
  const { report, curves, labels, failure, again } = useRun(run, state);
  const { name } = state;
  const reports = useMemo(() => (report ? [{ run: name, of: report }] : []), [name, report]);
  const depths = useMemo(() => [{ run: name, of: labels ?? [] }], [name, labels]);
  const trainings = useMemo(() => [{ run: name, of: curves ?? [] }], [name, curves]);
  return (
    <>
      <RunFacts state={state} />
      <Stages state={state} />
      {failure && <Problem failure={failure} onAgain={again} />}
      {reports.length > 0 && <Measured runs={reports} />}
      <Labels labels={depths} runs={reports} />
      <Trainings curves={trainings} runs={reports} />
      {reports.map((one) => (
        <Costs key={one.run} run={one} />
      ))}
    </>
  );
}

export const RunFacts = ({ state }: { state: RunState }) => (
  <Facts
    facts={[
      ['state', state.state],
      ['time so far', duration(state.seconds)],
      ['problems', state.problems.source],
      ...(state.problems.test === undefined
        ? []
        : [['test problems', whole(state.problems.test)] as const]),
      ['model', state.model],
      ['seed', state.seed],
    ]}
  />
);
