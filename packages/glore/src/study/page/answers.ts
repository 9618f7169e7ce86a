/** Ways to answer, what refiners do, paired comparisons, and accuracy against tokens: the main run on all seeds. */
import { meaningOf, renderMarkdownTable, significance } from '../../evaluate/index.js';
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
import { samplesFor } from './targets.js';
import { bounds, meanOf, points, share, spread } from './text.js';
import type { VariantView } from './view.js';

export function answersTable({ reports }: VariantView): string {
  return renderMarkdownTable(
    ['row', 'what', 'accuracy', '95% interval', 'seeds', 'tokens/problem'],
    reports[0]!.rows.flatMap(({ name }) => {
      const found = estimate(reports, accuracy(name));
      const tokens = meanOf(
        reports,
        ({ rows }) => rows.find((row) => row.name === name)?.generatedTokens,
      );
      if (!found || tokens === undefined) return [];
      const strong = (text: string) => (name === 'rerank' ? `**${text}**` : text);
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

export function comparisonsTable(main: VariantView): string {
  const { reports } = main;
  const most = reports[0]!.rows
    .find(({ name }) => name.startsWith('best-of-'))
    ?.name.slice('best-of-'.length);
  const rival = samplesFor(main);
  const pairs: (readonly [string, string])[] = [
    ['rerank', 'draft'],
    ['rerank', 'bo3'],
    ...(rival === undefined || String(rival) === most
      ? []
      : ([
          ['rerank', `best-of-${rival}`],
          ['rerank', `majority@${rival}`],
        ] as const)),
    ['rerank', `best-of-${most}`],
    ['rerank', `majority@${most}`],
    ['rerank', 'rerank-global'],
    ['rerank', 'rerank-local'],
    ['rerank', 'gate'],
    ['gate', 'draft'],
    ['rerank-both', 'rerank'],
    ['rerank-both', `both-of-${most}`],
    [`both-of-${most}`, `best-of-${most}`],
    ['global', 'draft'],
    ['local', 'draft'],
    ['global', 'local'],
    ['local', 'local-orm'],
    ['local-truth', 'local'],
    ['bo3', 'sample'],
    [`best-of-${most}`, 'sample'],
    ['oracle', 'rerank'],
  ];
  return renderMarkdownTable(
    ['a - b', 'difference', '95% interval', 'seeds', 'p', 'tokens of a', 'of b'],
    pairs.flatMap(([a, b]) => {
      const found = difference({ reports, figure: accuracy(a) }, { reports, figure: accuracy(b) });
      return found
        ? [
            [
              `${a} - ${b}`,
              points(found.value),
              bounds(found, points),
              spread(found.bySeed, points),
              significance(found.p),
              tokensOf(main, a),
              tokensOf(main, b),
            ],
          ]
        : [];
    }),
  );
}

/** Generated tokens per problem of a row, also of those that are not in the report's table. */
function tokensOf({ reports }: VariantView, name: string): string {
  const samples = /^(?:best-of-|majority@)(\d+)$/.exec(name)?.[1];
  const found = meanOf(
    reports,
    ({ rows, outcomes }) =>
      rows.find((row) => row.name === name)?.generatedTokens ??
      (samples === undefined ? undefined : outcomes.sampleTokens[Number(samples) - 1]),
  );
  return found === undefined ? '-' : found.toFixed(0);
}

export function refinersTable({ reports }: VariantView): string {
  const columns: [string, (row: string) => Figure][] = [
    ['before', () => accuracy('draft')],
    ['after', accuracy],
    ['wrong to right', wrongToRight],
    ['right to wrong', rightToWrong],
    ['wrong drafts fixed', fixed],
  ];
  const kinds = ['global', 'local', 'local-orm', 'local-truth'];
  return renderMarkdownTable(
    ['refiner', ...columns.map(([name]) => name), '95% interval', 'seeds'],
    kinds.flatMap((row) => {
      const found = columns.map(([, figure]) => estimate(reports, figure(row)));
      const last = found.at(-1);
      return last
        ? [[row, ...found.map((item) => share(item?.value)), bounds(last), spread(last.bySeed)]]
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
