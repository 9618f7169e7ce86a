/** `glore run`: every stage of a recipe; `glore <stage>`: one stage with what it needs. */
import { join } from 'node:path';
import { Command } from 'commander';
import {
  runPipeline,
  runShardOf,
  type StageName,
  shardedStages,
  stageNames,
} from '../pipeline/index.js';
import { readRecipe } from '../recipe/index.js';
import { jsonReporter, parseShard, terminalReporter } from '../run/index.js';
import { visibleJson } from '../visible.js';
import { interruptible } from './interrupt.js';
import { several } from './options.js';
import { findRecipe, runFolderOf } from './recipes.js';
import { renderReport } from './report.js';
import { screenOf } from './terminal.js';

interface Options {
  readonly run?: string;
  readonly preset?: readonly string[];
  readonly json?: true;
  readonly shard?: string;
}

export function runCommand(): Command {
  return common(new Command('run').description('run every stage of a recipe and print the table'))
    .option('--json', 'progress as JSON lines on standard error, the report as JSON')
    .action((recipe: string, options: Options) => execute(recipe, options))
    .addHelpText(
      'after',
      `
Examples:
  glore run recipes/tiny.yaml
  glore run recipes/tiny.yaml --preset quick --run /tmp/quick
  glore run recipes/tiny.yaml --json > report.json

Stages that are done are skipped, and those whose settings have changed are done anew.
Ctrl-C stops after the work in flight (again: at once), and the same command goes on from there.`,
    );
}

const purposes: Record<StageName, string> = {
  problems: 'write the problems of every split',
  student: 'train the student: worked solutions, then Expert Iteration',
  drafts: 'sample the student on training problems',
  rollouts: 'complete the prefixes of wrong drafts, K times each',
  labels: 'label each step by its rollouts',
  datasets: 'cut the four training sets',
  sorm: 'train the SORM, which says where',
  global: 'train the global refiner',
  local: 'train the local refiner',
  candidates: 'refine fresh training problems, for the ORM to learn from',
  orm: 'train the ORM, which says when to refine and which candidate is best',
  evaluation: 'measure all of it on dev and test problems',
  retrained: "train the student on with the refiners' targets, the control of refinement",
  controls: 'measure the controls of refinement on the test problems',
};

export function stageCommands(): Command[] {
  return stageNames.map((name) =>
    sharded(name, common(new Command(name).description(purposes[name])))
      .option('--json', 'progress as JSON lines on standard error')
      .action((recipe: string, options: Options) => execute(recipe, options, name))
      .addHelpText(
        'after',
        `
Examples:
  glore ${name} recipes/tiny.yaml
  glore ${name} recipes/tiny.yaml --preset quick --run /tmp/quick
${shardedStages.includes(name) ? shardExamples(name) : ''}
Runs the stages that ${name} needs where they are missing, and writes to the folder "${name}" of the run.`,
      ),
  );
}

const sharded = (name: StageName, command: Command): Command =>
  shardedStages.includes(name)
    ? command.option('--shard <i/n>', 'do the i-th of n shares, beside the processes of the others')
    : command;

const shardExamples = (
  name: StageName,
): string => `  glore ${name} recipes/tiny.yaml --shard 1/2 & glore ${name} recipes/tiny.yaml --shard 2/2 & wait
  glore ${name} recipes/tiny.yaml                    (makes one of the shares)

Shares are of one run folder, which may be on storage that several machines have. What ${name} needs must be done before.
`;

const common = (command: Command): Command =>
  command
    .argument('<recipe>', 'recipe file (YAML), or the name of one that came with glore')
    .option('--run <folder>', 'run folder (default: runs/ and the names of recipe and preset)')
    .option(
      '--preset <name>',
      'lay a preset of the recipe over it; may be given several times, and they are laid over in order',
      several,
    );

async function execute(given: string, options: Options, until?: StageName): Promise<void> {
  const { path } = findRecipe(given);
  const recipe = readRecipe(path, options.preset);
  const shard = options.shard === undefined ? undefined : parseShard(options.shard);
  const folder = options.run ?? runFolderOf(path, options.preset);
  const report = await interruptible(async (signal) => {
    const wanted = {
      folder,
      recipe,
      reporter: options.json ? jsonReporter(process.stderr) : terminalReporter(process.stderr),
      signal,
    };
    if (until && shard) return runShardOf({ ...wanted, until, shard });
    return runPipeline({ ...wanted, ...(until && { until }) });
  });
  if (!report) return;
  const output = options.json
    ? visibleJson(report)
    : `${renderReport(report, screenOf(process.stdout))}\n\n${renderNext(folder)}`;
  process.stdout.write(`${output}\n`);
}

/** Where to look, and what to do with a run that is done. */
const renderNext = (folder: string): string =>
  `pictures  ${join(folder, 'report.svg')}
          ${join(folder, 'curve.svg')}
figures   ${join(folder, 'report.json')}
next      glore ask --run ${folder}
          glore view ${folder}
          glore report --run ${folder}`;
