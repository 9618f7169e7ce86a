/** Programs that end with the one that has started them. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const children = [];
process.once('exit', () => {
  for (const child of children) child.kill('SIGTERM');
});
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130));

export function start(program, args, options) {
  const child = spawn(program, args, options);
  children.push(child);
  return child;
}

/** A script of this repository with its arguments, its progress shown; where it fails this ends. */
export async function script(args) {
  const child = start(process.execPath, args, { cwd: root, stdio: 'inherit' });
  const code = await new Promise((end) => child.once('exit', end));
  if (code !== 0) process.exit(code ?? 1);
}

/** The same of glore. */
export const glore = (args) => script(['packages/glore/bin/glore.js', ...args]);
