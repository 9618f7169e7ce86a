import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openOut } from './out.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'glore-out-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

it('begins a file anew, in a folder that need not be there', async () => {
  const path = join(folder, 'new', 'out.jsonl');
  for (const text of ['a longer one', 'short']) {
    const file = await openOut(path);
    await file.writeFile(text);
    await file.close();
    expect(readFileSync(path, 'utf8')).toBe(text);
  }
});

describe.skipIf(process.platform === 'win32')('a pipe', () => {
  it('that nobody reads is named and not waited for', async () => {
    const path = join(folder, 'pipe');
    execFileSync('mkfifo', [path]);
    await expect(openOut(path)).rejects.toMatchObject({
      code: 'file-kind',
      message: `${path}: expected a file, found a pipe or a socket; remove it or name another path`,
    });
  });

  it('that is read is written to', async () => {
    const path = join(folder, 'pipe');
    execFileSync('mkfifo', [path]);
    const reader = spawn('cat', [path]);
    let read = '';
    reader.stdout.setEncoding('utf8').on('data', (text: string) => {
      read += text;
    });
    const ended = once(reader, 'close');
    let file: Awaited<ReturnType<typeof openOut>> | undefined;
    // The reader may not have opened it yet.
    while (!file) file = await openOut(path).catch(() => undefined);
    await file.writeFile('text');
    await file.close();
    await ended;
    expect(read).toBe('text');
  });
});
