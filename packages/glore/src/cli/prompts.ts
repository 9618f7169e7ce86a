/** `glore prompts`: the prompts that are built in, to be read, or changed in a folder of one's own. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { GloreError } from '../error.js';
import { explained, namesIn } from '../files/index.js';
import { roleNames } from '../model/index.js';
import { shippedPrompts } from '../model/openai/index.js';

export function promptsCommand(): Command {
  return new Command('prompts')
    .description('show the prompts of roles that are not trained, or write them into a folder')
    .argument('[folder]', 'where to write them; without it they are shown')
    .addHelpText('after', examples)
    .action(async (folder: string | undefined) => {
      const files = roleNames.map((role) => {
        const name = `${role}.yaml`;
        return { name, text: readFileSync(join(shippedPrompts, name), 'utf8') };
      });
      if (folder === undefined) {
        process.stdout.write(files.map(({ name, text }) => `--- ${name}\n${text}`).join('\n'));
        return;
      }
      // What somebody has changed is not written over.
      const there = new Set(namesIn(folder));
      const kept = files.find(({ name }) => there.has(name));
      if (kept) {
        throw new GloreError(
          'file-exists',
          `${join(folder, kept.name)}: expected no such file yet, found one; name another folder, or move it away`,
        );
      }
      await explained(folder, async () => {
        mkdirSync(folder, { recursive: true });
        for (const { name, text } of files) writeFileSync(join(folder, name), text);
      });
      process.stdout.write(
        `${files.map(({ name }) => join(folder, name)).join('\n')}\nchange them, and name the folder: --prompts ${folder}\n`,
      );
    });
}

const examples = `
Examples:
  glore prompts                                  the prompts, with what their places mean
  glore prompts my-prompts                       the same as files
  glore serve --upstream http://localhost:8000/v1 --prompts my-prompts

A folder may hold some of them: the others are those built in.`;
