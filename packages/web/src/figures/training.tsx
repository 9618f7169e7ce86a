/** How the models have learned: the loss of each training, and of what is held out. */
import { dot, line } from '@observablehq/plot';
import { useMemo } from 'preact/hooks';
import type { TrainingCurve } from '../../../glore/src/view/wire.js';
import { Chart } from '../parts/chart.js';
import { fixed, whole } from '../parts/figures.js';
import { ABOVE, along, BELOW, LEFT } from './axes.js';
import { ifTwo, lookOf, type Named, ofRun } from './named.js';
import { namesOf } from './series.js';

type NamedCurves = Named<readonly TrainingCurve[]>;

export function TrainingCharts({ runs }: { runs: readonly NamedCurves[] }) {
  return (
    <div class="small-charts">
      {namesOf(runs.map(({ of }) => of)).map((name) => (
        <Training key={name} name={name} runs={runs} />
      ))}
    </div>
  );
}

function Training({ name, runs }: { name: string; runs: readonly NamedCurves[] }) {
  const curves = useMemo(
    () =>
      runs.flatMap(({ run, of }, i) => {
        const curve = of.find((one) => one.name === name);
        return curve ? [{ run, points: curve.points, look: lookOf(i) }] : [];
      }),
    [name, runs],
  );
  const picture = useMemo(() => pictureOf(curves), [curves]);
  const named = curves.map(({ run, points }) => ({ run, of: points }));
  const said = curves.map(({ run, points }) => {
    const last = points.at(-1);
    const heldOut = points.findLast((point) => point.heldOut !== undefined)?.heldOut;
    if (!last) return `${ofRun(runs, run)}just begun.`;
    return `${ofRun(runs, run)}${whole(last.step)} updates, loss ${fixed(last.loss)}${heldOut === undefined ? '' : `, held out ${fixed(heldOut)}`}.`;
  });
  return (
    <Chart
      title={name}
      summary={said.join(' ')}
      picture={picture}
      legend={curves.flatMap(({ run, look }) => [
        { label: `${ofRun(runs, run)}loss`, color: look.color, dash: '' },
        { label: `${ofRun(runs, run)}held out`, ...look, dash: '4 3', hollow: true },
      ])}
      table={{
        caption: `Training of ${name}: nats per target`,
        headers: ['update', ...ifTwo(runs, 'run'), 'targets', 'loss', 'held out'],
        words: ifTwo(runs, 1),
        rows: named.flatMap(({ run, of }) =>
          of.map(({ step, tokens, loss, heldOut }) => [
            whole(step),
            ...ifTwo(runs, run),
            whole(tokens),
            fixed(loss, 4),
            fixed(heldOut, 4),
          ]),
        ),
      }}
    />
  );
}

interface Drawn {
  readonly run: string;
  readonly points: TrainingCurve['points'];
  readonly look: ReturnType<typeof lookOf>;
}

function pictureOf(curves: readonly Drawn[]) {
  return () => ({
    height: 200,
    marginLeft: LEFT,
    marginTop: ABOVE,
    marginBottom: BELOW,
    x: { ...along('updates'), ticks: 4, tickFormat: whole, zero: true },
    y: { label: 'nats per target', labelArrow: 'none' as const, grid: true, zero: true, ticks: 5 },
    marks: curves.flatMap(({ points, look: { color, shape } }) => {
      const heldOut = points.filter((point) => point.heldOut !== undefined);
      return [
        line(points, { x: 'step', y: 'loss', stroke: color, strokeWidth: 1.5 }),
        line(heldOut, { x: 'step', y: 'heldOut', stroke: color, strokeDasharray: '4 3' }),
        dot(heldOut, {
          x: 'step',
          y: 'heldOut',
          stroke: color,
          fill: 'var(--paper)',
          symbol: shape,
          r: 3.5,
          title: (point: TrainingCurve['points'][number]) =>
            `update ${whole(point.step)}\nloss ${fixed(point.loss)}\nheld out ${fixed(point.heldOut)}`,
          tip: true,
        }),
      ];
    }),
  });
}
