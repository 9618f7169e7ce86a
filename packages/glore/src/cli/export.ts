/** `glore export`: a run's data in the formats of others. */
import { Command, Option } from 'commander';
import { type Exported, exportRun, exportSets, type FormatName, formats } from '../export/index.js';
import { visibleJson } from '../visible.js';
import { renderWithin, wrap } from './layout.js';
import { screenOf } from './terminal.js';

interface Options {
  readonly format: FormatName;
  readonly set?: readonly string[];
  readonly out: string;
  readonly replace?: true;
  readonly parquet?: true;
  readonly json?: true;
}

const names = Object.keys(formats) as FormatName[];

export function exportCommand(): Command {
  return new Command('export')
    .description("write a run's data in the formats of others, with a dataset card")
    .argument(
      '<run>',
      "the run's folder; it need not be finished, only the stages that are exported",
    )
    .addOption(
      new Option('--format <format>', 'what to write').choices(names).makeOptionMandatory(),
    )
    .option('--set <name...>', 'only these sets (default: all that the format has)')
    .requiredOption('--out <folder>', 'a new or empty folder')
    .option('--replace', 'replace the export that is in the folder')
    .option('--parquet', 'Parquet files beside the JSON Lines files')
    .option('--json', 'print what was written as one JSON object')
    .addHelpText('after', examples)
    .action(async (folder: string, { set, json, ...options }: Options) => {
      const exported = await exportRun({ folder, ...options, ...(set && { sets: set }) });
      process.stdout.write(`${json ? visibleJson(exported) : renderExported(exported)}\n`);
    });
}

const examples = `
Sets of each format:
${names.map((name) => `  ${name.padEnd(23)}${exportSets(name).join(', ')}`).join('\n')}

Examples:
  glore export runs/tiny --format trl-stepwise --out exports/tiny-steps
  glore export runs/tiny --format trl-prompt-completion --set global local --out exports/refiners
  glore export runs/tiny --format math-shepherd --set sorm --out exports/shepherd --parquet
  glore export runs/tiny --format processbench --set test --out exports/bench

The folder gets <set>.jsonl, with --parquet <set>.parquet, and README.md, a card for the Hugging Face Hub that says how
the labels were made.`;

function renderExported({ folder, sets, files }: Exported): string {
  const screen = screenOf(process.stdout);
  const table = renderWithin(screen, {
    headers: ['set', 'rows', 'problems', 'balance'],
    rows: sets.map(({ name, rows, problems, balance }) => [
      name,
      String(rows),
      String(problems),
      balance,
    ]),
    align: ['left', 'right', 'right', 'left'],
  });
  return `${table}\n\n${wrap(`${folder}: ${files.join(', ')}`, screen.width, '  ')}`;
}
