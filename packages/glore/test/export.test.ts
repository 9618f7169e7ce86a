/** A run's data in the formats of others, and first errors located in it again. */
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parquetReadObjects } from 'hyparquet';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import type { GlobalRecord, RewardRecord } from '../src/dataset/index.js';
import type { Exported } from '../src/export/index.js';
import type { Report } from '../src/pipeline/index.js';
import type { Sample } from '../src/rollout/index.js';
import { finished } from './finished.js';
import { glore, temporaryFolder } from './glore.js';

// Each starts a process; the machine need not be free.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 600_000 });

let folder: string;
let run: string;
beforeAll(async () => {
  folder = temporaryFolder();
  ({ run } = await finished());
});
afterAll(() => rmSync(folder, { recursive: true }));

const linesOf = <T>(path: string): T[] =>
  readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T);

/** Exports to a new folder and gives it. */
async function exported(name: string, ...args: string[]): Promise<Exported> {
  const out = join(folder, name);
  const { code, stdout, stderr } = await glore(['export', run, '--out', out, '--json', ...args]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as Exported;
}

describe('glore export', () => {
  const formats = {
    'trl-stepwise': ['sorm', 'orm'],
    'trl-prompt-completion': ['student', 'global', 'local', 'plain'],
    'math-shepherd': ['sorm', 'orm'],
    processbench: ['labels', 'dev', 'test'],
  };

  it.each(Object.entries(formats))(
    'writes %s as JSON Lines, Parquet and a card',
    async (format, sets) => {
      const {
        folder: out,
        files,
        sets: made,
      } = await exported(`all-${format}`, '--format', format, '--parquet');
      expect(made.map(({ name }) => name)).toEqual(sets);
      expect(readdirSync(out).sort()).toEqual([...files].sort());
      const card = readFileSync(join(out, 'README.md'), 'utf8');
      const { configs } = parse(card.split('---\n')[1]!) as {
        configs: { config_name: string; data_files: { path: string }[] }[];
      };
      for (const [i, { name, rows }] of made.entries()) {
        const records = linesOf<Record<string, unknown>>(join(out, `${name}.jsonl`));
        expect(records).toHaveLength(rows);
        expect(rows).toBeGreaterThan(0);
        const path = configs[i]!.data_files[0]!.path;
        const bytes = readFileSync(join(out, path));
        const found = await parquetReadObjects({ file: new Uint8Array(bytes).buffer });
        // 64-bit integers come back as BigInt.
        const plain = (value: unknown) => (typeof value === 'bigint' ? Number(value) : value);
        expect(
          found.map((row) =>
            Object.fromEntries(Object.entries(row).map(([key, value]) => [key, plain(value)])),
          ),
        ).toEqual(records);
      }
    },
  );

  it('has the labels and pairs of the run, and says how they were made', async () => {
    const { folder: out } = await exported('steps', '--format', 'trl-stepwise', '--set', 'sorm');
    const labels = linesOf<RewardRecord>(join(run, 'datasets/sorm.jsonl')).map((record) =>
      record.labels.filter((label) => label !== null),
    );
    const rows = linesOf<{ labels: boolean[] }>(join(out, 'sorm.jsonl'));
    expect(rows.map((row) => row.labels)).toEqual(labels);
    const card = readFileSync(join(out, 'README.md'), 'utf8');
    const { accuracy } = JSON.parse(readFileSync(join(run, 'labels/summary.json'), 'utf8')) as {
      accuracy: number;
    };
    expect(card).toContain('any known rollout');
    expect(card).toContain('at most 2 drawn there');
    expect(card).toContain(`${(100 * accuracy).toFixed(1)}% are true`);
    expect(card).toMatch(/Transforms: consistency .*; propagation .*; balance /);
    const { folder: pairs } = await exported('pairs', '--format', 'trl-prompt-completion');
    const drafts = linesOf<GlobalRecord>(join(run, 'datasets/global.jsonl'));
    const prompts = linesOf<{ prompt: string }>(join(pairs, 'global.jsonl'));
    expect(prompts.map(({ prompt }) => prompt.split('<|draft|>')[0])).toEqual(
      drafts.map(({ question }) => `${question}\n`),
    );
    // What the mask of the last round's training counted.
    const student = linesOf(join(pairs, 'student.jsonl'));
    const mask = JSON.parse(readFileSync(join(run, 'student/training-1.mask.json'), 'utf8')) as {
      examples: number;
      lostExamples: number;
    };
    expect(student).toHaveLength(mask.examples + mask.lostExamples);
  });

  it('leaves out a solution without a line', async () => {
    const silent = join(folder, 'silent');
    cpSync(run, silent, { recursive: true });
    const file = join(silent, 'drafts/samples.jsonl');
    const samples = linesOf<Sample>(file);
    const solved = new Set(samples.filter(({ right }) => right).map(({ problem }) => problem));
    const wrong = samples.find(({ problem, right }) => !right && solved.has(problem))!;
    const emptied = { ...wrong, steps: [], answer: null };
    const changed = samples.map((sample) => (sample === wrong ? emptied : sample));
    writeFileSync(file, changed.map((sample) => `${JSON.stringify(sample)}\n`).join(''));
    const out = join(folder, 'silent-out');
    const args = [silent, '--format', 'trl-stepwise', '--set', 'orm', '--out', out];
    expect(await glore(['export', ...args])).toMatchObject({ code: 0 });
    const rows = linesOf<{ labels: boolean[] }>(join(out, 'orm.jsonl'));
    expect(rows.length).toBeGreaterThan(0);
    expect(rows.filter(({ labels }) => labels.length === 0)).toEqual([]);
  });

  it('prints the sets as a table', async () => {
    const out = join(folder, 'table');
    const { stdout } = await glore(['export', run, '--format', 'math-shepherd', '--out', out]);
    expect(stdout).toMatch(/^sorm +\d+ +\d+ +\d+ labels positive, \d+ negative/m);
    expect(stdout).toContain(`${out}: sorm.jsonl, orm.jsonl, README.md\n`);
  });

  const refused = async (...args: string[]) => {
    const { code, stdout, stderr } = await glore(['export', ...args]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    return stderr;
  };
  const format = ['--format', 'trl-stepwise'];

  it('refuses a set that the format has not, and a folder with something in it', async () => {
    const out = join(folder, 'refused');
    expect(await refused(run, ...format, '--set', 'global', '--out', out)).toBe(
      'error: --set: expected a set of the format trl-stepwise (sorm, orm), found "global" (export-set)\n',
    );
    expect(await refused(run, ...format, '--out', run)).toMatch(/\(out-occupied\)\n$/);
  });

  it('replaces an export where it is told to, and nothing else', async () => {
    const out = join(folder, 'twice');
    await exported('twice', ...format, '--parquet');
    const again = [run, ...format, '--set', 'orm', '--out', out] as const;
    expect(await refused(...again)).toMatch(/with --replace, .*\(out-occupied\)\n$/);
    expect(readdirSync(out)).toHaveLength(5);
    await exported('twice', ...format, '--set', 'orm', '--replace');
    expect(readdirSync(out).toSorted()).toEqual(['README.md', 'orm.jsonl']);
    writeFileSync(join(out, 'notes.txt'), 'mine');
    expect(await refused(...again, '--replace')).toMatch(/found notes.txt; choose another folder/);
    expect(readdirSync(out)).toHaveLength(3);
  });

  it('refuses a run without the stage, or with other settings than it was done with', async () => {
    const out = join(folder, 'refused');
    const nowhere = join(folder, 'nowhere');
    expect(await refused(nowhere, ...format, '--out', out)).toMatch(/\(run-missing\)\n$/);
    const other = join(folder, 'other');
    cpSync(run, other, { recursive: true });
    rmSync(join(other, 'evaluation'), { recursive: true });
    const bench = ['--format', 'processbench', '--out'];
    expect(await refused(other, ...bench, out)).toMatch(
      /the stage evaluation done, found it unfinished; .*\(run-unfinished\)\n$/,
    );
    const labels = await glore([
      'export',
      other,
      '--set',
      'labels',
      ...bench,
      join(folder, 'some'),
    ]);
    expect(labels).toMatchObject({ code: 0 });
    const path = join(other, 'recipe.json');
    writeFileSync(
      path,
      readFileSync(path, 'utf8').replace('"propagation": true', '"propagation": false'),
    );
    expect(await refused(other, '--set', 'labels', ...bench, out)).toMatch(
      /the stage labels done with the settings in recipe\.json, .*\(run-changed\)\n$/,
    );
    // Bits are what all stages depend on.
    writeFileSync(
      path,
      readFileSync(join(run, 'recipe.json'), 'utf8').replace('"workers"', '"bits": 8, "workers"'),
    );
    expect(await refused(other, '--set', 'labels', ...bench, out)).toMatch(
      /the stage problems done with the settings in recipe\.json, .*\(run-changed\)\n$/,
    );
  });
});

describe('glore eval locate', () => {
  let data: string;
  beforeAll(async () => {
    const { folder: out } = await exported('bench', '--format', 'processbench', '--set', 'test');
    data = join(out, 'test.jsonl');
  });

  it('finds in the exported drafts what the report of the run says', async () => {
    const out = join(folder, 'predictions.jsonl');
    const { code, stdout } = await glore([
      ...['eval', 'locate', '--data', data, '--run', run, '--json', '--out', out],
    ]);
    expect(code).toBe(0);
    const found = JSON.parse(stdout);
    const report = JSON.parse(readFileSync(join(run, 'report.json'), 'utf8')) as Report;
    const { right, wrong } = report.critics.sorm.firstError;
    expect(found.threshold).toBe(report.thresholds.locate.sorm);
    expect(found.right.accuracy).toBe(right);
    // The report counts drafts that only lack an answer too, and they are never located.
    expect(found.wrong.matches).toBeCloseTo(wrong! * (report.problems - found.right.solutions), 6);
    expect(found.f1.value).toBeGreaterThanOrEqual(0);
    const rows = linesOf<{ label: number; prediction: number; match: boolean; values: number[] }>(
      out,
    );
    expect(rows).toHaveLength(found.wrong.solutions + found.right.solutions);
    expect(rows.filter(({ match }) => match)).toHaveLength(
      found.wrong.matches + found.right.matches,
    );
    for (const { label, prediction, match, values } of rows) {
      expect(prediction).toBe(values.findIndex((value) => value < found.threshold));
      expect(match).toBe(prediction === label);
    }
  });

  it('prints the two accuracies and F1, at another threshold', async () => {
    const args = ['eval', 'locate', '--data', data, '--run', run, '--threshold', '0'];
    const { stdout } = await glore(args);
    expect(stdout).toMatch(/^with an error, located exactly +0\.0% /m);
    expect(stdout).toMatch(/^without an error, accepted +100\.0% /m);
    expect(stdout).toMatch(/^F1 +0\.0% /m);
    expect(stdout).toMatch(/\nthreshold 0\.000\n$/);
  });

  it('names the file and line of a broken row, before the run is read', async () => {
    const broken = join(folder, 'broken.json');
    writeFileSync(broken, '[\n  {"id": 1, "problem": "Q", "steps": ["a"], "label": 3}\n]\n');
    const { code, stderr } = await glore(['eval', 'locate', '--data', broken, '--run', 'nowhere']);
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: `error: ${broken}:2: expected the first wrong one of 1 steps, counted from 0, or -1 in the field "label", found 3; correct it; steps are counted from 0 (label-invalid)\n`,
    });
  });
});
