/** Accuracy against generated tokens: samples that are chosen among, and rounds of refinement. */
import { dot, line, ruleX } from '@observablehq/plot';
import { useMemo } from 'preact/hooks';
import type { RunReport } from '../../../glore/src/view/wire.js';
import { Chart } from '../parts/chart.js';
import { chance, interval, percent, points, whole } from '../parts/figures.js';
import type { LegendItem } from '../parts/legend.js';
import { ABOVE, BELOW, byRun, inRun, LEFT, shareAxis, tokensAxis } from './axes.js';
import { ifTwo, type NamedReport, sentence } from './named.js';
import { tenthsAround } from './series.js';
import { CONTROL } from './ways.js';

const lines = [
  {
    key: 'majority',
    label: 'majority of k samples',
    color: 'var(--series-3)',
    shape: 'circle',
    dash: '2 3',
  },
  {
    key: 'bestOf',
    label: 'the ORM chooses of k samples',
    color: 'var(--series-1)',
    shape: 'square',
    dash: '6 3',
  },
  {
    key: 'rounds',
    label: 'rounds of refinement',
    color: 'var(--series-2)',
    shape: 'diamond',
    dash: '',
  },
  {
    key: 'budgets',
    label: 'rounds that stop, for a budget',
    color: 'var(--series-4)',
    shape: 'triangle',
    dash: '1 3',
  },
] as const satisfies readonly (LegendItem & { key: keyof RunReport['curve'] })[];

export function TokensChart({ runs }: { runs: readonly NamedReport[] }) {
  const picture = useMemo(() => curvePicture(runs), [runs]);
  const there = lines.filter(({ key }) => runs.some(({ of }) => of.curve[key].length > 0));
  return (
    <Chart
      title="Accuracy against generated tokens"
      summary={`More samples, or more rounds: up and to the left is better. Thin lines are 95% intervals; tokens are the mean of a problem, in powers of two. ${runs
        .map((run) => said(run, runs))
        .join(' ')}`}
      picture={picture}
      legend={there}
      table={{
        caption: 'Accuracy against generated tokens, and against best-of-k with at least as many',
        headers: [
          'point',
          ...ifTwo(runs, 'run'),
          'accuracy',
          '95% interval',
          'tokens',
          'compared with',
          'difference (points)',
          'p',
        ],
        words: runs.length < 2 ? [4] : [1, 5],
        rows: runs.flatMap(({ run, of }) =>
          lines.flatMap(({ key }) =>
            of.curve[key].map((point) => {
              const against = 'against' in point ? point.against : undefined;
              return [
                point.name,
                ...ifTwo(runs, run),
                percent(point.accuracy),
                interval(point.low, point.high),
                whole(point.generatedTokens),
                against?.name ?? '–',
                against
                  ? `${points(against.difference)} [${points(against.low)}, ${points(against.high)}]`
                  : '–',
                against ? chance(against.p) : '–',
              ];
            }),
          ),
        ),
      }}
    />
  );
}

function said({ run, of }: NamedReport, runs: readonly NamedReport[]): string {
  const [, once] = of.curve.rounds;
  if (!once) return '';
  const { bestOf } = once.equal;
  const control = of.rows.find(({ name }) => name === CONTROL);
  const beside = [
    ...(bestOf === undefined
      ? []
      : [`the ORM's choice of samples for as many tokens ${percent(bestOf)}`]),
    ...(control
      ? [
          `the best of three of the student trained on instead, which has no line here, ${percent(control.accuracy)} for ${whole(control.generatedTokens)}`,
        ]
      : []),
  ];
  return sentence(
    runs,
    run,
    `one round has ${percent(once.accuracy)} for ${whole(once.generatedTokens)} tokens${beside.map((one) => `, ${one}`).join('')}.`,
  );
}

function curvePicture(runs: readonly NamedReport[]) {
  const all = runs.flatMap(({ run, of }) =>
    lines.flatMap((look) => of.curve[look.key].map((point) => ({ ...point, run, look }))),
  );
  const y = tenthsAround(all.flatMap(({ low, high }) => [low, high]));
  return (width: number) => ({
    height: 340,
    marginLeft: LEFT,
    marginTop: ABOVE,
    marginBottom: BELOW,
    ...byRun(runs),
    x: tokensAxis('generated tokens a problem', width / runs.length),
    y: { ...shareAxis('accuracy'), domain: y },
    marks: lines.flatMap((look) => {
      const points = all.filter((point) => point.look === look);
      const along = { x: 'generatedTokens', ...inRun(runs) };
      const at = { ...along, y: 'accuracy' };
      return [
        ruleX(points, {
          ...along,
          y1: 'low',
          y2: 'high',
          stroke: look.color,
          strokeOpacity: 0.35,
        }),
        line(points, {
          ...at,
          stroke: look.color,
          strokeWidth: 2,
          ...(look.dash !== '' && { strokeDasharray: look.dash }),
        }),
        dot(points, {
          ...at,
          r: 4,
          fill: look.color,
          symbol: look.shape,
          title: (point) =>
            `${point.name}\n${percent(point.accuracy)} ${interval(point.low, point.high)}\n${whole(point.generatedTokens)} tokens`,
          tip: true,
        }),
      ];
    }),
  });
}
