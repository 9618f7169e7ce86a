/** The commands, in the order of use. */
import { Command } from 'commander';
import { version } from '../package.js';
import { visibleLines } from '../visible.js';
import { askCommand } from './ask/index.js';
import { baseCommand } from './base.js';
import { doctorCommand } from './doctor.js';
import { evalCommand } from './eval.js';
import { exampleQuestion } from './example.js';
import { exportCommand } from './export.js';
import { exportGgufCommand } from './gguf.js';
import { gradeCommand } from './grade/index.js';
import { importCommand } from './import.js';
import { withoutValues } from './options.js';
import { promptsCommand } from './prompts.js';
import { reportCommand } from './report.js';
import { runCommand, stageCommands } from './run.js';
import { serveCommand } from './serve.js';
import { studyCommand } from './study.js';
import { viewCommand } from './view.js';

export function program(): Command {
  const glore = new Command('glore')
    .description(
      'GLoRe: refine the solutions of a language model, globally and locally (Havrilla et al. 2024).',
    )
    .version(version, '--version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .helpCommand(false)
    .showHelpAfterError('(glore --help shows the commands)')
    .exitOverride()
    .configureOutput({ outputError: (said, write) => write(visibleLines(withoutValues(said))) })
    .addHelpText('after', examples);
  const groups: Record<string, Command[]> = {
    'From a recipe to a report:': [runCommand(), viewCommand(), reportCommand(), studyCommand()],
    'With a finished run:': [
      askCommand(),
      serveCommand(),
      evalCommand(),
      exportCommand(),
      exportGgufCommand(),
    ],
    'With models on servers:': [doctorCommand(), promptsCommand()],
    'With answers of any model:': [gradeCommand()],
    'One stage of a recipe, after those it needs, in the order of data flow:': stageCommands(),
    'The model that recipes start from:': [importCommand(), baseCommand()],
  };
  for (const [heading, commands] of Object.entries(groups)) {
    for (const command of commands) {
      glore.addCommand(command.copyInheritedSettings(glore).helpGroup(heading));
      command.showHelpAfterError(`(glore ${command.name()} --help shows its options)`);
      for (const part of command.commands) {
        part
          .copyInheritedSettings(command)
          .showHelpAfterError(`(glore ${command.name()} ${part.name()} --help shows its options)`);
      }
    }
  }
  return glore;
}

const examples = `
Examples:
  glore run recipes/tiny.yaml                    every stage, then the table
  glore run recipes/tiny.yaml --preset quick     the same on less data
  glore view runs/tiny                           the run in a browser, while it is going on too
  glore report --run runs/tiny                   the table again
  glore ask "${exampleQuestion}"
  glore serve runs/tiny                          its models over HTTP
  glore serve --upstream http://localhost:8000/v1 --port 8080
                                                 any server, refined: no run, no training
  glore doctor recipes/served.yaml               what the servers of a recipe can do
  glore grade answers.jsonl --gold answer --answer completion

Each command has its own help: glore run --help
Ctrl-C stops a run after the work in flight, and the same command goes on from there.
DEBUG=glore shows where an error comes from. NO_COLOR=1 switches colours off.
Exit codes: 0 done, 1 failed unexpectedly, 2 wrong usage or input, 130 stopped by Ctrl-C.`;
