import { expect, it } from 'vitest';
import { program } from './program.js';

it.each([
  [['serve', '--api-key=hunter2'], "error: unknown option '--api-key'"],
  [['serve', '--apikey', 'hunter2'], "error: unknown option '--apikey'"],
  [['serve', '--sk-hunter2'], "error: unknown option '--sk-hunter'"],
  [
    ['serve', '--port', 'hunter2'],
    "error: option '--port <n>' is invalid: expected a whole number",
  ],
  [['serve', '--port', "it's\nhunter2' is invalid."], "error: option '--port <n>' is invalid:"],
  [
    ['serve', '--provider', 'hunter2'],
    "error: option '--provider <name>' is invalid: Allowed choices",
  ],
  [['ask', '--mode', '\u001b[31mhunter2'], "error: option '--mode <mode>' is invalid:"],
])('shows no value of an option that is refused: %j', async (args, said) => {
  let written = '';
  const command = program();
  for (const one of [command, ...command.commands]) {
    const { outputError } = one.configureOutput();
    one.configureOutput({
      writeErr: () => {},
      outputError: (text) => outputError?.(text, (shown) => (written += shown)),
    });
  }
  await expect(command.parseAsync(args, { from: 'user' })).rejects.toThrow();
  expect(written.startsWith(said)).toBe(true);
  expect(written).not.toContain('unter2');
  expect(written).not.toContain('\u001b');
});
