/** What stands in a run's folder: records, journals, locks. */
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join, relative } from 'node:path';
import { z } from 'zod';
import { renderReport } from '../../packages/glore/dist/cli/report.js';
import { screenOf } from '../../packages/glore/dist/cli/terminal.js';
import { exportRun, exportSets, formats } from '../../packages/glore/dist/export/index.js';
import {
  evaluationIn,
  readReport,
  readRun,
  runPipeline,
} from '../../packages/glore/dist/pipeline/index.js';
import { collect, lockRun, silentReporter } from '../../packages/glore/dist/run/index.js';
import { RunView } from '../../packages/glore/dist/view/index.js';
import { finishedRun } from '../folder.mjs';
import { mutateBytes, mutateJson, mutateLines, oddValue } from '../mutate.mjs';
import { checkShown, holds } from '../outcome.mjs';

const screen = screenOf({});
const interrupted = new AbortController();

/** Everything that reads a finished run, and is done in a moment. */
const readers = {
  report: async (run) => checkShown(renderReport(await readReport(run), screen), 'the report'),
  evaluation: (run) => evaluationIn(run),
  run: (run) => readRun(run),
  view: async (run) => {
    const view = await RunView.open(run);
    await view.state();
    await view.curves();
    await view.labels();
    const { rows } = await view.problems({ search: 'a', from: 0, count: 100 });
    for (const { index } of rows) await view.problem(index);
    await view.report();
  },
  pipeline: async (run, { recipe }) => {
    await runPipeline({
      folder: run,
      recipe,
      reporter: silentReporter,
      signal: interrupted.signal,
    });
  },
  datasets: async (run, { recipe }) => {
    rmSync(join(run, 'datasets/done.json'), { force: true });
    await runPipeline({ folder: run, recipe, until: 'datasets' });
  },
  labels: async (run, { recipe }) => {
    rmSync(join(run, 'labels/done.json'), { force: true });
    await runPipeline({ folder: run, recipe, until: 'labels' });
  },
  ...Object.fromEntries(
    Object.keys(formats).flatMap((format) =>
      exportSets(format).map((set) => [
        `export ${format} ${set}`,
        async (run, { out }) => {
          await exportRun({ folder: run, format, sets: [set], out });
        },
      ]),
    ),
  ),
};

/** Which files each of them may be told otherwise of, so that no stage has to be computed anew. */
const settled = /(?:done|started|spent)\.json$|^recipe\.json$|^problems\//;
const mayRead = (reader, file) =>
  ['pipeline', 'datasets', 'labels'].includes(reader) ? !settled.test(file) : true;

