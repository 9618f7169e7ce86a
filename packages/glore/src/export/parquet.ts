/** Rows as a Parquet file. */
import type { parquetWriteBuffer } from 'hyparquet-writer';

export type ColumnType = 'text' | 'flag' | 'integer' | 'texts' | 'flags';
/** The columns of a format, by name. */
export type Columns = Readonly<Record<string, ColumnType>>;

export type Cell = string | boolean | number | readonly string[] | readonly boolean[];
export type ExportRow = Readonly<Record<string, Cell>>;

type Element = NonNullable<Parameters<typeof parquetWriteBuffer>[0]['schema']>[number];

/** The bytes of a Parquet file: no cell is ever null, and lists are in the three levels that Arrow writes. */
export async function encodeParquet(
  rows: readonly ExportRow[],
  columns: Columns,
): Promise<Uint8Array> {
  // A library that few commands need.
  const { parquetWriteBuffer } = await import('hyparquet-writer');
  const names = Object.keys(columns);
  const schema = names.flatMap((name) => elements(name, columns[name]!));
  // 64-bit integers, as datasets of others have them, are BigInt.
  const cells = (name: string) =>
    rows.map((row) => (columns[name] === 'integer' ? BigInt(Number(row[name])) : row[name]));
  return new Uint8Array(
    parquetWriteBuffer({
      columnData: names.map((name) => ({ name, data: cells(name) })),
      schema: [{ name: 'root', num_children: names.length }, ...schema],
    }),
  );
}

function elements(name: string, type: ColumnType): Element[] {
  switch (type) {
    case 'text':
      return [{ name, type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'REQUIRED' }];
    case 'flag':
      return [{ name, type: 'BOOLEAN', repetition_type: 'REQUIRED' }];
    case 'integer':
      return [{ name, type: 'INT64', repetition_type: 'REQUIRED' }];
    case 'texts':
      return list(name, elements('element', 'text'));
    case 'flags':
      return list(name, elements('element', 'flag'));
  }
}

const list = (name: string, element: Element[]): Element[] => [
  { name, converted_type: 'LIST', repetition_type: 'REQUIRED', num_children: 1 },
  { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
  ...element,
];
