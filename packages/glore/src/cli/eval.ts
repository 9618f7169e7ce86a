/** `glore eval locate`: how well the SORM of a run locates the first errors of given solutions. */
import { Command } from 'commander';
import {
  interval,
  type Located,
  type LocateReport,
  locateErrors,
  locateReport,
  percent,
  renderTable,
} from '../evaluate/index.js';
import { writeJsonl } from '../files/index.js';
import { RewardModel } from '../model/index.js';
import { chunks, readRun, withModels } from '../pipeline/index.js';
import { type JudgedSteps, readProcessBench } from '../problem/index.js';
import { jsonReporter, terminalReporter } from '../run/index.js';
import { visibleJson } from '../visible.js';
import { share } from './options.js';

interface Options {
  readonly data: string;
  readonly run: string;
  readonly threshold?: number;
  readonly out?: string;
  readonly json?: true;
}

export function evalCommand(): Command {
  return new Command('eval')
    .description('measure the models of a run on data of your own')
    .helpCommand(false)
    .addCommand(locateCommand())
    .addHelpText(
      'after',
      `
Examples:
  glore eval locate --data exports/bench/test.jsonl --run runs/tiny
  glore eval locate --help`,
    );
}

/** Solutions that one worker values at a time. */
const PER_UNIT = 16;

function locateCommand(): Command {
  return new Command('locate')
    .description('first errors of solutions in the format of ProcessBench, located by the SORM')
    .requiredOption('--data <file>', 'solutions: JSON Lines, or a JSON list')
    .option('--run <folder>', 'folder of a finished run', 'runs/tiny')
    .option(
      '--threshold <x>',
      'the first step that the SORM values below x is the first error (default: as fitted in the run)',
      share,
    )
    .option('--out <file>', 'write each row with `values`, `prediction` and `match`, as JSON Lines')
    .option('--json', 'print one JSON object, and progress as JSON lines on standard error')
    .addHelpText('after', examples)
    .action(async ({ data, run: folder, out, json, ...options }: Options) => {
      const items = readProcessBench(data);
      const { run, report } = await readRun(folder);
      const threshold = options.threshold ?? report.thresholds.locate.sorm;
      // How much a served model reads is its server's to say.
      const maxPositions = run.recipe.models?.sorm ? Infinity : run.base.config.maxPositions;
      const reporter = json ? jsonReporter(process.stderr) : terminalReporter(process.stderr);
      const progress = reporter.stage('locate');
      progress.total(items.length, 'solutions');
      const located = await withModels(run, ['sorm'], async ({ sorm }) => {
        const critic = new RewardModel(sorm.critic(run.codec));
        const units = chunks(items, PER_UNIT).map(async (unit) => {
          const found = await locateErrors(critic, run.codec, unit, { threshold, maxPositions });
          progress.advance(unit.length);
          return found;
        });
        return (await Promise.all(units)).flat();
      });
      progress.done();
      const measured = locateReport(items, located, threshold);
      if (out !== undefined) await writeJsonl(out, predictions(items, located));
      const output = json ? visibleJson({ data, ...measured }) : renderLocated(measured);
      process.stdout.write(`${output}\n`);
    });
}

const examples = `
Examples:
  glore export runs/tiny --format processbench --set test --out exports/bench
  glore eval locate --data exports/bench/test.jsonl --run runs/tiny
  glore eval locate --data exports/bench/test.jsonl --threshold 0.4 --out predictions.jsonl
  glore eval locate --data gsm8k.jsonl --run runs/gsm8k --json      ProcessBench's own, with models of GSM8K

Each row has "id", "problem", "steps" (a list of texts) and "label": the first wrong step, counted from 0, or -1. A last
step "#### 18" is read as the answer line. Solutions longer than the model reads count as missed.`;

const predictions = (items: readonly JudgedSteps[], located: readonly Located[]) =>
  items.map(({ row }, i) => ({ ...row.fields, ...located[i]! }));

function renderLocated({ threshold, wrong, right, f1, tooLong }: LocateReport): string {
  const figure = (value: number | null, low: number, high: number) => [
    percent(value ?? undefined),
    value === null ? '-' : interval(low, high),
  ];
  const rate = (
    name: string,
    { accuracy, low, high, matches, solutions }: LocateReport['wrong'],
  ) => [name, ...figure(accuracy, low, high), String(matches), String(solutions)];
  const table = renderTable(
    ['solutions', 'accuracy', '95% interval', 'matches', 'of'],
    [
      rate('with an error, located exactly', wrong),
      rate('without an error, accepted', right),
      ['F1', ...(f1 ? figure(f1.value, f1.low, f1.high) : ['-', '-']), '', ''],
    ],
  );
  const notes = [`threshold ${threshold.toFixed(3)}`];
  if (tooLong > 0) notes.push(`${tooLong} solutions are longer than the model reads: missed`);
  return `${table}\n\n${notes.join('; ')}`;
}
