/** `glore report`: the tables of a finished run. */
import { Command } from 'commander';
import { type Report, readReport } from '../pipeline/index.js';
import { formatSeconds } from '../run/index.js';
import { visibleJson } from '../visible.js';
import { renderWithin, wrap } from './layout.js';
import { fixed, percent, type Table, tablesOf, whole } from './tables.js';
import { type Screen, screenOf } from './terminal.js';

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
      const output = json ? visibleJson(report) : renderReport(report, screenOf(process.stdout));
      process.stdout.write(`${output}\n`);
    });
}

export function renderReport(report: Report, screen: Screen): string {
  const { critics, labels, refiners, firstErrors } = report;
  const { answers, ...tables } = tablesOf(report);
  const { globalOnly, localOnly, both, neither } = refiners;
  const render = (table: Table) => renderWithin(screen, table);
  const say = (text: string) => wrap(text, screen.width);
  // What the rows are is in the documentation: a terminal is narrow.
  const narrow = ([name, , ...figures]: string[]) => [name!, ...figures];
  return [
    render({ headers: narrow(answers.headers), rows: answers.rows.map(narrow) }),
    render(tables.paired),
    render(tables.sampled),
    `${render(tables.spent)}\n* interpolated at equal tokens`,
    ...(tables.rounds.rows.length === 0 ? [] : [render(tables.rounds)]),
    render(tables.critics),
    say(
      `AUC of the ORM within {draft, global, local} of a problem: ${fixed(critics.orm.withinCandidatesAuc, 3)}`,
    ),
    render(tables.refiners),
    render(tables.headroom),
    say(
      `of the wrong drafts fixed by global only ${percent(globalOnly)}, local only ${percent(localOnly)}, both ${percent(both)}, neither ${percent(neither)}`,
    ),
    say(
      `SORM labels: ${labels.accuracy === null ? 'truth unknown' : `${percent(labels.accuracy)} as the truth (of wrong samples ${percent(labels.accuracyOfWrong)})`}, ${percent(labels.positive)} positive, ${whole(labels.generatedTokens)} tokens`,
    ),
    ...(firstErrors.length === 0
      ? []
      : [
          say(
            `first errors of wrong drafts by step: ${firstErrors.map(({ step, share }) => `${step}: ${percent(share, 0)}`).join(', ')}`,
          ),
        ]),
    `gate at ${report.thresholds.gate.toFixed(3)}`,
    ...report.cautions.map((caution) => say(`careful: ${caution}`)),
    say(
      `${report.problems} test problems, seed ${report.seeds.join(', ')}, ${formatSeconds(report.seconds)} in all, ${report.machine.cores} cores, ${report.machine.peakMemoryGiB} GiB`,
    ),
  ].join('\n\n');
}
