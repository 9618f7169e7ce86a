/** What each way to answer costs: accuracy against all tokens that models read and write. */
import { dot, text } from '@observablehq/plot';
import { useMemo } from 'preact/hooks';
import type { RunReport } from '../../../glore/src/view/wire.js';
import { Chart } from '../parts/chart.js';
import { percent, whole } from '../parts/figures.js';
import { ABOVE, BELOW, byRun, inRun, LEFT, shareAxis, tokensAxis } from './axes.js';
import { ifTwo, type NamedReport } from './named.js';
import { tenthsAround } from './series.js';
import { groups, METHOD, wordsOf } from './ways.js';

const shapes = ['circle', 'square', 'triangle', 'diamond'] as const;
const groupLooks = groups
  .filter((group) => group !== 'bounds')
  .map((group, i) => ({
    group,
    label: {
      single: 'one solution',
      samples: 'a choice of samples',
      refiners: 'every draft refined',
      choices: 'a choice of refinements',
    }[group],
    color: `var(--series-${[3, 1, 4, 2][i]})`,
    shape: shapes[i]!,
  }));

/** Rows that have their name beside them where they would not hide each other. */
const labelled = [
  'draft',
  'retrained',
  'global',
  'local',
  METHOD,
  'gate',
  'retrained-best-of-k',
  'best-of-k',
];
const isLabelled = (name: string) =>
  labelled.includes(name.replace(/-\d+$/, '-k')) || labelled.includes(name);

export function ProcessedChart({ runs }: { runs: readonly NamedReport[] }) {
  const picture = useMemo(() => processedPicture(runs), [runs]);
  const rows = runs.flatMap(({ run, of }) => costing(of).map((row) => ({ ...row, run })));
  if (rows.length === 0) return null;
  return (
    <Chart
      title="Accuracy against all tokens read and written"
      summary="Prompts, drafts and what critics read are counted too: what a way to answer costs. Up and to the left is better."
      picture={picture}
      legend={groupLooks}
      table={{
        caption: 'Accuracy against processed tokens a problem',
        headers: ['row', ...ifTwo(runs, 'run'), 'accuracy', 'processed'],
        words: ifTwo(runs, 1),
        rows: rows.map(({ name, run, accuracy, processedTokens }) => [
          name,
          ...ifTwo(runs, run),
          percent(accuracy),
          whole(processedTokens),
        ]),
      }}
    />
  );
}

const costing = ({ rows }: RunReport) =>
  rows.flatMap(({ processedTokens, ...row }) => {
    const look = groupLooks.find(({ group }) => group === wordsOf(row.name)?.group);
    return processedTokens === undefined || !look ? [] : [{ ...row, processedTokens, look }];
  });

function processedPicture(runs: readonly NamedReport[]) {
  const all = runs.flatMap(({ run, of }) => costing(of).map((row) => ({ ...row, run })));
  const y = tenthsAround(all.map(({ accuracy }) => accuracy));
  const at = { x: 'processedTokens', y: 'accuracy', ...inRun(runs) };
  return (width: number) => ({
    height: 340,
    marginLeft: LEFT,
    marginTop: ABOVE,
    marginRight: 40,
    marginBottom: BELOW,
    ...byRun(runs),
    x: tokensAxis('tokens read and written a problem', width / runs.length),
    y: { ...shareAxis('accuracy'), domain: y },
    marks: [
      ...groupLooks.map((look) =>
        dot(
          all.filter((row) => row.look === look),
          {
            ...at,
            r: 4.5,
            fill: look.color,
            symbol: look.shape,
            title: (row) =>
              `${row.name}\n${wordsOf(row.name)?.meaning}\n${percent(row.accuracy)}, ${whole(row.processedTokens)} tokens`,
            tip: true,
          },
        ),
      ),
      ...[false, true].map((strong) =>
        text(
          all.filter(({ name }) => isLabelled(name) && (name === METHOD) === strong),
          { ...at, text: 'name', dy: -10, fontWeight: strong ? 700 : 400 },
        ),
      ),
    ],
  });
}
