/** What the refiners do to drafts, and which wrong ones each of them makes right. */
import { barX, text } from '@observablehq/plot';
import { useMemo } from 'preact/hooks';
import { Chart } from '../parts/chart.js';
import { percent, whole } from '../parts/figures.js';
import { Table } from '../parts/table.js';
import { type NamedReport, ofRun, sentence } from './named.js';
import { fixesOf } from './series.js';

const looks = [
  { by: 'global alone', color: 'var(--series-1)', area: 0.85 },
  { by: 'both', color: 'var(--series-3)', area: 0.85 },
  { by: 'local alone', color: 'var(--series-2)', area: 0.85 },
  { by: 'neither', color: 'var(--faint)', area: 0.2 },
] as const;

export function FixesChart({ runs }: { runs: readonly NamedReport[] }) {
  const picture = useMemo(() => pictureOf(runs), [runs]);
  return (
    <Chart
      title="Who makes wrong drafts right"
      summary={runs
        .map(({ run, of }) => {
          const { neither, global } = of.refiners;
          return sentence(
            runs,
            run,
            `of ${whole(global.wrongDrafts)} wrong drafts ${percent(1 - neither)} are made right by one refiner or both.`,
          );
        })
        .join(' ')}
      picture={picture}
      legend={looks.map(({ by, ...look }) => ({ ...look, label: by }))}
      table={{
        caption: 'Shares of the wrong drafts by who makes them right',
        headers: ['by', ...runs.map(({ run }) => (runs.length < 2 ? 'share' : run))],
        rows: looks.map(({ by }) => [
          by,
          ...runs.map(({ of }) => percent(fixesOf(of).find((part) => part.by === by)?.share)),
        ]),
      }}
    />
  );
}

function pictureOf(runs: readonly NamedReport[]) {
  const parts = runs.flatMap(({ run, of }) => fixesOf(of).map((part) => ({ ...part, run })));
  return (width: number) => ({
    height: 54 * runs.length + 40,
    marginLeft: runs.length < 2 ? 8 : 100,
    marginRight: 16,
    marginTop: 4,
    marginBottom: 34,
    x: {
      domain: [0, 1],
      label: null,
      ticks: 5,
      tickFormat: (share: number) => percent(share, 0),
    },
    y: {
      domain: runs.map(({ run }) => run),
      label: null,
      tickSize: 0,
      axis: runs.length < 2 ? null : ('left' as const),
    },
    marks: [
      ...looks.map(({ by, color, area }) =>
        barX(
          parts.filter((part) => part.by === by),
          {
            x1: 'from',
            x2: 'to',
            y: 'run',
            fill: color,
            fillOpacity: area,
            insetLeft: 1,
            insetRight: 1,
            title: (part: (typeof parts)[number]) => `${part.by}: ${percent(part.share)}`,
            tip: true,
          },
        ),
      ),
      text(
        parts.filter(({ share }) => share * width > 48),
        {
          x: (part: (typeof parts)[number]) => (part.from + part.to) / 2,
          y: 'run',
          text: (part: (typeof parts)[number]) => percent(part.share, 0),
          fill: (part: (typeof parts)[number]) =>
            part.by === 'neither' ? 'var(--ink)' : 'var(--paper)',
          fontWeight: 600,
        },
      ),
    ],
    color: { type: 'identity' as const },
  });
}

export function RefinersTable({ runs }: { runs: readonly NamedReport[] }) {
  return (
    <Table
      caption="Refinements of every draft, as shares of all problems unless said"
      headers={[
        'refiner',
        'before',
        'after',
        'wrong to right',
        'right to wrong',
        'fixed, of wrong drafts',
        'given back unchanged',
      ]}
      rows={runs.flatMap(({ run, of }) =>
        (['global', 'local'] as const).map((name) => {
          const refiner = of.refiners[name];
          return [
            `${ofRun(runs, run)}${name}`,
            percent(refiner.before),
            percent(refiner.after),
            percent(refiner.wrongToRight),
            percent(refiner.rightToWrong),
            percent(refiner.wrongFixed),
            percent(refiner.unchanged),
          ];
        }),
      )}
    />
  );
}
