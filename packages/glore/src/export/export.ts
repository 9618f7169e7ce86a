/** A run's data in the formats of others, with a card that says how it was made. */
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename, join, parse, resolve } from 'node:path';
import { GloreError } from '../error.js';
import { explained, namesIn, replaceFile, writeJsonl } from '../files/index.js';
import { openUnfinishedRun } from '../pipeline/index.js';
import { type CardSet, renderCard } from './card.js';
import { factsOf, settingsOf } from './facts.js';
import { type FormatName, formats } from './formats.js';
import { type ExportRow, encodeParquet } from './parquet.js';
import { exported, exportSets } from './sets.js';

export interface ExportOptions {
  /** The run's folder. */
  readonly folder: string;
  readonly format: FormatName;
  /** All that the format has if left out. */
  readonly sets?: readonly string[] | undefined;
  /** A new or empty folder; with `replace` also one that an export has filled. */
  readonly out: string;
  readonly replace?: boolean | undefined;
  readonly parquet?: boolean | undefined;
}

export interface Exported {
  readonly format: FormatName;
  readonly folder: string;
  readonly sets: readonly Pick<CardSet, 'name' | 'rows' | 'problems' | 'balance'>[];
  readonly files: readonly string[];
}

/**
 * Writes `<set>.jsonl`, with `parquet` also `<set>.parquet`, and the card README.md.
 *
 * The stages that the sets are made of must be done with the run's recipe; the run itself need not be finished.
 * @throws GloreError `export-set`, `truth-unknown`, `out-occupied`, `run-missing`, `run-unfinished`, `run-changed`, `tag-in-text`
 */
export async function exportRun(options: ExportOptions): Promise<Exported> {
  const { folder, format, out, parquet = false, replace = false } = options;
  const names = options.sets ?? exportSets(format);
  checkSets(format, names);
  const before = occupants(out, replace);
  const chosen = names.map((name) => ({ name, ...exported[format][name]! }));
  const run = await openUnfinishedRun(
    folder,
    chosen.map(({ stage }) => stage),
  );
  const made: (CardSet & { readonly records: readonly ExportRow[] })[] = [];
  for (const { name, split, make } of chosen) {
    const found = await make(run);
    if (!found) {
      // Asked for by name it is an error; as one of all it is left out.
      if (!options.sets) continue;
      throw new GloreError(
        'truth-unknown',
        `--set ${name}: expected solutions whose steps can be judged, found that the truth of steps is not known in ${folder}; choose other sets`,
      );
    }
    const { rows, ...rest } = found;
    const file = `${name}.${parquet ? 'parquet' : 'jsonl'}`;
    made.push({ name, split, file, records: rows, rows: rows.length, ...rest });
  }
  // Only once everything is made: an export that fails leaves the one before.
  for (const name of before)
    await explained(join(out, name), () => rm(join(out, name), { force: true }));
  const files: string[] = [];
  const file = (name: string) => {
    files.push(name);
    return join(out, name);
  };
  for (const { name, records } of made) {
    await writeJsonl(file(`${name}.jsonl`), records);
    if (!parquet) continue;
    await replaceFile(file(`${name}.parquet`), [
      await encodeParquet(records, formats[format].columns),
    ]);
  }
  await replaceFile(file('README.md'), [
    renderCard({
      title: `${basename(resolve(folder))}: ${format}`,
      format: formats[format],
      sets: made,
      facts: await factsOf(run),
      settings: settingsOf(run.recipe),
    }),
  ]);
  const sets = made.map(({ name, rows, problems, balance }) => ({ name, rows, problems, balance }));
  return { format, folder: out, sets, files };
}

function checkSets(format: FormatName, names: readonly string[]): void {
  const known = exportSets(format);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new GloreError(
    'export-set',
    `--set: expected a set of the format ${format} (${known.join(', ')}), found "${unknown}"`,
  );
}

/**
 * What an export has left in a folder, to be replaced. A card speaks for its whole folder, so nothing else may be in it.
 * @throws GloreError `out-occupied`
 */
function occupants(out: string, replace: boolean): string[] {
  const found = namesIn(out);
  if (found.length === 0) return [];
  const sets = new Set(Object.values(exported).flatMap(Object.keys));
  const own = (name: string) =>
    name === 'README.md' || (isSetFile(name) && sets.has(parse(name).name));
  const others = found.filter((name) => !own(name));
  const ours = others.length === 0 && existsSync(join(out, 'README.md'));
  if (replace && ours) return found;
  const shown = (ours ? found : others).slice(0, 3).join(', ');
  const cure = ours
    ? 'replace the export in it with --replace, or choose another folder'
    : 'choose another folder, or empty it';
  throw new GloreError(
    'out-occupied',
    `${out}: expected a new or empty folder, found ${shown || found.join(', ')}; ${cure}`,
  );
}

const isSetFile = (name: string): boolean => /\.(jsonl|parquet)$/.test(name);
