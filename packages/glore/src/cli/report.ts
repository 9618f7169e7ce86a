/** `glore report`: the tables of a finished run. */
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { GloreError } from '../error.js';
import { replaceFile } from '../files/index.js';
import { type Report, readReport } from '../pipeline/index.js';
import { formatSeconds } from '../run/index.js';
import { RunView, reportPage } from '../view/index.js';
import { visibleJson } from '../visible.js';
import { renderWithin, wrap } from './layout.js';
import { wholeNumber } from './options.js';
import { fixed, percent, type Table, tablesOf, whole } from './tables.js';
import { type Screen, screenOf } from './terminal.js';

interface Options {
  readonly run: string;
  readonly json?: true;
  readonly html?: string | true;
  readonly problems: number;
}

export function reportCommand(): Command {
  const command = new Command('report');
  return command
    .description('print the table of a finished run again, or write its report as one page')
    .option('--run <folder>', 'folder of a finished run', 'runs/tiny')
    .option('--json', 'print the report as one JSON object')
    .addOption(
      new Option(
        '--html [file]',
        "write a page that stands alone, to be sent or kept (default: report.html in the run's folder)",
      ).conflicts('json'),
    )
    .option(
      '--problems <n>',
      'with --html: most test problems of each kind that are shown',
      wholeNumber(0, 100),
      3,
    )
    .addHelpText(
      'after',
      `
Examples:
  glore report
  glore report --run runs/tiny-quick
  glore report --json > report.json
  glore report --html
  glore report --run runs/tiny --html /tmp/tiny.html --problems 10`,
    )
    .action(async ({ run, json, html, problems }: Options) => {
      if (html !== undefined) {
        process.stdout.write(`${await writePage(run, html, problems)}\n`);
        return;
      }
      if (command.getOptionValueSource('problems') !== 'default') {
        command.error("error: option '--problems <n>' is for a page; add --html");
      }
      const report = await readReport(run);
      const output = json ? visibleJson(report) : renderReport(report, screenOf(process.stdout));
      process.stdout.write(`${output}\n`);
    });
}

/** Writes the page and gives where it is. @throws GloreError `html-name`, for what may be a run or a record by mistake */
async function writePage(run: string, html: string | true, problems: number): Promise<string> {
  const file = html === true ? join(run, 'report.html') : html;
  if (!/\.html?$/i.test(file)) {
    throw new GloreError(
      'html-name',
      `--html ${file}: expected the name of a file that ends in .html, found another; name the run with --run`,
    );
  }
  await replaceFile(file, [await reportPage(await RunView.open(run), problems)]);
  return file;
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
      `${report.problems} test problems, seed ${report.seeds.join(', ')}, ${formatSeconds(report.seconds)} in all, ${report.machine.cores} cores${report.bits ? `, in ${report.bits} bits` : ''}, ${report.machine.peakMemoryGiB} GiB`,
    ),
  ].join('\n\n');
}
