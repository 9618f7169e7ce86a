/** The critics side by side, and the SORM's fitted threshold against 0.5. */
import { type CriticName, renderMarkdownTable } from '../../evaluate/index.js';
import type { Report } from '../../pipeline/index.js';
import {
  difference,
  type Estimate,
  estimate,
  type Figure,
  firstErrorF1,
  meanOf,
  stepAccuracy,
} from '../figures.js';
import type { MeasuredCritic, MeasuredCritics } from '../measured.js';
import { bounds, certainty, counted, decimals, points, share, spread } from './text.js';
import type { VariantView } from './view.js';

export function criticsTable({ orm, sorm, others }: MeasuredCritics): string {
  const cells = (name: string, { critic, reports, ...found }: MeasuredCritic): string[] => {
    const of = (one: Estimate | undefined, text: (value: number) => string = share) =>
      one ? `${text(one.value)} ${bounds(one, text)}` : '-';
    const average = (pick: (report: Report['critics'][CriticName]) => number | undefined | null) =>
      meanOf(reports, ({ critics }) => pick(critics[critic]));
    return [
      name,
      of(found.stepAccuracy),
      of(found.firstErrorF1),
      share(average(({ firstError }) => firstError.wrong)),
      share(average(({ firstError }) => firstError.right)),
      share(average(({ finalAccuracy }) => finalAccuracy)),
      decimals(average(({ auc }) => auc)),
      of(found.withinProblemAuc, decimals),
      of(found.withinCandidatesAuc, decimals),
      decimals(average(({ ece }) => ece)),
      `${reports.length} x ${reports[0]?.problems ?? 0}`,
    ];
  };
  return renderMarkdownTable(
    [
      'critic',
      'step accuracy',
      'first-error F1',
      'wrong located',
      'right accepted',
      'final accuracy',
      'AUC',
      'AUC within problems',
      'AUC within candidates',
      'ECE',
      'seeds x problems',
    ],
    [
      cells('ORM', orm),
      ...others.map((other) => cells(`ORM of ${other.of}`, other)),
      cells('SORM', sorm),
    ],
  );
}

/** What fitting a threshold on dev problems gains over 0.5, from the values in the records. */
export function thresholdTable({ reports }: VariantView): string {
  const lines: [string, CriticName, (critic: CriticName, half?: boolean) => Figure][] = [
    ['SORM, step accuracy', 'sorm', stepAccuracy],
    ['SORM, first-error F1', 'sorm', firstErrorF1],
    ['ORM, step accuracy', 'orm', stepAccuracy],
    ['ORM, first-error F1', 'orm', firstErrorF1],
  ];
  return renderMarkdownTable(
    ['figure', 'at 0.5', 'fitted', 'difference', '95% interval', 'seeds', 'p', 'thresholds'],
    lines.map(([name, critic, figure]) => {
      const fitted = estimate(reports, figure(critic));
      const half = estimate(reports, figure(critic, true));
      const gained = difference(
        { reports, figure: figure(critic) },
        { reports, figure: figure(critic, true) },
      );
      const kind = figure === stepAccuracy ? 'step' : 'locate';
      return [
        name,
        share(half?.value),
        share(fitted?.value),
        points(gained?.value),
        bounds(gained, points),
        spread(gained?.bySeed, points),
        certainty(gained),
        reports.map(({ thresholds }) => decimals(thresholds[kind][critic], 2)).join(', '),
      ];
    }),
  );
}

/** "3 seeds with 1,500 test problems each" */
export const sizeOf = ({ reports }: VariantView): string =>
  reports.length === 0
    ? 'nothing'
    : `${counted(reports.length, 'seed')} with ${counted(reports[0]!.problems, 'test problem')} each`;