export const records = {
  name: 'records',
  about:
    'a finished run with one record or file changed: report, evaluation, exports and stages read it, or name it',
  share: 3,
  weight: 0.1,
  // Stages and reports compute.
  limits: { compute: 5000, wait: 20_000 },
  async open({ folder }) {
    const pristine = finishedRun();
    const run = join(folder, 'run');
    const recipe = JSON.parse(readFileSync(join(pristine, 'recipe.json'), 'utf8'));
    cpSync(pristine, run, { recursive: true });
    const files = readdirSync(run, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.jsonl?$/.test(entry.name))
      .map((entry) => relative(run, join(entry.parentPath, entry.name)))
      // Checkpoints have a target of their own.
      .filter((file) => !/(?:model|round-\d)\//.test(file))
      .sort();
    const contents = new Map(files.map((file) => [file, readFileSync(join(run, file))]));
    const names = Object.keys(readers);
    const restore = (file) => {
      rmSync(join(run, file), { recursive: true, force: true });
      cpSync(join(pristine, file), join(run, file), { recursive: true });
    };
    let turn = 0;
    return {
      make(random) {
        const reader = random.of(names);
        const file = random.of(files.filter((one) => mayRead(reader, one)));
        const bytes = contents.get(file);
        if (random.chance(0.03)) return { reader, file, as: random.of(['gone', 'folder']) };
        if (random.chance(0.1)) return { reader, file, bytes: mutateBytes(random, bytes) };
        const changed = file.endsWith('.jsonl')
          ? mutateLines(
              random,
              bytes
                .toString()
                .trim()
                .split('\n')
                .map((line) => JSON.parse(line)),
            )
          : mutateJson(random, JSON.parse(bytes.toString()));
        return { reader, file, bytes: changed };
      },
      async run({ reader, file, as, bytes }) {
        const path = join(run, file);
        const out = join(folder, `out-${turn++}`);
        rmSync(path, { force: true });
        if (as === 'folder') mkdirSync(path);
        else if (bytes) writeFileSync(path, bytes);
        try {
          await readers[reader](run, { recipe, out });
          return `${reader.split(' ')[0]} read`;
        } catch (error) {
          // A damaged file is named in what is said of it.
          const { code, message } = Object(error);
          if (typeof code === 'string' && /^(?:json|jsonl|record)-/.test(code)) {
            holds(message.includes(file.split('/').at(-1)), 'no-file', () => `${code}: ${message}`);
          }
          throw error;
        } finally {
          restore(file);
          rmSync(out, { recursive: true, force: true });
          if (reader === 'datasets' || reader === 'labels') restore(reader);
          for (const one of ['report.json', 'report.svg', 'curve.svg', 'recipe.json', 'lock']) {
            rmSync(join(run, one), { force: true, recursive: true });
            if (one !== 'lock') restore(one);
          }
        }
      },
    };
  },
};

export const journals = {
  name: 'journals',
  about:
    'journals of collected units, changed and cut off: the records are those of the units, or the line is named',
  share: 1,
  weight: 0.3,
  async open({ folder }) {
    const path = join(folder, 'samples.jsonl');
    const journal = `${path}.journal`;
    const units = ['a', 'b', 'c', 'd'];
    const recordsOf = (unit) => [{ unit, value: unit.charCodeAt(0) }];
    const lines = units.flatMap((key) => [
      { key, name: 'asked', value: { text: key } },
      { key, records: recordsOf(key) },
    ]);
    return {
      make: (random) => ({
        journal: mutateLines(random, lines.slice(0, random.whole(1, lines.length))),
        shard: random.chance(0.2),
        final: random.chance(0.1) ? mutateLines(random, units.flatMap(recordsOf)) : null,
      }),
      async run({ journal: bytes, shard, final }) {
        for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true });
        writeFileSync(shard ? `${journal}.1-of-2` : journal, bytes);
        if (final) writeFileSync(path, final);
        const found = await collect({
          path,
          units,
          key: (unit) => unit,
          parallel: 2,
          shape: z.object({ unit: z.string(), value: z.number() }),
          async work(unit, kept) {
            await kept.once('asked', async () => ({ text: unit }));
            return recordsOf(unit);
          },
        });
        holds(Array.isArray(found), 'shape', 'no records');
        return found.length === units.length ? 'collected' : 'other records';
      },
    };
  },
};

export const locks = {
  name: 'locks',
  about: 'lock files of a run folder that anybody may have written: taken over, or refused by name',
  share: 1,
  weight: 0.1,
  async open({ folder }) {
    const run = join(folder, 'run');
    const lock = { pid: 4_190_000, host: hostname(), started: '2026-11-01T00:00:00.000Z' };
    return {
      make: (random) => ({
        name: random.of(['lock', 'lock', 'lock.takeover', 'lock.shard-1-of-2']),
        as: random.of(['file', 'file', 'file', 'file', 'folder']),
        bytes: mutateJson(
          random,
          random.chance(0.8)
            ? { ...lock, pid: random.of([lock.pid, 1, process.pid]) }
            : oddValue(random),
        ),
        shard: random.chance(0.2),
      }),
      async run({ name, as, bytes, shard }) {
        rmSync(run, { recursive: true, force: true });
        mkdirSync(run);
        if (as === 'folder') mkdirSync(join(run, name));
        else writeFileSync(join(run, name), bytes);
        const unlock = await lockRun(run, ...(shard ? [{ index: 1, count: 2 }] : []));
        await unlock();
        return 'taken';
      },
    };
  },
};
