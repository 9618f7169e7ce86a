/** Replacing a file whole, and saying what to do when the file system refuses. */
import { mkdir, open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { GloreError } from '../error.js';

/** Text is handed to the file system in pieces of about this many characters, so that no file has to fit in one string. */
const pieceLength = 1 << 20;

/**
 * Writes a file so that it is either the old one or the whole new one at any moment, also after a power cut; its folder is made.
 *
 * The text goes to `path.part-new` first. The name is fixed, so that a writer killed half-way leaves nothing behind that
 * the next one does not replace; two writers of one path at a time must be ruled out by the caller (see `lockRun`).
 *
 * @throws GloreError `disk-full`, `file-forbidden`.
 */
export async function replaceFile(
  path: string,
  parts: Iterable<string | Uint8Array>,
): Promise<void> {
  const part = `${path}.part-new`;
  await explained(path, async () => {
    await mkdir(dirname(path), { recursive: true });
    const file = await open(part, 'w');
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

function explain(path: string, cause: unknown): unknown {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new GloreError(
        'disk-full',
        `${path}: expected room to write, found the disk full (${code}); free some space and run the same command again, finished work is kept`,
        { cause },
      );
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new GloreError(
        'file-forbidden',
        `${path}: expected to be allowed to use this file, found ${code}; correct its permissions or choose another folder, then run the same command again`,
        { cause },
      );
    case 'EISDIR':
      return new GloreError(
        'file-missing',
        `${path}: expected a file, found a folder; name a file`,
        { cause },
      );
    case 'ENOENT':
      return new GloreError(
        'file-missing',
        `${path}: expected a file, found none; check the path, or run the stage that writes it`,
        { cause },
      );
    default:
      return cause;
  }
}

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
