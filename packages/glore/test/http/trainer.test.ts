/** Roles that a command of the recipe trains and that are served afterwards: one run from a student to the table. */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { base, glore, stagesThatWorked, start, temporaryFolder, untilWritten } from '../glore.js';
import { Server } from './server.js';
import {
  begun,
  freePort,
  logOf,
  roles,
  serveAt,
  type Trained,
  recipeAt as trainedAt,
} from './trained.js';

vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 });

let folder: string;
let server: Server;
beforeAll(async () => {
  folder = temporaryFolder();
  server = await Server.start({ models: { student: base }, tokenizer: base, lora: true });
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true });
});

const recipeAt = (name: string, trained: Partial<Trained>) =>
  trainedAt(folder, name, { url: server.url, ...trained });

describe('a run with a trainer', () => {
  it('goes from the student to the table, and does nothing twice', async () => {
    const recipe = recipeAt('whole', {});
    const run = join(folder, 'whole-run');
    const ended = await glore(['run', recipe, '--run', run]);
    expect(ended).toMatchObject({ code: 0 });
    expect(ended.stdout).toContain('rerank');
    for (const role of roles) {
      expect(ended.stderr).toContain(`${role}: its adapter is loaded as ${role} (local)`);
      expect(begun(run, role)).toHaveLength(1);
      // Words stay words, and no shell has seen them.
      expect(logOf(run, role)).toContain(JSON.stringify('a "b" $HOME'));
      // As this recipe asks the server.
      expect(logOf(run, role)).toContain('"spelling":"tokens"');
    }
    for (const role of ['global', 'local']) {
      // This trainer's models are what they started from, which nothing can tell apart then.
      expect(ended.stderr).toMatch(
        new RegExp(`${role}: served texts begin as its trainer's \\(\\d texts, and so do those`),
      );
    }
    for (const role of ['sorm', 'orm'])
      expect(ended.stderr).toMatch(
        new RegExp(`${role}: served values are within 0\\.00\\d\\d of its trainer's`),
      );
    // The sets are those that would be learned from here: the ORM's with what the others wrote.
    const rows = readFileSync(join(run, 'orm/data.jsonl'), 'utf8').trim().split('\n');
    expect(JSON.parse(rows[0]!)).toMatchObject({ completions: expect.any(Array) });
    const again = await glore(['run', recipe, '--run', run, '--json']);
    expect(again).toMatchObject({ code: 0 });
    expect(stagesThatWorked(again.stderr)).toEqual([]);
  });

  it('names a trainer that fails, with its last lines, and keeps what is done', async () => {
    const run = join(folder, 'failed-run');
    const failing = recipeAt('failed', { options: { fails: 'global' } });
    const failed = await glore(['run', failing, '--run', run]);
    expect(failed.code).toBe(2);
    expect(failed.stderr).toContain('training the global: expected');
    expect(failed.stderr).toContain('to end well, found exit 3');
    expect(failed.stderr).toContain(join(run, 'global/trainer.log'));
    expect(failed.stderr).toContain('CUDA out of memory\\u001b[2J');
    expect(failed.stderr).toContain('(trainer-failed)');
    const mended = await glore(['global', recipeAt('failed', {}), '--run', run, '--json']);
    expect(mended).toMatchObject({ code: 0 });
    expect(stagesThatWorked(mended.stderr)).toEqual(['global']);
    expect(begun(run, 'global').map(({ from }) => from)).toEqual([0, 5]);
  });

  it('ends the trainer with Ctrl-C, and goes on from what it kept', async () => {
    const run = join(folder, 'stopped-run');
    const slow = recipeAt('stopped', { options: { delay: 300 } });
    const running = start(['sorm', slow, '--run', run]);
    await untilWritten(running, join(run, 'sorm/trained/checkpoints/kept'));
    running.child.kill('SIGINT');
    expect(await running.ended).toMatchObject({ code: 130 });
    const { pid } = begun(run, 'sorm')[0]!;
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    const again = await glore(['sorm', recipeAt('stopped', {}), '--run', run]);
    expect(again).toMatchObject({ code: 0 });
    expect(begun(run, 'sorm')[1]!.from).toBeGreaterThan(0);
  });

  it('refuses served values that are not the trainer’s, and trains nothing again', async () => {
    const run = join(folder, 'differs-run');
    const recipe = recipeAt('differs', { options: { shifts: 0.1 } });
    for (const _ of ['first', 'second']) {
      const ended = await glore(['sorm', recipe, '--run', run]);
      expect(ended.code).toBe(2);
      expect(ended.stderr).toMatch(/found a value 0\.\d+ away.*\(golden-differs\)/s);
    }
    expect(begun(run, 'sorm')).toHaveLength(1);
  });

  it('refuses a writer in whose place the server has the base, and takes its adapter', async () => {
    const run = join(folder, 'differs-run');
    const options = { learns: 0.5 };
    const forgetful = await Server.start({
      ...{ models: { student: base }, tokenizer: base, lora: true },
      ignores: ['lora_path'],
    });
    const unserved = recipeAt('forgetful', { url: forgetful.url, options });
    const refused = await glore(['global', unserved, '--run', run]);
    await forgetful.stop();
    expect(refused.code).toBe(2);
    const said = refused.stderr.replaceAll(/\n +/g, ' ');
    expect(said).toMatch(
      /endpoint local: expected of model global what the global's trainer has \(\S+golden\.jsonl\), found \d of 4 texts that begin otherwise \(to "/,
    );
    expect(said).toMatch(/nothing is trained again.*\(golden-differs\)/s);
    const taken = await glore(['global', recipeAt('mended', { options }), '--run', run]);
    expect(taken).toMatchObject({ code: 0 });
    expect(taken.stderr).toMatch(/global: served texts begin as its trainer's \(\d texts\)/);
    expect(begun(run, 'global')).toHaveLength(1);
  });

  it('says what a server lacks that takes no adapters', async () => {
    const other = await Server.start({ models: { student: base }, tokenizer: base });
    const run = join(folder, 'refused-run');
    const ended = await glore(['sorm', recipeAt('refused', { url: other.url }), '--run', run]);
    await other.stop();
    expect(ended.code).toBe(2);
    expect(ended.stderr).toMatch(/to load the adapter sorm .*status 404.*\(serve-refused\)/s);
    expect(existsSync(join(run, 'sorm/trained.json'))).toBe(true);
  });

  it('trains anew what another option makes another model', async () => {
    const run = join(folder, 'whole-run');
    const ended = await glore(['sorm', recipeAt('whole', { note: 'other' }), '--run', run]);
    expect(ended).toMatchObject({ code: 0 });
    expect(begun(run, 'sorm')).toHaveLength(1);
    expect(logOf(run, 'sorm')).toContain('"note":"other"');
  });

  it('trains again what has gone', async () => {
    const run = join(folder, 'whole-run');
    rmSync(join(run, 'sorm/trained/model/config.json'));
    const ended = await glore(['sorm', recipeAt('whole', { note: 'other' }), '--run', run]);
    expect(ended).toMatchObject({ code: 0 });
    expect(begun(run, 'sorm')).toHaveLength(2);
    expect(existsSync(join(run, 'sorm/trained/model/config.json'))).toBe(true);
    // What it went on from is of no use any more.
    expect(existsSync(join(run, 'sorm/trained/checkpoints'))).toBe(false);
  });
});

describe('a server that the run starts', () => {
  it('has what is trained, from the student on, and ends with the run', async () => {
    const port = await freePort();
    const run = join(folder, 'served-run');
    const serve = serveAt(port, { models: ['student', 'sorm'], lora: false });
    const url = `http://127.0.0.1:${port}/v1`;
    const recipe = recipeAt('served', { url, serve, trains: 'student, sorm' });
    const ended = await glore(['sorm', recipe, '--run', run]);
    expect(ended).toMatchObject({ code: 0 });
    expect(ended.stderr).toContain('sorm: served values are within');
    expect(existsSync(join(run, 'student/trained/model/config.json'))).toBe(true);
    await expect(fetch(`${url}/models`)).rejects.toThrow();
  });

  it('is named where it fails', async () => {
    const port = await freePort();
    const serve = JSON.stringify({
      command: [process.execPath, '-e', 'console.error("no such GPU"); process.exit(7)'],
    });
    const url = `http://127.0.0.1:${port}/v1`;
    const recipe = recipeAt('unserved', { url, serve });
    const ended = await glore(['drafts', recipe, '--run', join(folder, 'unserved-run')]);
    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain('to serve, found exit 7');
    expect(ended.stderr).toContain('no such GPU');
    expect(ended.stderr).toContain('(serve-failed)');
  });
});
