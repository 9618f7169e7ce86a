/** What is graded of a row: its gold answer, and the texts that a model wrote. */
import { FileRow } from '../../problem/index.js';
import type { Found } from '../../reading/index.js';
import { goldOf } from '../rows.js';

/** The names of fields, or paths to them: "doc.answer", "choices.0.text". */
export interface Fields {
  readonly gold: string;
  readonly answer: string;
}

export interface Answers {
  readonly row: FileRow;
  /** As the row has it. */
  readonly source: string;
  readonly gold: Found;
  /** Null is no answer. */
  readonly texts: readonly (string | null)[];
}

/** Reads rows one after the other. @throws GloreError `field-missing`, `field-type`, `field-empty`, `gold-unparsable` */
export function reader(fields: Fields): (row: FileRow) => Answers {
  // Rows of one problem often stand together.
  let last: { source: string; gold: Found } | undefined;
  return (row) => {
    const source = textAt(row, fields.gold, valueAt(row, fields.gold));
    if (last?.source !== source) last = { source, gold: goldOf(row, fields.gold, source) };
    const value = valueAt(row, fields.answer);
    const list = Array.isArray(value) ? value.flat(Number.POSITIVE_INFINITY) : [value];
    if (list.length === 0) {
      throw row.error('field-empty', {
        expected: `a text or more in the field "${fields.answer}"`,
        found: 'an empty list',
        cure: 'write null where there is no answer',
      });
    }
    const texts = list.map((text) => (text === null ? null : textAt(row, fields.answer, text)));
    return { row, ...last, texts };
  };
}

/** The value of a field, or where a path leads. */
function valueAt(row: FileRow, path: string): unknown {
  if (Object.hasOwn(row.fields, path) || !path.includes('.')) return row.field(path);
  let value: unknown = row.fields;
  for (const name of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) {
      const names = typeof value === 'object' && value !== null ? Object.keys(value) : [];
      throw row.error('field-missing', {
        expected: `"${name}" of the field "${path}"`,
        found: names.length > 0 ? names.map((key) => `"${key}"`).join(', ') : 'no fields',
        cure: 'add it or name another field',
      });
    }
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}

/** A string or a number as a string. */
const textAt = ({ file, line }: FileRow, path: string, value: unknown): string =>
  typeof value === 'string' ? value : new FileRow(file, line, { [path]: value }).textOrNumber(path);
