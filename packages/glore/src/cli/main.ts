#!/usr/bin/env node
import { EngineError } from '@glore/engine';
/** `glore`: the command line. */
import { Command, CommanderError } from 'commander';
import { GloreError } from '../error.js';
import { gradeCommand } from './grade.js';
import { runCommands } from './run.js';

const program = new Command('glore')
  .description(
    'GLoRe: refine the solutions of a language model, globally and locally (Havrilla et al. 2024)',
  )
  .exitOverride();
for (const command of [...runCommands(), gradeCommand()])
  program.addCommand(command.exitOverride());

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else if (error instanceof GloreError || error instanceof EngineError) {
    process.stderr.write(`error: ${error.message} (${error.code})\n`);
    process.exitCode = 2;
  } else throw error;
}
