/** Ways to answer, what refiners do, paired comparisons, and accuracy against tokens: the main run on all seeds. */
import {
  meaningOf,
  methodFirst,
  renderMarkdownTable,
  rowName,
  significance,
  standardWays,
  wayOf,
} from '../../evaluate/index.js';
import {
  accuracy,
  difference,
  estimate,
  type Figure,
  fixed,
  fixedBy,
  rightToWrong,
  wrongToRight,
} from '../figures.js';
import { bounds, points, share, spread } from './text.js';
import { meanTokens, rivalsOf, samplesIn } from './tokens.js';
import type { VariantView } from './view.js';

export function answersTable({ reports }: VariantView): string {
  const [first] = reports;
  return renderMarkdownTable(
    ['row', 'what', 'accuracy', '95% interval', 'seeds', 'tokens/problem'],
    (first?.rows ?? []).flatMap(({ name }) => {
      const found = estimate(reports, accuracy(name));
      const tokens = meanTokens(reports, name);
      if (!found || tokens === undefined) return [];
      const strong = (text: string) => (wayOf(name)?.way.role === 'method' ? `**${text}**` : text);
      return [
        [
          strong(name),
          meaningOf(name),
          strong(share(found.value)),
          bounds(found),
          spread(found.bySeed),
          tokens.toFixed(0),
        ],
      ];
    }),
    { align: ['left', 'left'] },
  );
}

export function comparisonsTable({ reports }: VariantView): string {
  const most = samplesIn(reports);
  const tokensOf = (row: string) => meanTokens(reports, row)?.toFixed(0) ?? '-';
  const pairs = methodFirst(standardWays).flatMap((way) => {
    const { against = [], againstInStudies = [] } = way;
    const others = [...against, ...againstInStudies].map((name) => rowName({ name }, most));
    // The method also beside as many samples as need the tokens that it needs.
    const rivals = way.role === 'method' ? rivalsOf(reports) : [];
    const all = [...others, ...rivals.filter((rival) => !others.includes(rival))];
    return all.map((other) => [rowName(way, most), other] as const);
  });
  return renderMarkdownTable(
    ['a - b', 'difference', '95% interval', 'seeds', 'p', 'tokens of a', 'of b'],
    pairs.flatMap(([a, b]) => {
      const found = difference({ reports, figure: accuracy(a) }, { reports, figure: accuracy(b) });
      if (!found) return [];
      return [
        [
          `${a} - ${b}`,
          points(found.value),
          bounds(found, points),
          spread(found.bySeed, points),
          significance(found.p),
          tokensOf(a),
          tokensOf(b),
        ],
      ];
    }),
  );
}

export function refinersTable({ reports }: VariantView): string {
  const columns: [string, (row: string) => Figure][] = [
    ['before', () => accuracy('draft')],
    ['after', accuracy],
    ['wrong to right', wrongToRight],
    ['right to wrong', rightToWrong],
    ['wrong drafts fixed', fixed],
  ];
  const refiners = standardWays.filter(({ group }) => group === 'refiners');
  return renderMarkdownTable(
    ['refiner', ...columns.map(([name]) => name), '95% interval', 'seeds'],
    refiners.flatMap(({ name }) => {
      const found = columns.map(([, figure]) => estimate(reports, figure(name)));
      const last = found.at(-1);
      return last
        ? [[name, ...found.map((item) => share(item?.value)), bounds(last), spread(last.bySeed)]]
        : [];
    }),
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
