import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { isAlive, processOf } from './process.js';

// Elsewhere nobody says how a process is.
describe.skipIf(process.platform !== 'linux')('a process', () => {
  it('is gone once it has ended, whether or not anybody has asked how', async () => {
    // What the shell has started is left to a program that asks nothing.
    const parent = spawn('sh', ['-c', 'sleep 0.2 & echo $!; exec sleep 60']);
    const [line] = await once(parent.stdout.setEncoding('utf8'), 'data');
    const child = processOf(Number(line));
    expect(isAlive(child)).toBe(true);
    while (!readFileSync(`/proc/${child.pid}/stat`, 'latin1').includes(') Z ')) await sleep(10);
    expect(isAlive(child)).toBe(false);
    const left = processOf(parent.pid!);
    expect(isAlive(left)).toBe(true);
    expect(isAlive({ ...left, birth: 'another/1' })).toBe(false);
    parent.kill();
    await once(parent, 'exit');
    expect(isAlive(left)).toBe(false);
  });
});
