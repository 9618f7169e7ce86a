/** Writing files: whole or not at all, through no link; and saying what to do when the file system refuses. */
import { readdirSync } from 'node:fs';
import { mkdir, open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { EngineError, openAnew, refuseOther } from '@glore/engine';
import { GloreError } from '../error.js';

/** Text is handed to the file system in pieces of about this many characters, so that no file has to fit in one string. */
const pieceLength = 1 << 20;

/**
 * Writes a file so that it is either the old one or the whole new one at any moment, also after a power cut; its folder is made.
 *
 * The text goes to `path.part-new` first. The name is fixed, so that a writer killed half-way leaves nothing behind that
 * the next one does not replace; two writers of one path at a time must be ruled out by the caller (see `lockRun`).
 *
 * @throws GloreError `disk-full`, `file-forbidden`, `file-kind`, also where a pipe or a device would be gone.
 */
export async function replaceFile(
  path: string,
  parts: Iterable<string | Uint8Array>,
): Promise<void> {
  const part = `${path}.part-new`;
  await explained(path, async () => {
    await refuseOther(path);
    await mkdir(dirname(path), { recursive: true });
    const file = await openAnew(part);
    try {
      let piece = '';
      for (const content of parts) {
        if (typeof content === 'string') piece += content;
        if (piece.length >= pieceLength || typeof content !== 'string') {
          await file.writeFile(piece);
          piece = '';
        }
        if (typeof content !== 'string') await file.writeFile(content);
      }
      await file.writeFile(piece);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(part, path);
    await syncFolder(dirname(path));
  });
}

/** Does something with the file at `path` and explains the file system's errors. */
export async function explained<T>(path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw explain(path, error);
  }
}

/** What is in a folder; nothing where there is none yet. @throws GloreError `file-kind`, `file-forbidden` */
export function namesIn(path: string): string[] {
  try {
    return readdirSync(path);
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return [];
    throw explain(path, cause);
  }
}

/** The file system's error as one that says what to do about `path`; any other error as it is. */
export function explain(path: string, cause: unknown): unknown {
  if (cause instanceof EngineError && cause.code === 'file-kind') {
    return new GloreError(cause.code, cause.message, { cause });
  }
  const code = codeOf(cause);
  if (code === undefined) return cause;
  const [kind, expected, found, cure] = refusals[code] ?? unforeseen;
  const message = `${path}: expected ${expected}, found ${found.replace('$', code)}; ${cure}`;
  return new GloreError(kind, message, { cause });
}

/** The code of an error of the file system, or of Node about it; undefined of any other. */
function codeOf(error: unknown): string | undefined {
  const { code = '', syscall } = error instanceof Error ? (error as NodeJS.ErrnoException) : {};
  return syscall === undefined ? undefined : /^(?:ERR_FS_)?(E[A-Z0-9]+)$/.exec(code)?.[1];
}

/** `$` stands for the code. */
type Refusal = readonly [kind: string, expected: string, found: string, cure: string];

const full: Refusal = [
  'disk-full',
  'room to write',
  'the disk full ($)',
  'free some space and run the same command again, finished work is kept',
];
const forbidden: Refusal = [
  'file-forbidden',
  'to be allowed to use this file',
  '$',
  'correct its permissions or choose another folder, then run the same command again',
];
const folder: Refusal = ['file-kind', 'a file', 'a folder', 'remove it or name another path'];
const notFolder: Refusal = [
  'file-kind',
  'a folder',
  'a file in the place of one',
  'remove it or name another path',
];
const link: Refusal = [
  'file-kind',
  'a file',
  'links that lead nowhere ($)',
  'remove them or name another path',
];
const unforeseen: Refusal = [
  'file-failed',
  'to use this file',
  '$',
  'put that right and run the same command again, finished work is kept',
];

const refusals: Readonly<Record<string, Refusal>> = {
  ENOSPC: full,
  EDQUOT: full,
  EFBIG: [
    full[0],
    full[1],
    'that no file may be larger ($)',
    'raise the limit (ulimit -f) and run the same command again, finished work is kept',
  ],
  EACCES: forbidden,
  EPERM: forbidden,
  EROFS: forbidden,
  EISDIR: folder,
  ENOTDIR: notFolder,
  EEXIST: notFolder,
  ELOOP: link,
  ENXIO: ['file-kind', 'a file', 'a pipe or a socket', 'remove it or name another path'],
  ENOENT: [
    'file-missing',
    'a file',
    'none',
    'check the path; in a run, delete the folder that it belongs in and run the recipe again',
  ],
};

/** Makes a rename in the folder durable; Windows cannot open folders and needs no such thing. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
