/** Each variant beside the run that it changes, on the same problems. */
import { criticNames, renderMarkdownTable } from '../../evaluate/index.js';
import type { Report } from '../../pipeline/index.js';
import {
  accuracy,
  candidatesAuc,
  difference,
  estimate,
  type Figure,
  firstErrorF1,
  fixed,
  headroom,
  stepAccuracy,
  withinAuc,
} from '../figures.js';
import type { RunRecord } from '../record.js';
import { bounds, certainty, counted, decimals, points, share, spread } from './text.js';
import type { VariantView } from './view.js';

/** A figure of a variant's table, and how it is written. */
type Line = readonly [name: string, figure: Figure, isShare?: false];

/** What a variant's `figures` stand for. */
function linesOf(name: string): Line[] {
  const critic = criticNames.find((one) => one === name);
  if (critic) {
    const title = critic.toUpperCase();
    return [
      [`${title}, step accuracy`, stepAccuracy(critic)],
      [`${title}, first-error F1`, firstErrorF1(critic)],
      [`${title}, AUC within problems`, withinAuc(critic), false],
      ...(critic === 'orm' ? [['ORM, AUC within candidates', candidatesAuc, false] as const] : []),
    ];
  }
  if (name === 'fixed') {
    return [
      ['wrong drafts fixed: global', fixed('global')],
      ['wrong drafts fixed: local', fixed('local')],
      ['wrong drafts fixed: either', fixed('oracle')],
    ];
  }
  if (name === 'headroom') return [['headroom realised by rerank', headroom('rerank')]];
  return [[name, accuracy(name)]];
}

/** Heading, what is different, what was done anew, and the table. */
export function ablation({ variant, finished, reports, records }: VariantView): string {
  const { name, about, against, figures, until } = variant!;
  const compared = finished.flatMap(({ report, record }) =>
    report && record.before ? [{ report, before: record.before }] : [],
  );
  const parts = [`### ${name}`, about];
  const [record] = records;
  if (!record) return [...parts, 'Not finished.'].join('\n\n');
  parts.push(doneAnew(record, against));
  if (until)
    return [...parts, 'Its labels are in the table of [step labels](#step-labels).'].join('\n\n');
  const size = `${counted(reports.length, 'seed')} with ${counted(reports[0]?.problems ?? 0, 'problem')} each; the difference is \`${name}\` less \`${against}\`.`;
  return [...parts, size, table(name, against, figures.flatMap(linesOf), compared)].join('\n\n');
}

function table(
  name: string,
  against: string,
  lines: readonly Line[],
  compared: readonly {
    readonly report: Report;
    readonly before: NonNullable<RunRecord['before']>;
  }[],
): string {
  const after = compared.map(({ report }) => report);
  const before = compared.map((item) => item.before);
  return renderMarkdownTable(
    ['figure', against, name, 'difference', '95% interval', 'seeds', 'p'],
    lines.flatMap(([what, figure, isShare]) => {
      const gained = difference({ reports: after, figure }, { reports: before, figure });
      if (!gained) return [];
      const of = isShare === false ? decimals : share;
      const less = isShare === false ? (value: number) => decimals(value) : points;
      return [
        [
          what,
          of(estimate(before, figure)!.value),
          of(estimate(after, figure)!.value),
          less(gained.value),
          bounds(gained, less),
          spread(gained.bySeed, less),
          certainty(gained),
        ],
      ];
    }),
  );
}

/** "Done anew: sorm, evaluation. Taken from main as they are, though .." */
function doneAnew({ stages }: RunRecord, against: string): string {
  const named = (taken: 'same' | 'kept' | null) =>
    stages.filter((stage) => stage.taken === taken).map((stage) => `\`${stage.name}\``);
  const [anew, kept] = [named(null), named('kept')];
  return [
    `Done anew: ${anew.join(', ') || 'nothing'}.`,
    ...(kept.length > 0
      ? [
          `Kept as \`${against}\` has them, though what they are made of is different here: ${kept.join(', ')}.`,
        ]
      : []),
    'All else is the same.',
  ].join(' ');
}
