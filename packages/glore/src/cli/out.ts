/** The file that rows are written to with what was found. */
import { constants, existsSync, realpathSync } from 'node:fs';
import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { GloreError } from '../error.js';
import { explained } from '../files/index.js';
import type { FileRow } from '../problem/index.js';

/** The field of a row that is written to. */
export const WRITTEN = 'glore';

/** @throws GloreError `field-taken` if the row has it already */
export function checkFree(row: FileRow): void {
  if (!Object.hasOwn(row.fields, WRITTEN)) return;
  throw row.error('field-taken', {
    expected: `no field "${WRITTEN}", which the answer is written to`,
    found: 'one',
    cure: 'rename or remove it',
  });
}

/** @throws GloreError `file-same` if `out` is `file`, which is read */
export function checkOther(out: string, file: string): void {
  if (!existsSync(out) || !existsSync(file) || realpathSync(out) !== realpathSync(file)) return;
  throw new GloreError(
    'file-same',
    `--out ${out}: expected another file than the one that is read, found the same; name another one`,
  );
}

const { O_WRONLY, O_CREAT } = constants;
/** Windows has none. */
const O_NONBLOCK = constants.O_NONBLOCK ?? 0;

/**
 * Opens `out` anew; its folder is made.
 *
 * @throws GloreError `file-kind`, also where it is a pipe that nobody reads: to open it would wait, and no signal ends that
 */
export const openOut = (out: string): Promise<FileHandle> =>
  explained(out, async () => {
    await mkdir(dirname(out), { recursive: true });
    const reached = await open(out, O_WRONLY | O_CREAT | O_NONBLOCK);
    try {
      return await open(out, 'w');
    } finally {
      await reached.close();
    }
  });
