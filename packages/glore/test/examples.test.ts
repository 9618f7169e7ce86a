/** The examples, built and run as a user would: against a real run, a real server and a file. */
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { finished } from './finished.js';
import { base, firstSaid, type Running, start, temporaryFolder } from './glore.js';

// Each starts a process; the machine need not be free.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 600_000 });

const examples = resolve(import.meta.dirname, '../../../examples');
const built = (name: string) => join(examples, 'dist', `${name}.js`);
const run = (name: string, ...args: string[]) =>
  promisify(execFile)(process.execPath, [built(name), ...args]);

const folder = temporaryFolder();
let done: string;

beforeAll(async () => {
  ({ run: done } = await finished());
});

describe('an example', () => {
  it('has at most 25 lines', () => {
    const files = readdirSync(examples).filter((file) => file.endsWith('.ts'));
    expect(files).toHaveLength(6);
    for (const file of files) {
      const lines = readFileSync(join(examples, file), 'utf8').trimEnd().split('\n');
      expect(lines.length, file).toBeLessThanOrEqual(25);
    }
  });

  it('grades a file', async () => {
    const file = join(folder, 'answers.jsonl');
    const rows = [
      { gold: 'So 40+32=72 in all.\n#### 72', completion: 'There are 72.\n#### 72' },
      { gold: '72', completion: 'The answer is 71.' },
      { gold: '5', completion: 'She has 5 left' },
    ];
    writeFileSync(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    const { stdout } = await run('grade', file);
    expect(stdout).toBe(
      'line 3: no number is marked as the answer, so the last one was taken\n2 of 3 right\n',
    );
  });

  it('refines three questions with a run', async () => {
    const { stdout } = await run('refine', done);
    expect(
      stdout.match(/by (draft|global|local), ORM [01]\.\d\d; first error at (-1|\d)/g),
    ).toHaveLength(3);
  });

  it('has a scorer of its own say where', async () => {
    const { stdout } = await run('scorer', done);
    const [, values = '', location] =
      /^\[([^\]]*)\] (-?\d+) \{/.exec(stdout.replaceAll('\n', ' ')) ?? [];
    const lines = values.split(',').map(Number);
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.every((value) => value === 0 || value === 1)).toBe(true);
    expect(Number(location)).toBe(lines.includes(0) ? lines.indexOf(0) + 1 : -1);
  });

  it('adds a way to answer to the table', async () => {
    const { stdout } = await run('way', done);
    const rows = stdout.split('\n').map((line) => line.split(' ')[0]);
    expect(rows.slice(0, 2)).toEqual(['draft', 'sample']);
    expect(stdout).toMatch(/^agreement [01]\.\d{3}$/m);
    expect(stdout).toMatch(/^agreement - draft -?\d\.\d{3} p = [01]\.\d{3}$/m);
    expect(stdout).toMatch(/^agreement - rerank -?\d\.\d{3} p = [01]\.\d{3}$/m);
  });

  it('runs a recipe from code', async () => {
    const { stdout } = await run('recipe', base, join(folder, 'mine'));
    expect(stdout).toMatch(/^draft [01]\.\d{3}$/m);
    expect(stdout).toMatch(/^rerank [01]\.\d{3}$/m);
  });

  describe('on a server', () => {
    let server: Running;
    let url: string;
    beforeAll(async () => {
      server = start(['serve', done, '--port', '0', '--json']);
      ({ url } = JSON.parse(await firstSaid(server)) as { url: string });
    });
    afterAll(async () => {
      server.child.kill('SIGTERM');
      await server.ended;
    });

    it('plays the five roles', async () => {
      const question = 'Fay has 37 coins. Fay gets 15 more. How many coins does Fay have?';
      const { stdout, stderr } = await run('server', url, question);
      expect(stderr.split('\n').slice(0, 2)).toEqual(['draft', 'where']);
      expect(stdout).toMatch(/^(draft|global|local) .+/);
    });
  });
});
