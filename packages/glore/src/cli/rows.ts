/** Rows of a JSON Lines file, or of standard input, and the gold answers in them. */
import { buffer } from 'node:stream/consumers';
import {
  decodeText,
  type FileRow,
  goldAnswer,
  parseJsonLines,
  readTextFile,
} from '../problem/index.js';

/** The rows of a file, or with "-" of standard input. @throws GloreError for a file that cannot be read or has bad lines */
export async function readRows(file: string): Promise<FileRow[]> {
  if (file !== '-') return parseJsonLines(readTextFile(file), file);
  const name = 'standard input';
  return parseJsonLines(decodeText(await buffer(process.stdin), name), name);
}

/** @throws GloreError `field-missing`, `field-type`, `gold-unparsable` */
export function readGold(row: FileRow, field: string): string {
  const source = row.textOrNumber(field);
  const gold = goldAnswer(source);
  if (gold !== '') return gold;
  throw row.error('gold-unparsable', {
    expected: `a gold answer in the field "${field}"`,
    found: JSON.stringify(source),
    cure: 'give the answer alone, or mark it with ####',
  });
}
