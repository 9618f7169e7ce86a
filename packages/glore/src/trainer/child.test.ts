import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Child, lastLines } from './child.js';

let folder: string;
let log: string;
let processes: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'glore-child-'));
  log = join(folder, 'new/child.log');
  processes = join(folder, 'processes');
});
afterEach(() => rmSync(folder, { recursive: true }));

const node = (code: string, onLine?: (line: string) => void) =>
  Child.start({
    words: [process.execPath, '-e', code],
    folder,
    log,
    processes,
    ...(onLine && { onLine }),
  });

describe('Child', () => {
  it('says how it ended, its lines, and keeps both streams in the log', async () => {
    const lines: string[] = [];
    const child = await node('console.log("a\\nb"); console.error("c"); process.exit(4)', (line) =>
      lines.push(line),
    );
    expect(child.end).toBeUndefined();
    expect(await child.ended).toBe('exit 4');
    expect(child.end).toBe('exit 4');
    expect(lines).toEqual(['a', 'b']);
    expect(readFileSync(log, 'utf8').split('\n').toSorted()).toEqual(['', 'a', 'b', 'c']);
  });

  it('says why it could not be started', async () => {
    const child = await Child.start({ words: [join(folder, 'none')], folder, log, processes });
    expect(await child.ended).toMatch(/ENOENT/);
    await child.stop();
  });

  it.skipIf(process.platform === 'win32')('ends with what it has started', async () => {
    const started = `require("child_process").spawn(process.execPath, ["-e", "setInterval(() => {}, 1e3)"])`;
    const lines: string[] = [];
    const child = await node(`console.log(${started}.pid); setInterval(() => {}, 1000)`, (line) =>
      lines.push(line),
    );
    while (lines.length === 0) await sleep(10);
    await child.stop();
    expect(await child.ended).toBe('SIGTERM');
    const alive = () => {
      try {
        return process.kill(Number(lines[0]), 0);
      } catch {
        return false;
      }
    };
    // A process that nobody waits for is there until it is cleared away.
    for (let tries = 0; tries < 200 && alive(); tries++) await sleep(10);
    expect(alive()).toBe(false);
  });

  it.skipIf(process.platform === 'win32')(
    'has ended though what it left holds its output',
    async () => {
      const lines: string[] = [];
      const left = `require("child_process").spawn(process.execPath, ["-e", "setTimeout(() => {}, 2e4)"], { detached: true, stdio: "inherit" })`;
      const child = await node(
        `const left = ${left}; left.unref(); console.log(left.pid)`,
        (line) => lines.push(line),
      );
      expect(await child.ended).toBe('exit 0');
      await child.stop();
      process.kill(Number(lines[0]));
    },
  );
});

describe('lastLines', () => {
  it('shows the last of a log, a bar that is rewritten in its last state', async () => {
    const child = await node('process.stdout.write("old\\n0%\\r50%\\r\\n\\u001b[31mno room\\n")');
    await child.ended;
    expect(await lastLines(log, 2)).toBe('\n  50%\n  \\u001b[31mno room');
    expect(await lastLines(join(folder, 'none'))).toBe('');
  });
});
