/** Accuracy against generated tokens, where the reports have a curve: mean over the seeds. */
import {
  type Curve,
  type CurvePoint,
  type RefinedPoint,
  renderMarkdownTable,
} from '../../evaluate/index.js';
import type { Report } from '../../pipeline/index.js';
import { meanOf, points, share, spread } from './text.js';

/** Ways of spending tokens. */
const ways: Readonly<Record<keyof Curve, string>> = {
  majority: 'majority of k samples',
  bestOf: 'the ORM chooses of k samples',
  rounds: 'rounds of refinement',
  budgets: 'rounds with a stop rule for the budget',
};

export function curveTable(reports: readonly Report[]): string {
  const lines = (Object.keys(ways) as (keyof Curve)[]).flatMap((way) =>
    reports[0]!.curve[way].flatMap(({ name }) => {
      const found = reports.flatMap(({ curve }) => {
        const list: readonly (CurvePoint & Partial<RefinedPoint>)[] = curve[way];
        const point = list.find((item) => item.name === name);
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
          ways[way],
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
