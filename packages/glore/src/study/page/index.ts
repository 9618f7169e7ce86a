/** The page of a study, from the reports and records of its runs alone: the same files give the same page. */
import { renderMarkdownTable, standardWays } from '../../evaluate/index.js';
import { formatSeconds } from '../../run/index.js';
import { leastSeeds } from '../figures.js';
import { measuredCritics, measuredPairs, measuredRefiners, measuredRows } from '../measured.js';
import type { StudyResult } from '../run.js';
import { MAIN, type Study } from '../study.js';
import { ablation } from './ablations.js';
import { answersTable, comparisonsTable, overlapTable, refinersTable } from './answers.js';
import { criticsTable, sizeOf, thresholdTable } from './critics.js';
import { curveTable } from './curve.js';
import { labelsTable } from './labels.js';
import { targetsOf, targetsTable } from './targets.js';
import { counted, whole } from './text.js';
import { type StudyView, type VariantView, viewOf } from './view.js';

/** "`global`: drafts refined globally; `local`: .." */
const refinersInWords = standardWays
  .filter(({ group }) => group === 'refiners')
  .map(({ name, meaning }) => `\`${name}\`: ${meaning}`)
  .join('; ');

/** All figures of a study's page. */
export function measureStudy(study: Study, results: readonly StudyResult[]) {
  const view = viewOf(study, results);
  const { reports } = view.main;
  return {
    study,
    results,
    view,
    rows: measuredRows(reports),
    pairs: measuredPairs(reports),
    refiners: measuredRefiners(reports),
    critics: measuredCritics(
      reports,
      view.critics.map(({ variant, reports: own }) => ({ name: variant!.name, reports: own })),
    ),
    targets: targetsOf(view),
  };
}

export type MeasuredStudy = ReturnType<typeof measureStudy>;

/**
 * Writes a study as Markdown; what is not finished is named.
 * @param picture the picture of accuracy against tokens, from the page's folder
 */
export function renderPage(
  { study, results, view, rows, pairs, refiners, critics, targets }: MeasuredStudy,
  picture?: string,
): string {
  const { main } = view;
  const size = `The main run on ${sizeOf(main)}.`;
  const sections =
    main.reports.length === 0
      ? ['No main run is finished, so there is nothing to show yet.']
      : [
          '## Beside the paper',
          `The paper's figures (Llama-2 13B on GSM8K; \\* at second hand) and ours on the built-in world, with what this project set itself to reach; differences are in percentage points. ${size}`,
          targetsTable(targets),
          '## Ways to answer',
          `How often each way to answer is right, what it generates for a problem, the draft included, and all that models read and write for it (processed). ${size}`,
          answersTable(rows),
          'Two ways on the same problems:',
          comparisonsTable(pairs, main),
          ...curveSection(main, picture),
          '## Refiners: how',
          `What refining every draft, right or wrong, does to it; fixed is of the wrong drafts, broken of the right ones. ${refinersInWords}. ${size}`,
          refinersTable(refiners),
          'Who fixes the wrong drafts:',
          overlapTable(main),
          '## Critics: when and where',
          `How well the critics judge steps, place first errors and tell right solutions from wrong ones, with 95% intervals; thresholds are fitted on dev problems.${view.critics.map(({ variant }) => ` \`${variant!.name}\`: ${variant!.about}`).join('')}`,
          criticsTable(critics),
          `What the fitted thresholds gain over 0.5, on the same values. ${size}`,
          thresholdTable(main),
          '## Step labels',
          'How many of the labels that rollouts gave are as the truth has them, and the tokens of the rollouts; last how many labels of wrong samples are equal to those of the run named there, on the same samples.',
          labelsTable(view),
          ...(view.variants.length === 0
            ? []
            : [
                '## Ablations',
                'One thing changed at a time, on the first of the same test problems.',
                ...view.variants.map(ablation),
              ]),
          '## Cost',
          'What the runs generated and how long their stages took, without what they took over from others.',
          costTable(view),
        ];
  return `${[...head(study, results, view), ...sections].join('\n\n')}\n`;
}

function head(study: Study, results: readonly StudyResult[], { main }: StudyView): string[] {
  const missing = results.filter(({ finished }) => !finished);
  const command = `glore study ${study.path}`;
  const machines = [
    ...new Set(
      results.flatMap(({ finished }) => {
        if (!finished?.report) return [];
        const { processor, cores, node } = finished.report.machine;
        const { bits } = finished.report;
        return [`${cores} cores (${processor}, Node ${node}${bits ? `, in ${bits} bits` : ''})`];
      }),
    ),
  ];
  const seeds = [...new Set(results.filter(({ finished }) => finished).map(({ run }) => run.seed))];
  const seconds = results.reduce(
    (sum, { finished }) => sum + (finished ? secondsOf(finished.record) : 0),
    0,
  );
  return [
    '# Results',
    `Written by \`${command}\` from the reports of its runs; do not edit.`,
    ...(missing.length === 0
      ? []
      : [
          `**Not finished: ${counted(missing.length, 'run')} of ${results.length}.** Missing: ${missing.map(({ run }) => `${run.variant} (seed ${run.seed})`).join(', ')}. The same command goes on.`,
        ]),
    `${counted(results.length - missing.length, 'run')}, ${seeds.length === 0 ? 'no seed' : `seeds ${seeds.join(', ')}`}, ${formatSeconds(seconds)} in all on ${machines.join('; ') || 'no machine yet'}.`,
    ...(main.reports.length === 0
      ? []
      : [
          `Figures are pooled over the test problems of all seeds, each of which has problems and models of its own. Intervals (95%) and p (two-sided) are of a bootstrap that draws seeds, then problems in each, so the noise of training is in them; "noise" stands where the interval of a difference has 0 in it. Of fewer than ${leastSeeds} seeds there is no p, and of one the interval is over problems alone. \`seeds\` is the range of the figure over the seeds. All thresholds are fitted on dev problems. ` +
            'The rows and figures are defined in [report.md](report.md).',
        ]),
  ];
}

function curveSection({ reports }: VariantView, picture: string | undefined): string[] {
  const [first] = reports;
  if (!first) return [];
  return [
    '## Accuracy against tokens',
    `What more generated tokens buy, whether spent on samples of the student or on refinement; the last two columns are the gain over sampling at the same tokens, interpolated. The student trained on instead is not in it. Mean over ${counted(reports.length, 'seed')}.`,
    ...(picture
      ? [`![Accuracy against generated tokens, seed ${first.seeds.join(', ')}](${picture})`]
      : []),
    curveTable(reports),
  ];
}

const secondsOf = ({ stages }: VariantView['records'][number]): number =>
  stages.reduce((sum, { seconds, taken }) => sum + (taken ? 0 : seconds), 0);

function costTable({ main, variants }: StudyView): string {
  return renderMarkdownTable(
    ['run', 'seeds', 'time a seed', 'tokens a seed'],
    [main, ...variants]
      .filter(({ records }) => records.length > 0)
      .map(({ variant, records }) => {
        const tokens = records.map(({ stages }) =>
          stages.reduce(
            (sum, { generatedTokens, taken }) => sum + (taken ? 0 : generatedTokens),
            0,
          ),
        );
        const average = (list: readonly number[]) =>
          list.reduce((sum, n) => sum + n, 0) / list.length;
        return [
          variant?.name ?? MAIN,
          records.map(({ seed }) => seed).join(', '),
          formatSeconds(average(records.map(secondsOf))),
          whole(average(tokens)),
        ];
      }),
  );
}
