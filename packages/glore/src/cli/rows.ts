/** Rows of a JSON Lines file, or of standard input, and the gold answers in them. */
import { createReadStream, statSync } from 'node:fs';
import { buffer } from 'node:stream/consumers';
import { decodeText, type FileRow, parseJsonLines, readTextFile } from '../problem/index.js';
import { type Found, readGold } from '../reading/index.js';

/** The rows of a file, or with "-" of standard input. @throws GloreError for a file that cannot be read or has bad lines */
export async function readRows(file: string): Promise<FileRow[]> {
  const name = file === '-' ? 'standard input' : file;
  // A pipe, as shells make them of `<(..)`, may be long in coming.
  const isPipe = statSync(file, { throwIfNoEntry: false })?.isFIFO() ?? false;
  if (file !== '-' && !isPipe) return parseJsonLines(readTextFile(file), file);
  const stream = file === '-' ? process.stdin : createReadStream(file);
  return parseJsonLines(decodeText(await buffer(stream), name), name);
}

/** The gold answer in a row's field. @throws GloreError `field-missing`, `field-type`, `gold-unparsable` */
export const goldIn = (row: FileRow, field: string): Found =>
  goldOf(row, field, row.textOrNumber(field));

/** The gold answer that `source` says, of a row's field. @throws GloreError `gold-unparsable` */
export function goldOf(row: FileRow, field: string, source: string): Found {
  const gold = readGold(source);
  if (gold) return gold;
  throw row.error('gold-unparsable', {
    expected: `a gold answer in the field "${field}"`,
    found: JSON.stringify(source.slice(0, 200)),
    cure: 'give the answer alone, or mark it with ####',
  });
}
