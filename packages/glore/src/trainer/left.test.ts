import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Child } from './child.js';
import { endLeft } from './left.js';

let folder: string;
let processes: string;
let child: Child;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'glore-left-'));
  processes = join(folder, 'processes');
  const words = [process.execPath, '-e', 'setInterval(() => {}, 1000)'];
  child = await Child.start({ words, folder, log: join(folder, 'log'), processes });
});
afterEach(async () => {
  await child.stop();
  rmSync(folder, { recursive: true });
});

const written = () => join(processes, readdirSync(processes)[0]!);

// Elsewhere nobody says which process it is.
describe.skipIf(process.platform !== 'linux')('endLeft', () => {
  it('ends what is written down', async () => {
    expect(readdirSync(processes)).toHaveLength(1);
    await endLeft(processes);
    expect(await child.ended).toBe('SIGTERM');
    expect(readdirSync(processes)).toEqual([]);
  });

  it('leaves a process alone that has but the number of one', async () => {
    const path = written();
    const { birth: _, ...left } = JSON.parse(readFileSync(path, 'utf8'));
    for (const other of [{ ...left, birth: 'another/1' }, left]) {
      writeFileSync(path, JSON.stringify(other));
      await endLeft(processes);
      expect(child.end).toBeUndefined();
      expect(readdirSync(processes)).toEqual([]);
    }
  });

  it('has nothing to do where nothing is written down', async () => {
    await child.stop();
    expect(readdirSync(processes)).toEqual([]);
    await endLeft(processes);
    await endLeft(join(folder, 'none'));
  });
});
