/** How often each way to answer is right: the picture, in the groups of the report. */
import { dot, ruleX, ruleY, text } from '@observablehq/plot';
import { useMemo } from 'preact/hooks';
import { Chart } from '../parts/chart.js';
import { interval, percent } from '../parts/figures.js';
import { along, shareAxis } from './axes.js';
import { lookOf, type NamedReport, ofRun, runLegend } from './named.js';
import { namesOf } from './series.js';
import { BASELINE, CONTROL, inGroups, METHOD, wordsOf } from './ways.js';

const ROW = 24;
/** Half the way between the rows of two runs. */
const APART = 5;

export function AccuracyChart({ runs }: { runs: readonly NamedReport[] }) {
  const picture = useMemo(() => pictureOf(runs), [runs]);
  return (
    <Chart
      title="Right answers by way to answer"
      summary={`${runs.map((run) => said(run, runs)).join(' ')} Marks are accuracies, bars 95% intervals${
        runs.length === 1 ? ', the dashed line is the draft; diamond: the method' : ''
      }; hollow: bounds, which no choice can pass.`}
      picture={picture}
      legend={runLegend(runs)}
      table={{
        caption: 'Accuracy of each way to answer, with its 95% interval',
        headers: ['row', ...runs.map(({ run }) => (runs.length < 2 ? 'accuracy' : run))],
        rows: namesOf(runs.map(({ of }) => of.rows)).map((name) => [
          name,
          ...runs.map(({ of }) => {
            const row = of.rows.find((one) => one.name === name);
            return row ? `${percent(row.accuracy)} ${interval(row.low, row.high)}` : '–';
          }),
        ]),
      }}
    />
  );
}

function said({ run, of }: NamedReport, runs: readonly NamedReport[]): string {
  const row = (name: string) => of.rows.find((one) => one.name === name);
  const [method, draft, control] = [row(METHOD), row(BASELINE), row(CONTROL)];
  if (!method || !draft) return '';
  const instead = control
    ? `, the student trained on instead on ${percent(control.accuracy)} as best of three`
    : '; there is no row of the student trained on instead';
  return `${ofRun(runs, run)}${METHOD} is right on ${percent(method.accuracy)} of the problems, the draft on ${percent(draft.accuracy)}${instead}.`;
}

function pictureOf(runs: readonly NamedReport[]) {
  const groups = inGroups(namesOf(runs.map(({ of }) => of.rows)).map((name) => ({ name })));
  // A blank of another length is a row of its own: a gap between groups.
  const domain = groups.flatMap((group, i) => [
    ...(i === 0 ? [] : [' '.repeat(i)]),
    ...group.map(({ name }) => name),
  ]);
  const height = domain.length * (runs.length < 2 ? ROW : ROW + APART) + 60;
  return (width: number) => ({
    height,
    marginLeft: 128,
    marginRight: runs.length < 2 ? 52 : 16,
    marginTop: 8,
    marginBottom: 40,
    x: {
      ...shareAxis('accuracy'),
      ...along('accuracy'),
      nice: true,
      ticks: width < 480 ? 4 : 8,
    },
    y: { domain, label: null, tickSize: 0, tickFormat: (name: string) => name.trim() },
    marks: runs.flatMap(({ run, of }, i) => {
      const { color, shape } = lookOf(i);
      const dy = runs.length < 2 ? 0 : (2 * i - 1) * APART;
      const rows = of.rows.filter(({ name }) => domain.includes(name));
      const bound = ({ name }: { name: string }) => wordsOf(name)?.group === 'bounds';
      const title = (row: (typeof rows)[number]) =>
        `${ofRun(runs, run)}${row.name}\n${wordsOf(row.name)?.meaning}\n${percent(row.accuracy)} ${interval(row.low, row.high)}`;
      const draft = rows.find(({ name }) => name === BASELINE);
      return [
        ...(draft && runs.length < 2
          ? [ruleX([draft.accuracy], { stroke: 'var(--faint)', strokeDasharray: '4 3' })]
          : []),
        ruleY(rows, {
          y: 'name',
          x1: 'low',
          x2: 'high',
          dy,
          stroke: color,
          strokeWidth: 5,
          strokeOpacity: 0.3,
        }),
        dot(rows, {
          y: 'name',
          x: 'accuracy',
          dy,
          r: 4.5,
          symbol:
            runs.length < 2
              ? (row: { name: string }) => (row.name === METHOD ? 'diamond' : 'circle')
              : shape,
          stroke: color,
          strokeWidth: 1.5,
          fill: (row) => (bound(row) ? 'var(--paper)' : color),
          title,
          tip: true,
        }),
        ...(runs.length < 2
          ? [false, true].map((strong) =>
              text(
                rows.filter(({ name }) => (name === METHOD) === strong),
                {
                  y: 'name',
                  text: (row) => percent(row.accuracy),
                  frameAnchor: 'right',
                  textAnchor: 'end',
                  dx: 48,
                  fontWeight: strong ? 700 : 400,
                },
              ),
            )
          : []),
      ];
    }),
    symbol: { type: 'identity' as const },
    color: { type: 'identity' as const },
  });
}
