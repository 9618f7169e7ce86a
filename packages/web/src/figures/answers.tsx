/** The ways to answer as tables: of one run, of two beside each other, and compared on the same problems. */
import { chance, interval, percent, points, whole } from '../parts/figures.js';
import { Table } from '../parts/table.js';
import type { NamedReport } from './named.js';
import { namesOf } from './series.js';
import { METHOD, wordsOf } from './ways.js';

export function AnswersTable({ run }: { run: NamedReport }) {
  const { rows, problems } = run.of;
  return (
    <Table
      caption={`Ways to answer ${whole(problems)} test problems; tokens and seconds are means of a problem`}
      headers={['row', 'what', 'accuracy', '95% interval', 'tokens', 'processed', 'seconds']}
      words={[1]}
      strong={[METHOD]}
      rows={rows.map((row) => [
        row.name,
        wordsOf(row.name)?.meaning ?? '',
        percent(row.accuracy),
        interval(row.low, row.high),
        whole(row.generatedTokens),
        row.processedTokens === undefined ? '–' : whole(row.processedTokens),
        row.seconds.toFixed(2),
      ])}
    />
  );
}

/** Two runs. The difference is that of two accuracies, nothing more. */
export function BesideTable({ runs }: { runs: readonly NamedReport[] }) {
  return (
    <Table
      caption="The same ways to answer in both runs; differences in points, second less first"
      headers={['row', 'what', ...runs.map(({ run }) => run), 'difference']}
      words={[1]}
      strong={[METHOD]}
      rows={namesOf(runs.map(({ of }) => of.rows)).map((name) => {
        const found = runs.map(({ of }) => of.rows.find((row) => row.name === name));
        const [a, b] = found;
        return [
          name,
          wordsOf(name)?.meaning ?? '',
          ...found.map((row) =>
            row ? `${percent(row.accuracy)} ${interval(row.low, row.high)}` : '–',
          ),
          a && b ? points(b.accuracy - a.accuracy) : '–',
        ];
      })}
    />
  );
}

export function ComparisonsTable({ run }: { run: NamedReport }) {
  return (
    <Table
      caption="Two ways on the same problems: differences in points, paired, with 95% intervals; p by McNemar's exact test"
      headers={['row', 'against', 'difference', '95% interval', 'p']}
      words={[1]}
      rows={run.of.comparisons.map(({ a, b, difference, low, high, p }) => [
        a,
        b,
        points(difference),
        `[${points(low)}, ${points(high)}]`,
        chance(p),
      ])}
    />
  );
}

/** How much of what a choice could gain it does gain. */
export function HeadroomTable({ runs }: { runs: readonly NamedReport[] }) {
  const names = namesOf(runs.map(({ of }) => of.headroom));
  if (names.length === 0) return null;
  return (
    <Table
      caption="Of what each choice could gain over its first candidate, the share that it does gain"
      headers={['choice', ...runs.map(({ run }) => (runs.length < 2 ? 'realised' : run))]}
      rows={names.map((name) => [
        name,
        ...runs.map(({ of }) => {
          const found = of.headroom.find((one) => one.name === name);
          return found ? `${percent(found.realised)} ${interval(found.low, found.high)}` : '–';
        }),
      ])}
    />
  );
}
