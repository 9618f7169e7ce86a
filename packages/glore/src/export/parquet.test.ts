import fc from 'fast-check';
import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import { describe, expect, it } from 'vitest';
import { formats } from './formats.js';
import { type ExportRow, encodeParquet } from './parquet.js';

/** The rows of a Parquet file, as another library reads them. */
const read = async (bytes: Uint8Array) =>
  parquetReadObjects({ file: bytes.slice().buffer as ArrayBuffer });

const texts = fc.array(fc.string({ unit: 'grapheme' }), { maxLength: 4 });

describe('encodeParquet', () => {
  it('gives back every row of stepwise supervision', async () => {
    const rows = fc.array(
      fc.record({
        prompt: fc.string({ unit: 'grapheme' }),
        completions: texts,
        labels: fc.array(fc.boolean(), { maxLength: 4 }),
      }),
      { maxLength: 20 },
    );
    await fc.assert(
      fc.asyncProperty(rows, async (list) => {
        const { columns } = formats['trl-stepwise'];
        expect(await read(await encodeParquet(list, columns))).toEqual(list);
      }),
      { numRuns: 50 },
    );
  });

  it('gives back every row of ProcessBench, also of many row groups', async () => {
    const rows = Array.from({ length: 2500 }, (_, i) => ({
      id: `p-${i}`,
      generator: 'student',
      problem: 'Zoë has 3.\nWhat now?',
      steps: i % 7 === 0 ? [] : [`step ${i}`, '#### 4'],
      final_answer_correct: i % 3 === 0,
      label: (i % 4) - 1,
    }));
    const found = await read(await encodeParquet(rows, formats.processbench.columns));
    expect(found.map((row) => ({ ...row, label: Number(row.label) }))).toEqual(rows);
  });

  it.each(Object.keys(formats) as (keyof typeof formats)[])(
    'has the columns of %s even without rows',
    async (name) => {
      const { columns } = formats[name];
      const bytes = await encodeParquet([] as ExportRow[], columns);
      const { schema, num_rows: rows } = parquetMetadata(bytes.slice().buffer as ArrayBuffer);
      expect(rows).toBe(0n);
      const top = schema.filter(({ name: column }) => Object.hasOwn(columns, column));
      expect(top.map(({ name: column }) => column)).toEqual(Object.keys(columns));
    },
  );
});
