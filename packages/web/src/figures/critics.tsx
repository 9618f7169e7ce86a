/** Whether the critics' values are what they say: how often solutions of a value are right. */
import { dot, line } from '@observablehq/plot';
import { useMemo } from 'preact/hooks';
import { Chart } from '../parts/chart.js';
import { fixed, percent, whole } from '../parts/figures.js';
import { Table } from '../parts/table.js';
import { along, BELOW, LEFT, shareAxis } from './axes.js';
import { ifTwo, lookOf, type NamedReport, runLegend, sentence } from './named.js';

const critics = [
  ['orm', 'ORM'],
  ['sorm', 'SORM'],
] as const;

export function ReliabilityChart({ runs }: { runs: readonly NamedReport[] }) {
  const picture = useMemo(() => pictureOf(runs), [runs]);
  const bins = binsOf(runs);
  return (
    <Chart
      title="Reliability of both critics"
      summary={`Of the samples that a critic gives a value, how many are right. On the dashed line values are what they say; larger marks are more samples. ${runs
        .map(({ run, of }) => {
          const far = critics.map(([critic, name]) => `${name} ${percent(of.critics[critic].ece)}`);
          return sentence(runs, run, `values are off by ${far.join(', ')} in the mean (ECE).`);
        })
        .join(' ')}`}
      picture={picture}
      legend={runLegend(runs)}
      table={{
        caption: 'Samples by the last value that a critic gives them',
        headers: ['critic', ...ifTwo(runs, 'run'), 'values', 'samples', 'mean', 'right'],
        words: runs.length < 2 ? [1] : [1, 2],
        rows: bins.map(({ critic, run, low, high, n, mean, rate }) => [
          critic,
          ...ifTwo(runs, run),
          `${fixed(low, 1)} to ${fixed(high, 1)}`,
          whole(n),
          fixed(mean),
          percent(rate),
        ]),
      }}
    />
  );
}

const binsOf = (runs: readonly NamedReport[]) =>
  critics.flatMap(([key, critic]) =>
    runs.flatMap(({ run, of }, i) =>
      of.critics[key].bins.map((bin) => ({ ...bin, critic, run, look: lookOf(i) })),
    ),
  );

function pictureOf(runs: readonly NamedReport[]) {
  const bins = binsOf(runs);
  const diagonal = [
    { mean: 0, rate: 0 },
    { mean: 1, rate: 1 },
  ];
  return (width: number) => ({
    height: Math.min(380, width / 2 + 40),
    marginLeft: LEFT,
    marginBottom: BELOW,
    marginTop: 36,
    fx: { domain: critics.map(([, name]) => name), label: null },
    x: { ...along('value'), domain: [0, 1], ticks: 5, grid: true },
    y: { ...shareAxis('right'), domain: [0, 1], ticks: 5 },
    r: { range: [2.5, 9] },
    marks: [
      line(diagonal, { x: 'mean', y: 'rate', stroke: 'var(--faint)', strokeDasharray: '4 3' }),
      ...runs.flatMap(({ run }, i) => {
        const mine = bins.filter((bin) => bin.run === run);
        const { color, shape } = lookOf(i);
        const at = { x: 'mean', y: 'rate', fx: 'critic' };
        return [
          line(mine, { ...at, z: 'critic', stroke: color, strokeOpacity: 0.6 }),
          dot(mine, {
            ...at,
            r: 'n',
            symbol: shape,
            fill: color,
            fillOpacity: 0.75,
            title: (bin: (typeof mine)[number]) =>
              `${bin.critic}, values ${fixed(bin.low, 1)} to ${fixed(bin.high, 1)}\n${whole(bin.n)} samples, mean ${fixed(bin.mean)}\n${percent(bin.rate)} right`,
            tip: true,
          }),
        ];
      }),
    ],
  });
}

/** What the critics are worth on samples and drafts. */
export function CriticsTable({ runs }: { runs: readonly NamedReport[] }) {
  const columns = runs.flatMap(({ run, of }) =>
    critics.map(([key, name]) => ({
      header: runs.length < 2 ? name : `${name}, ${run}`,
      of: of.critics[key],
      candidates: key === 'orm' ? of.critics.orm.withinCandidatesAuc : undefined,
    })),
  );
  const row = (what: string, figure: (column: (typeof columns)[number]) => string) => [
    what,
    ...columns.map(figure),
  ];
  return (
    <Table
      caption="How good the critics are"
      headers={['measure', ...columns.map(({ header }) => header)]}
      rows={[
        row('steps judged as the truth has them', ({ of }) => percent(of.stepAccuracy)),
        row('first error found, of wrong drafts', ({ of }) => percent(of.firstError.wrong)),
        row('no error seen, of sound drafts', ({ of }) => percent(of.firstError.right)),
        row('first errors, F1', ({ of }) => percent(of.firstError.f1)),
        row('whole solutions judged right', ({ of }) => percent(of.finalAccuracy)),
        row('AUC over all samples', ({ of }) => fixed(of.auc)),
        row('AUC within problems', ({ of }) => fixed(of.withinProblemAuc)),
        row('AUC within draft, global, local', ({ candidates }) => fixed(candidates)),
        row('calibration error (ECE)', ({ of }) => fixed(of.ece)),
      ]}
    />
  );
}
