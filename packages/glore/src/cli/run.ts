/** `glore run`: every stage of a recipe, or one stage with what it needs. */
import { basename, join } from 'node:path';
import { Command, Option } from 'commander';
import { readRecipe, runPipeline, type StageName, stageNames } from '../pipeline/index.js';
import { jsonReporter, terminalReporter } from '../run/index.js';
import { renderReport } from './report.js';

interface Options {
  readonly run?: string;
  readonly preset?: string;
  readonly json?: boolean;
}

export function runCommands(): Command[] {
  const run = common(
    new Command('run').description('run every stage of a recipe and print the table'),
  )
    .argument('<recipe>', 'recipe file (YAML)')
    .action((recipe: string, options: Options) => execute(recipe, options));
  const stages = stageNames.map((name) =>
    common(
      new Command(name).description(`run the stage "${name}" of a recipe, after those it needs`),
    )
      .argument('<recipe>', 'recipe file (YAML)')
      .action((recipe: string, options: Options) => execute(recipe, options, name)),
  );
  return [run, ...stages];
}

const common = (command: Command): Command =>
  command
    .addOption(new Option('--run <folder>', 'run folder (default: runs/ and the recipe name)'))
    .addOption(new Option('--preset <name>', 'lay a preset of the recipe over it'))
    .addOption(
      new Option(
        '--json',
        'progress as JSON lines on standard error, the report on standard output',
      ),
    );

async function execute(path: string, options: Options, until?: StageName): Promise<void> {
  const recipe = readRecipe(path, options.preset);
  const name =
    basename(path).replace(/\.ya?ml$/, '') + (options.preset ? `-${options.preset}` : '');
  const folder = options.run ?? join('runs', name);
  const abort = new AbortController();
  const stop = () => abort.abort();
  process.once('SIGINT', stop).once('SIGTERM', stop);
  const report = await runPipeline({
    folder,
    recipe,
    reporter: options.json ? jsonReporter(process.stderr) : terminalReporter(process.stderr),
    signal: abort.signal,
    ...(until && { until }),
  });
  if (!report) return;
  process.stdout.write(options.json ? `${JSON.stringify(report)}\n` : `${renderReport(report)}\n`);
}
