/** `glore base`: trains the checkpoint that recipes start from. */
import { Command } from 'commander';
import { readBaseRecipe, trainBase } from '../base/index.js';
import { jsonReporter, terminalReporter } from '../run/index.js';
import { interruptible } from './interrupt.js';
import { findRecipe, runFolderOf } from './recipes.js';

export function baseCommand(): Command {
  return new Command('base')
    .description(
      'train a base checkpoint, from nothing or from another one (checkpoints/base took about an hour)',
    )
    .argument('<recipe>', 'base recipe file (YAML), or the name of one that came with glore')
    .option('--run <folder>', 'run folder (default: runs/ and the name of the recipe)')
    .option('--json', 'progress as JSON lines on standard error')
    .addHelpText(
      'after',
      `
Examples:
  glore base recipes/base.yaml
  glore base recipes/base.yaml --run /tmp/base

The checkpoint is the folder "model" of the run folder; recipes name it as their base.`,
    )
    .action(async (given: string, options: { readonly run?: string; readonly json?: true }) => {
      const { path } = findRecipe(given);
      const recipe = readBaseRecipe(path);
      const folder = options.run ?? runFolderOf(path);
      await interruptible((signal) =>
        trainBase({
          folder,
          recipe,
          reporter: options.json ? jsonReporter(process.stderr) : terminalReporter(process.stderr),
          signal,
        }),
      );
    });
}
