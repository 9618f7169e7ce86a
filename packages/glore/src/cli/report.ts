/** `glore report`: the tables of a finished run. */
import { Command } from 'commander';
import { interval, percent as percentage, refinedPoints, renderTable } from '../evaluate/index.js';
import { type Report, readReport } from '../pipeline/index.js';
import { formatSeconds } from '../run/index.js';

export function reportCommand(): Command {
  return new Command('report')
    .description('print the table of a finished run again')
    .option('--run <folder>', 'folder of a finished run', 'runs/tiny')
    .option('--json', 'print the report as one JSON object')
    .addHelpText(
      'after',
      `
Examples:
  glore report
  glore report --run runs/tiny-quick
  glore report --json > report.json`,
    )
    .action(async ({ run, json }: { readonly run: string; readonly json?: true }) => {
      const report = await readReport(run);
      process.stdout.write(`${json ? JSON.stringify(report) : renderReport(report)}\n`);
    });
}

/** A dash where there is no number, which JSON keeps as null. */
const percent = (value: number | undefined | null, digits?: number): string =>
  percentage(value ?? undefined, digits);
const fixed = (value: number | undefined | null, digits: number): string =>
  value == null ? '-' : value.toFixed(digits);

const significance = (p: number): string => (p < 0.001 ? '< 0.001' : p.toFixed(3));

export function renderReport(report: Report): string {
  const { rows, critics, comparisons, labels, refiners, curve, headroom } = report;
  const answers = renderTable(
    ['', 'accuracy', '95% interval', 'tokens/problem', 'ms/problem'],
    rows.map((row) => [
      row.name,
      percent(row.accuracy),
      interval(row.low, row.high),
      fixed(row.generatedTokens, 0),
      fixed(row.seconds * 1000, 1),
    ]),
  );
  const paired = renderTable(
    ['paired', 'difference', '95% interval', 'p (McNemar)'],
    comparisons.map(({ a, b, difference, low, high, p }) => [
      `${a} - ${b}`,
      percent(difference),
      interval(low, high),
      significance(p),
    ]),
  );
  const sampled = renderTable(
    ['samples', 'tokens/problem', 'majority', '95% interval', 'best by ORM', '95% interval'],
    curve.bestOf.map((best, i) => {
      const vote = curve.majority[i]!;
      return [
        String(i + 1),
        fixed(best.generatedTokens, 0),
        percent(vote.accuracy),
        interval(vote.low, vote.high),
        percent(best.accuracy),
        interval(best.low, best.high),
      ];
    }),
  );
  const spent = renderTable(
    ['refined', 'rounds', 'tau', 'tokens/problem', 'accuracy', '95% interval'].concat([
      'majority*',
      'best by ORM*',
      'against',
      'tokens/problem',
      'difference',
      '95% interval',
      'p',
    ]),
    refinedPoints(curve).map(({ equal, against, ...point }) => [
      point.name,
      String(point.rounds),
      point.tau > 1 ? '-' : fixed(point.tau, 3),
      fixed(point.generatedTokens, 0),
      percent(point.accuracy),
      interval(point.low, point.high),
      percent(equal.majority),
      percent(equal.bestOf),
      ...(against
        ? [
            against.name,
            fixed(against.generatedTokens, 0),
            percent(against.difference),
            interval(against.low, against.high),
            significance(against.p),
          ]
        : ['-', '-', '-', '-', '-']),
    ]),
  );
  const realised = renderTable(
    ['choice', 'headroom realised', '95% interval'],
    headroom.map((one) => [one.name, percent(one.realised), interval(one.low, one.high)]),
  );
  const critic = renderTable(
    ['', 'step accuracy', 'first error F1', 'final accuracy', 'AUC', 'AUC within problems', 'ECE'],
    (['orm', 'sorm'] as const).map((name) => {
      const { stepAccuracy, firstError, finalAccuracy, auc, withinProblemAuc, ece } = critics[name];
      return [
        name.toUpperCase(),
        percent(stepAccuracy),
        percent(firstError.f1),
        percent(finalAccuracy),
        fixed(auc, 3),
        fixed(withinProblemAuc, 3),
        fixed(ece, 3),
      ];
    }),
  );
  const { global, local, globalOnly, localOnly, both, neither } = refiners;
  const refined = renderTable(
    ['', 'wrong to right', 'right to wrong', 'wrong drafts fixed', 'drafts unchanged'],
    [
      [
        'global',
        percent(global.wrongToRight),
        percent(global.rightToWrong),
        percent(global.wrongFixed),
        percent(global.unchanged),
      ],
      [
        'local',
        percent(local.wrongToRight),
        percent(local.rightToWrong),
        percent(local.wrongFixed),
        percent(local.unchanged),
      ],
    ],
  );
  return [
    answers,
    paired,
    sampled,
    `${spent}\n* interpolated at equal tokens`,
    critic,
    `AUC of the ORM within {draft, global, local} of a problem: ${fixed(critics.orm.withinCandidatesAuc, 3)}`,
    refined,
    realised,
    `of the wrong drafts fixed by global only ${percent(globalOnly)}, local only ${percent(localOnly)}, both ${percent(both)}, neither ${percent(neither)}`,
    `SORM labels: ${labels.accuracy === null ? 'truth unknown' : `${percent(labels.accuracy)} as the truth (of wrong samples ${percent(labels.accuracyOfWrong)})`}, ${percent(labels.positive)} positive, ${labels.generatedTokens.toLocaleString('en')} tokens`,
    ...(report.firstErrors.length === 0
      ? []
      : [
          `first errors of wrong drafts by step: ${report.firstErrors.map(({ step, share }) => `${step}: ${percent(share, 0)}`).join(', ')}`,
        ]),
    `gate at ${report.thresholds.gate.toFixed(3)}`,
    `${report.problems} test problems, seed ${report.seeds.join(', ')}, ${formatSeconds(report.seconds)} in all, ${report.machine.cores} cores, ${report.machine.peakMemoryGiB} GiB`,
  ].join('\n\n');
}
