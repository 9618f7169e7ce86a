import { execFile, execFileSync, spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lockRun } from './lock.js';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'glore-lock-'));
  path = join(folder, 'lock');
});
afterEach(() => rmSync(folder, { recursive: true }));

/** The built file: child processes cannot load TypeScript. `npm test` builds first. */
const built = pathToFileURL(join(import.meta.dirname, '../../dist/run/lock.js')).href;

/** Locks the folder, says who has it, and holds it until its standard input ends. */
const program = `
  import { lockRun } from ${JSON.stringify(built)};
  try {
    const release = await lockRun(process.argv[1]);
    console.log('locked');
    process.stdin.resume().on('end', release);
  } catch (error) {
    console.log(error.code);
    process.stdin.destroy();
  }
`;
const argv = () => ['--input-type=module', '-e', program, folder];

/** A process, once it has said whether it has the lock. */
async function start(): Promise<{
  said: string;
  pid: number;
  end(): Promise<void>;
  kill(): Promise<void>;
}> {
  const child = spawn(process.execPath, argv(), { stdio: ['pipe', 'pipe', 'inherit'] });
  const closed = new Promise<void>((resolve) => child.on('close', () => resolve()));
  const said = await new Promise<string>((resolve) =>
    child.stdout.setEncoding('utf8').once('data', (text: string) => resolve(text.trim())),
  );
  const stop = (how: () => unknown) => async () => {
    how();
    await closed;
  };
  return {
    said,
    pid: child.pid as number,
    end: stop(() => child.stdin.end()),
    kill: stop(() => child.kill('SIGKILL')),
  };
}

const deadPid = async () => {
  const running = promisify(execFile)(process.execPath, ['-e', '0']);
  const { pid } = running.child;
  await running;
  return pid;
};

describe('lockRun', () => {
  it('makes the folder, names its holder and goes with the release', async () => {
    const release = await lockRun(join(folder, 'runs/tiny'));
    const holder = JSON.parse(readFileSync(join(folder, 'runs/tiny/lock'), 'utf8'));
    expect(holder).toMatchObject({ pid: process.pid, host: hostname() });
    expect(Math.abs(Date.parse(holder.started) - performance.timeOrigin)).toBeLessThan(2);
    await release();
    expect(readdirSync(join(folder, 'runs/tiny'))).toEqual([]);
  });

  it.each([
    ['null', 'expected a map of keys, found nothing'],
    ['5', 'expected a map of keys, found 5'],
    ['[]', 'expected a map of keys, found []'],
    ['{"pid":"a","host":"h","started":"x"}', 'pid: expected a number, found "a"'],
    ['{"pid":-1,"host":"h","started":"x"}', 'pid: expected at least 1, found -1'],
    ['{"pid":1}', 'host: expected text, found nothing'],
  ])('says what is no lock, and what to do: %s', async (text, said) => {
    writeFileSync(path, text);
    await expect(lockRun(folder)).rejects.toMatchObject({
      code: 'record-broken',
      message: `${path}: ${said}; if no process works there, delete ${path}`,
    });
    rmSync(path);
    await (await lockRun(folder))();
  });

  it.skipIf(process.platform === 'win32')('names a folder or a pipe in its place', async () => {
    mkdirSync(path);
    await expect(lockRun(folder)).rejects.toMatchObject({ code: 'file-kind' });
    rmSync(path, { recursive: true });
    execFileSync('mkfifo', [path]);
    await expect(lockRun(folder)).rejects.toMatchObject({ code: 'file-kind' });
  });

  it.skipIf(process.platform !== 'linux')(
    'is not kept by another process that has got the number since',
    async () => {
      const other = spawn('sleep', ['60']);
      const holder = { pid: other.pid, host: hostname() };
      try {
        // As this version writes it, and as one before, which knew no births.
        const born = { ...holder, started: new Date().toISOString(), birth: 'boot/1' };
        const old = { ...holder, started: '2020-11-01T00:00:00.000Z' };
        for (const dead of [born, old]) {
          writeFileSync(path, JSON.stringify(dead));
          await (await lockRun(folder))();
        }
        const alive = { ...holder, started: new Date().toISOString() };
        writeFileSync(path, JSON.stringify(alive));
        await expect(lockRun(folder)).rejects.toMatchObject({ code: 'run-locked' });
      } finally {
        other.kill();
      }
    },
  );

  it('refuses a second time in one process', async () => {
    const release = await lockRun(folder);
    await expect(lockRun(folder)).rejects.toMatchObject({ code: 'run-locked' });
    await release();
    await (await lockRun(folder))();
  });

  it('refuses while another process holds it, and tells which', async () => {
    const other = await start();
    expect(other.said).toBe('locked');
    const error = await lockRun(folder).catch((caught) => caught);
    expect(error).toMatchObject({ name: 'GloreError', code: 'run-locked' });
    const { started } = JSON.parse(readFileSync(path, 'utf8'));
    expect(error.message).toBe(
      `${folder}: expected a run folder that no process works in, found process ${other.pid} on ${hostname()}, started ${started}; wait for it or stop it; if it is gone for certain, delete ${path}`,
    );
    await other.end();
    await (await lockRun(folder))();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('takes over from a process that was killed', async () => {
    const other = await start();
    await other.kill();
    expect(existsSync(path)).toBe(true);
    const release = await lockRun(folder);
    expect(JSON.parse(readFileSync(path, 'utf8')).pid).toBe(process.pid);
    await release();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('takes over from an earlier process of the same pid, as in a restarted container', async () => {
    const earlier = { pid: process.pid, host: hostname(), started: '2024-02-14T00:00:00.000Z' };
    writeFileSync(path, JSON.stringify(earlier));
    await (await lockRun(folder))();
  });

  it.each(['', '{"pid":12'])('takes over a lock left half-written: %j', async (text) => {
    writeFileSync(path, text);
    await (await lockRun(folder))();
  });

  it('takes over when a process was killed while it took over', async () => {
    const dead = { pid: await deadPid(), host: hostname(), started: '' };
    writeFileSync(path, JSON.stringify(dead));
    writeFileSync(`${path}.takeover`, JSON.stringify(dead));
    const release = await lockRun(folder);
    await release();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('leaves the lock of another machine alone', async () => {
    const far = { pid: await deadPid(), host: 'elsewhere', started: '2024-02-14T00:00:00.000Z' };
    writeFileSync(path, JSON.stringify(far));
    await expect(lockRun(folder)).rejects.toMatchObject({ code: 'run-locked' });
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual(far);
  });

  it.each(['free', 'dead'])(
    'goes to one of several processes that start at once (%s)',
    async (state) => {
      for (let round = 0; round < 3; round++) {
        if (state === 'dead') {
          const dead = { pid: await deadPid(), host: hostname(), started: '' };
          writeFileSync(path, JSON.stringify(dead));
        }
        const all = await Promise.all(Array.from({ length: 6 }, start));
        const winners = all.filter(({ said }) => said === 'locked');
        expect(winners.length).toBe(1);
        expect(all.filter(({ said }) => said === 'run-locked').length).toBe(5);
        expect(JSON.parse(readFileSync(path, 'utf8')).pid).toBe(winners[0]!.pid);
        await Promise.all(all.map(({ end }) => end()));
        expect(readdirSync(folder)).toEqual([]);
      }
    },
  );
});
