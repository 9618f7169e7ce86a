/** The test problems of a run: pages of those that match, and all that is known of one of them. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { openToRead } from '@glore/engine';
import type { z } from 'zod';
import { GloreError } from '../error.js';
import {
  type Attempt,
  attemptsShape,
  refinementsShape,
  thresholdsShape,
  trueFirstError,
} from '../evaluate/index.js';
import { cureOf, explained, readJson, recordIn } from '../files/index.js';
import { problemShape } from '../problem/index.js';
import { stripAnnotations } from '../reading/index.js';
import { Derived, Pace } from './derived.js';
import { filesOf, filtersIn, type Place, type Row, readRows } from './rows.js';
import {
  type Judged,
  type ProblemDetails,
  type ProblemFilter,
  type ProblemPage,
  type ProblemRow,
  problemFilters,
} from './wire.js';

export interface ProblemQuery {
  readonly filter?: ProblemFilter | undefined;
  readonly search?: string | undefined;
  /** Of those that match, from 0. */
  readonly from: number;
  readonly count: number;
}

export class TestProblems {
  private readonly folder: string;
  private readonly rows: Derived<Row[]>;

  constructor(folder: string) {
    const files = filesOf(folder);
    const all = Object.values(files);
    this.folder = folder;
    this.rows = new Derived(all, async () => (all.every(existsSync) ? readRows(folder) : []));
  }

  /** None before the evaluation has its records. @throws the signal's reason, once nobody wants it any more */
  async page(
    { filter, search = '', from, count }: ProblemQuery,
    signal?: AbortSignal,
  ): Promise<ProblemPage> {
    const wanted = search.trim().toLowerCase();
    const bit = filter === undefined ? 0 : 1 << problemFilters.indexOf(filter);
    const counts = [0, ...problemFilters.map(() => 0)];
    const shown: ProblemRow[] = [];
    let total = 0;
    const rows = await this.rows.get();
    const pace = new Pace();
    for (const row of rows) {
      if (row.index % 256 === 0) {
        if (pace.due) await pace.rest();
        signal?.throwIfAborted();
      }
      if (!row.words.includes(wanted)) continue;
      counts[0]!++;
      for (let i = 0, { bits } = row; bits > 0; i++, bits >>= 1) counts[i + 1]! += bits & 1;
      if (bit !== 0 && (row.bits & bit) === 0) continue;
      if (total >= from && shown.length < count) shown.push(asShown(row));
      total++;
    }
    const names = ['all', ...problemFilters] as const;
    return {
      total,
      from,
      rows: shown,
      counts: Object.fromEntries(
        names.map((name, i) => [name, counts[i]!]),
      ) as ProblemPage['counts'],
    };
  }

  /** @throws GloreError `problem-missing`; `record-broken` */
  async details(index: number): Promise<ProblemDetails> {
    const row = (await this.rows.get())[index];
    if (!row) {
      throw new GloreError(
        'problem-missing',
        `problem ${index}: expected the place of a test problem that was evaluated, found none there; the first is 0`,
      );
    }
    const files = filesOf(this.folder);
    const { places } = row;
    const problem = await recordAt(files.problems, index, places.problems, problemShape);
    const { draft, samples } = await recordAt(
      files.attempts,
      index,
      places.attempts,
      attemptsShape,
    );
    const refined = await recordAt(files.refinements, index, places.refinements, refinementsShape);
    const thresholds = join(this.folder, 'evaluation', 'thresholds.json');
    const { locate } = await readJson(thresholds, thresholdsShape);
    const firstError = trueFirstError(draft);
    return {
      row: asShown(row),
      gold: { answer: problem.answer, steps: problem.steps.map(stripAnnotations) },
      draft: judged(draft),
      samples: samples.map(judged),
      decision: refined.decision,
      right: refined.decision.candidates.map(({ source }) =>
        source === 'global' || source === 'local' ? refined[source].right : draft.right,
      ),
      ...(firstError !== undefined && { firstError }),
      threshold: locate.sorm,
    };
  }
}

const asShown = ({ bits, words: _, places: __, ...row }: Row): ProblemRow => ({
  ...row,
  filters: filtersIn(bits),
});

const judged = ({ steps, answer, right, orm, sorm, truth }: Attempt): Judged => ({
  ...{ steps, answer, right, orm, sorm },
  ...(truth && { truth }),
});

/** @throws GloreError `record-broken`, `jsonl-broken`, also where the file has just been made anew */
const recordAt = <T>(path: string, index: number, { start, length }: Place, shape: z.ZodType<T>) =>
  explained(path, async () => {
    const file = await openToRead(path);
    try {
      const bytes = Buffer.alloc(length);
      await file.read(bytes, 0, length, start);
      return recordIn(path, { number: index + 1, start, bytes, ended: true }, shape, cureOf(path));
    } finally {
      await file.close();
    }
  });
