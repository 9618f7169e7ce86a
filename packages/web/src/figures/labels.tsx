/** What the step labels say by depth, and where the first errors of drafts are. */
import { barY, dot, line } from '@observablehq/plot';
import { useMemo } from 'preact/hooks';
import type { LabelDepth } from '../../../glore/src/view/wire.js';
import { Chart } from '../parts/chart.js';
import { percent, whole } from '../parts/figures.js';
import { Table } from '../parts/table.js';
import { ABOVE, BELOW, LEFT, shareAxis, stepsAxis } from './axes.js';
import { ifTwo, lookOf, type Named, type NamedReport, runLegend, sentence } from './named.js';
import { sharesByStep, tenthsAround } from './series.js';

const verifying = { color: 'var(--series-3)', shape: 'triangle', dash: '5 3' } as const;

export function LabelsChart({ runs }: { runs: readonly Named<readonly LabelDepth[]>[] }) {
  const picture = useMemo(() => labelsPicture(runs), [runs]);
  const two = runs.length > 1;
  return (
    <Chart
      title="Step labels by depth"
      summary={`Of the labels of wrong samples, how many are positive: from the prefix that ends with this step the right answer was reached${two ? '' : '; and how many of the rollouts from there reach it'}.`}
      picture={picture}
      legend={
        runLegend(runs, { dash: '' }) ?? [
          { ...lookOf(0), dash: '', label: 'positive labels' },
          { ...verifying, label: 'rollouts that reach the answer' },
        ]
      }
      table={{
        caption: 'Step labels of wrong samples by the number of the step',
        headers: [
          'step',
          ...ifTwo(runs, 'run'),
          'labels',
          'positive',
          'rollouts',
          'reach the answer',
        ],
        words: ifTwo(runs, 1),
        rows: runs.flatMap(({ run, of }) =>
          sharesByStep(of).map(({ step, labels, attempts, positive, verify }) => [
            step,
            ...ifTwo(runs, run),
            whole(labels),
            percent(positive),
            whole(attempts),
            percent(verify),
          ]),
        ),
      }}
    />
  );
}

function labelsPicture(runs: readonly Named<readonly LabelDepth[]>[]) {
  const all = runs.map(({ of }) => sharesByStep(of));
  const title = (depth: (typeof all)[number][number]) =>
    `step ${depth.step}\n${percent(depth.positive)} of ${whole(depth.labels)} labels positive\n${percent(depth.verify)} of ${whole(depth.attempts)} rollouts reach the answer`;
  return () => ({
    height: 260,
    marginLeft: LEFT,
    marginTop: ABOVE,
    marginBottom: BELOW,
    x: stepsAxis(all.flat().map(({ step }) => step)),
    y: { ...shareAxis('share'), domain: [0, 1], ticks: 5 },
    marks: all.flatMap((depths, i) => {
      const { color, shape } = lookOf(i);
      const known = depths.filter(({ verify }) => verify !== undefined);
      return [
        ...(runs.length > 1
          ? []
          : [
              line(known, {
                x: 'step',
                y: 'verify',
                stroke: verifying.color,
                strokeWidth: 2,
                strokeDasharray: verifying.dash,
              }),
              dot(known, {
                x: 'step',
                y: 'verify',
                fill: verifying.color,
                symbol: verifying.shape,
                r: 4,
              }),
            ]),
        line(depths, { x: 'step', y: 'positive', stroke: color, strokeWidth: 2 }),
        dot(depths, {
          x: 'step',
          y: 'positive',
          fill: color,
          symbol: shape,
          r: 4,
          title,
          tip: true,
        }),
      ];
    }),
  });
}

export function FirstErrorsChart({ runs }: { runs: readonly NamedReport[] }) {
  const picture = useMemo(() => errorsPicture(runs), [runs]);
  const two = runs.length > 1;
  if (runs.every(({ of }) => of.firstErrors.length === 0)) return null;
  const steps = stepsOf(runs);
  return (
    <Chart
      title="Where drafts go wrong first"
      summary={`Of the drafts with a wrong step, the share whose first one is this. ${runs.map((run) => said(run, runs)).join(' ')}`}
      picture={picture}
      legend={runLegend(runs)}
      table={{
        caption: 'First wrong steps of drafts',
        headers: ['step', ...runs.map(({ run }) => (two ? run : 'share'))],
        rows: steps.map((step) => [
          step,
          ...runs.map(({ of }) => percent(of.firstErrors.find((one) => one.step === step)?.share)),
        ]),
      }}
    />
  );
}

const stepsOf = (runs: readonly NamedReport[]): number[] =>
  [...new Set(runs.flatMap(({ of }) => of.firstErrors.map(({ step }) => step)))].sort(
    (a, b) => a - b,
  );

function said({ run, of }: NamedReport, runs: readonly NamedReport[]): string {
  const most = of.firstErrors.reduce((a, b) => (b.share > a.share ? b : a), { step: 0, share: 0 });
  return most.step === 0
    ? ''
    : sentence(runs, run, `most often it is step ${most.step} (${percent(most.share)}).`);
}

function errorsPicture(runs: readonly NamedReport[]) {
  const all = runs.flatMap(({ run, of }, i) =>
    of.firstErrors.map((place) => ({ ...place, run, look: lookOf(i) })),
  );
  const [, top] = tenthsAround(all.map(({ share }) => share));
  return () => ({
    height: 260,
    marginLeft: LEFT,
    marginTop: ABOVE,
    marginBottom: BELOW,
    x: stepsAxis(stepsOf(runs)),
    y: { ...shareAxis('share'), domain: [0, top] },
    marks:
      runs.length < 2
        ? [
            barY(all, {
              x: 'step',
              y: 'share',
              fill: lookOf(0).color,
              fillOpacity: 0.75,
              title: (place: (typeof all)[number]) => `step ${place.step}: ${percent(place.share)}`,
              tip: true,
            }),
          ]
        : runs.flatMap(({ run }, i) => {
            const mine = all.filter((place) => place.run === run);
            const { color, shape } = lookOf(i);
            return [
              line(mine, { x: 'step', y: 'share', stroke: color, strokeWidth: 2 }),
              dot(mine, { x: 'step', y: 'share', fill: color, symbol: shape, r: 4 }),
            ];
          }),
    ...(runs.length < 2 && { x: { ...stepsAxis(stepsOf(runs)), type: 'band' as const } }),
  });
}

export function LabelsTable({ runs }: { runs: readonly NamedReport[] }) {
  const row = (what: string, figure: (labels: NamedReport['of']['labels']) => string) => [
    what,
    ...runs.map(({ of }) => figure(of.labels)),
  ];
  return (
    <Table
      caption="Step labels before balance"
      headers={['measure', ...runs.map(({ run }) => (runs.length < 2 ? 'figure' : run))]}
      rows={[
        row('labels', ({ labels }) => whole(labels)),
        row('positive', ({ positive }) => percent(positive)),
        row('as the truth has them', ({ accuracy }) => percent(accuracy)),
        row('the same, of wrong samples', ({ accuracyOfWrong }) => percent(accuracyOfWrong)),
        row('first errors at their place, of wrong samples', ({ firstErrors }) =>
          percent(firstErrors),
        ),
        row('tokens generated for rollouts', ({ generatedTokens }) => whole(generatedTokens)),
      ]}
    />
  );
}
