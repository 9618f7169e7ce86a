/** Accuracy against generated tokens, where the reports have a curve: mean over the seeds. */
import {
  curveLines,
  type Point,
  type RefinedPoint,
  renderMarkdownTable,
} from '../../evaluate/index.js';
import type { Report } from '../../pipeline/index.js';
import { meanOf } from '../figures.js';
import { points, share, spread } from './text.js';

export function curveTable(reports: readonly Report[]): string {
  const [first] = reports;
  const lines = curveLines.flatMap(([line, meaning]) =>
    (first?.curve[line] ?? []).flatMap(({ name }) => {
      const found = reports.flatMap(({ curve }) => {
        const list: readonly (Point & Partial<RefinedPoint>)[] = curve[line];
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
          meaning,
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
