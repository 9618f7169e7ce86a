/** Ways to answer, what refiners do, and paired comparisons: the main run on all seeds. */
import { renderMarkdownTable } from '../../evaluate/index.js';
import { type Estimate, estimate, type Figure, fixedBy } from '../figures.js';
import type { MeasuredPair, MeasuredRow, measuredRefiners } from '../measured.js';
import { meanProcessed } from '../tokens.js';
import { bounds, certainty, points, share, spread } from './text.js';
import type { VariantView } from './view.js';

const tokens = (count: number | undefined): string => count?.toFixed(0) ?? '-';

export function answersTable(rows: readonly MeasuredRow[]): string {
  return renderMarkdownTable(
    [
      'row',
      'what',
      'accuracy',
      '95% interval',
      'seeds',
      'tokens/problem',
      'processed/problem',
      'ms/problem',
    ],
    rows.map((row) => {
      const strong = (text: string) => (row.isMethod ? `**${text}**` : text);
      return [
        strong(row.name),
        row.meaning,
        strong(share(row.accuracy.value)),
        bounds(row.accuracy),
        spread(row.accuracy.bySeed),
        tokens(row.generatedTokens),
        tokens(row.processedTokens),
        (1000 * row.seconds).toFixed(1),
      ];
    }),
    { align: ['left', 'left'] },
  );
}

export function comparisonsTable(pairs: readonly MeasuredPair[], { reports }: VariantView): string {
  return renderMarkdownTable(
    ['a - b', 'difference', '95% interval', 'seeds', 'p', 'processed by a', 'by b'],
    pairs.map(({ a, b, difference }) => [
      `${a} - ${b}`,
      points(difference.value),
      bounds(difference, points),
      spread(difference.bySeed, points),
      certainty(difference),
      tokens(meanProcessed(reports, a)),
      tokens(meanProcessed(reports, b)),
    ]),
  );
}

export function refinersTable(refiners: ReturnType<typeof measuredRefiners>): string {
  const both = (found: Estimate | undefined) => `${share(found?.value)} ${bounds(found)}`;
  return renderMarkdownTable(
    [
      'refiner',
      'before',
      'after',
      'wrong to right',
      'right to wrong',
      'wrong drafts fixed',
      'right drafts broken',
    ],
    refiners.map(({ name, before, after, wrongToRight, rightToWrong, wrongFixed, rightBroken }) => [
      name,
      ...[before, after, wrongToRight, rightToWrong].map((found) => share(found?.value)),
      both(wrongFixed),
      both(rightBroken),
    ]),
  );
}

export function overlapTable({ reports }: VariantView): string {
  const kinds: [string, Figure][] = [
    ['the global refiner only', fixedBy(true, false)],
    ['the local refiner only', fixedBy(false, true)],
    ['each of them', fixedBy(true, true)],
    ['neither', fixedBy(false, false)],
  ];
  return renderMarkdownTable(
    ['wrong drafts fixed by', 'share', '95% interval', 'seeds'],
    kinds.map(([name, figure]) => {
      const found = estimate(reports, figure);
      return [name, share(found?.value), bounds(found), spread(found?.bySeed)];
    }),
  );
}
