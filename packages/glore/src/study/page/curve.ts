/** Accuracy against generated tokens, where the reports have a curve: mean over the seeds. */
import { renderMarkdownTable } from '../../evaluate/index.js';
import type { Report } from '../../pipeline/index.js';
import { meanOf, points, share, spread } from './text.js';

interface Point {
  readonly name: string;
  readonly accuracy: number;
  readonly generatedTokens: number;
  /** Of points of refinement: sampling's accuracies at the same tokens. */
  readonly equal?: { readonly majority?: number | null; readonly bestOf?: number | null };
}

/** Points by way of spending tokens. */
type Curve = Readonly<Record<string, readonly Point[]>>;

const ways: Readonly<Record<string, string>> = {
  majority: 'majority of k samples',
  bestOf: 'the ORM chooses of k samples',
  rounds: 'rounds of refinement',
  budgets: 'rounds with a stop rule for the budget',
};

/** Undefined where a report has no curve. */
export function curveTable(reports: readonly Report[]): string | undefined {
  const curves = reports.map((report) => (report as { curve?: Curve }).curve);
  const [first] = curves;
  if (!first || curves.includes(undefined)) return undefined;
  const lines = Object.entries(first).flatMap(([way, list]) =>
    list.flatMap(({ name }) => {
      const found = curves.flatMap((curve) => {
        const point = curve![way]?.find((item) => item.name === name);
        return point ? [point] : [];
      });
      if (found.length < reports.length) return [];
      const gain = (rival: 'bestOf' | 'majority') =>
        points(
          meanOf(found, ({ accuracy, equal }) => {
            const other = equal?.[rival];
            return other == null ? undefined : accuracy - other;
          }),
        );
      return [
        [
          name,
          ways[way] ?? way,
          meanOf(found, ({ generatedTokens }) => generatedTokens)!.toFixed(0),
          share(meanOf(found, ({ accuracy }) => accuracy)),
          spread(found.map(({ accuracy }) => accuracy)),
          gain('bestOf'),
          gain('majority'),
        ],
      ];
    }),
  );
  return renderMarkdownTable(
    ['point', 'what', 'tokens/problem', 'accuracy', 'seeds', 'over best-of-k', 'over majority'],
    lines,
    { align: ['left', 'left'] },
  );
}
