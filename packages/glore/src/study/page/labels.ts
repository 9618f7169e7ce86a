/** Step labels of the main run and of every variant that labels anew. */
import { renderMarkdownTable } from '../../evaluate/index.js';
import { meanOf } from '../figures.js';
import { MAIN } from '../study.js';
import { share, spread, whole } from './text.js';
import type { StudyView, VariantView } from './view.js';

export function labelsTable({ main, variants }: StudyView): string {
  const labelled = [main, ...variants].filter(({ records }) =>
    records.some(({ stages }) => stages.some(({ name, taken }) => name === 'labels' && !taken)),
  );
  const cells = ({ variant, records }: VariantView): string[] => {
    const all = records.map(({ labels }) => labels!);
    const first = all[0]!;
    const agreed = records.flatMap(({ agreement }) => (agreement ? [agreement] : []));
    return [
      variant?.name ?? MAIN,
      first.method,
      String(first.count),
      whole(meanOf(all, ({ labels }) => labels)!),
      share(meanOf(all, ({ accuracy }) => accuracy)),
      share(meanOf(all, ({ accuracyOfWrong }) => accuracyOfWrong)),
      spread(all.map(({ accuracyOfWrong }) => accuracyOfWrong ?? Number.NaN)),
      share(meanOf(all, ({ firstErrors }) => firstErrors)),
      whole(meanOf(all, ({ generatedTokens }) => generatedTokens)!),
      agreed.length > 0
        ? `${share(meanOf(agreed, ({ equal }) => equal))} of ${variant!.against}'s`
        : '-',
      String(records.length),
    ];
  };
  return renderMarkdownTable(
    [
      'labels of',
      'rollouts',
      'K',
      'labels',
      'true',
      'of wrong samples',
      'by seed',
      'first errors exact',
      'tokens',
      'equal',
      'seeds',
    ],
    labelled.map(cells),
    { align: ['left', 'left'] },
  );
}
