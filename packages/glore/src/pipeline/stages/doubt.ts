/** What a first SORM values the lines of its own set at, and what is said of the labels that are doubted for it. */
import { join } from 'node:path';
import { z } from 'zod';
import type { RewardRecord } from '../../dataset/index.js';
import { shares, writeJson } from '../../files/index.js';
import { collect, type StageContext } from '../../run/index.js';
import type { Run } from '../context.js';
import { type Opening, rolesOf, withModels } from '../models.js';
import { readProblems } from '../records.js';
import { chunks, unitsOf } from '../units.js';
import { doubtSummary } from './truth.js';
import { advancing, openingFor } from './work.js';

/** Records that are one unit of work where the SORM is embedded, and where it is served. */
const PER_UNIT = 256;
const PER_UNIT_SERVED = 8;

/** Of each line of a record. */
const valuesShape = z.object({ values: shares });

/** Its value of each line of each record, journalled by units. @param ready readies it, if it is to be asked */
export async function valuesOf(
  run: Run,
  context: StageContext,
  records: readonly RewardRecord[],
  ready: () => Promise<Pick<Opening, 'checkpoints'>>,
): Promise<number[][]> {
  const path = join(context.folder, 'first.values.jsonl');
  const { size, parallel } = unitsOf(run, ['sorm'], PER_UNIT, PER_UNIT_SERVED);
  context.progress.total(records.length, 'solutions read by the first SORM');
  const { asked, opening } = await openingFor('sorm', path, context, ready);
  const found = await withModels(
    run,
    asked,
    (models) =>
      collect({
        path,
        shape: valuesShape,
        units: chunks([...records.entries()], size),
        key: ([first]) => String(first![0]),
        work: async (unit, kept) => {
          const items = unit.map(([, record]) => ({ question: record.question, solution: record }));
          const values = await rolesOf(run, models, kept).sorm.values(items);
          return values.map((row) => ({ values: row }));
        },
        parallel,
        signal: context.signal,
        onUnit: advancing(context, (rows) => rows.length),
      }),
    opening,
  );
  return found.map(({ values }) => values);
}

/** Tokens that are read for these values. */
export const valuedTokens = ({ codec }: Run, records: readonly RewardRecord[]): number =>
  records.reduce((sum, record) => sum + codec.tagged(record.question, record).tokens.length, 0);

/** Says which labels are doubted, a flag per label, and writes `doubted.json`. */
export async function tellDoubts(
  run: Run,
  { folder, progress }: StageContext,
  records: readonly RewardRecord[],
  doubted: readonly (readonly boolean[])[],
): Promise<void> {
  const summary = doubtSummary(records, doubted, await readProblems(run, 'train'));
  await writeJson(join(folder, 'doubted.json'), summary);
  const known =
    summary.wrongSteps === null
      ? ''
      : `; ${summary.wrongSteps} of the ${summary.doubtedSteps} that are of steps are wrong`;
  progress.note(
    `${summary.doubted} of ${summary.positive} positive labels are doubted and left out${known}`,
  );
}
