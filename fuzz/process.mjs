/** Starts the processes that work through cases, and reads what they tell. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const child = fileURLToPath(new URL('child.mjs', import.meta.url));
const running = new Set();

/** Ends all of them. */
export function endAll() {
  for (const one of running) one.kill('SIGTERM');
}

/**
 * Works through some cases of a target; resolves when the process has ended, with why.
 *
 * @param {object} work as `child.mjs` takes it
 * @param {(event: object) => void} onEvent told of counts and findings
 */
export function workIn(work, onEvent) {
  const process_ = spawn(
    process.execPath,
    ['--expose-gc', '--max-old-space-size=1024', child, JSON.stringify(work)],
    // A group of its own, so that Ctrl-C reaches it by way of this process alone.
    {
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
      detached: true,
      env: { ...process.env, NO_COLOR: '1' },
    },
  );
  running.add(process_);
  let said = '';
  for (const stream of [process_.stdout, process_.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      said = (said + text).slice(-4000);
    });
  }
  let ended;
  const lines = createInterface({ input: process_.stdio[3] });
  lines.on('line', (line) => {
    const event = JSON.parse(line);
    if (event.event === 'ended') ended = event;
    else onEvent(event);
  });
  const read = new Promise((resolve) => lines.once('close', resolve));
  return new Promise((resolve, reject) => {
    process_.once('error', reject).once('close', async (code, signal) => {
      await read;
      running.delete(process_);
      resolve({ code, signal, said, ended });
    });
  });
}
