/** Opening files: only regular ones are read, and nothing is written through a link. */
import { closeSync, constants, fstatSync, openSync, readFileSync, type Stats } from 'node:fs';
import { type FileHandle, lstat, open, readdir, readlink, stat, unlink } from 'node:fs/promises';
import { EngineError } from './error.js';

const { O_RDONLY, O_WRONLY, O_CREAT, O_EXCL, O_APPEND } = constants;
/** Without it a pipe that nobody writes to is waited for, and no signal ends that. Windows has neither of the two. */
const O_NONBLOCK = constants.O_NONBLOCK ?? 0;
const O_NOFOLLOW = constants.O_NOFOLLOW ?? 0;

/** Opens a file to read it; throws `EngineError` "file-kind" where it is a folder, a pipe or a device. */
export async function openToRead(path: string): Promise<FileHandle> {
  const file = await open(path, O_RDONLY | O_NONBLOCK);
  return checked(path, file);
}

/** What is in a file of at most so many bytes; throws `EngineError` "file-kind" and "file-large". */
export async function readWhole(path: string, most = largest): Promise<Buffer> {
  const file = await openToRead(path);
  try {
    checkSize(path, await file.stat(), most);
    return await file.readFile();
  } finally {
    await file.close();
  }
}

/** As `readWhole`, at once. */
export function readWholeSync(path: string, most = largest): Buffer {
  const file = openSync(path, O_RDONLY | O_NONBLOCK);
  try {
    const stats = fstatSync(file);
    checkKind(path, stats);
    checkSize(path, stats, most);
    return readFileSync(file);
  } finally {
    closeSync(file);
  }
}

/** Opens a new file in the place of what is there: where that is a link, the link goes, and what it leads to stays. */
export async function openAnew(path: string): Promise<FileHandle> {
  try {
    await unlink(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  return open(path, O_WRONLY | O_CREAT | O_EXCL);
}

/**
 * Refuses a path that a file is about to be put in the place of, where there is a folder, a pipe or a device, or a link to one,
 * which would be gone: throws `EngineError` "file-kind". What /dev/stdout leads to may be a file, but it is no link of anybody's.
 */
export async function refuseOther(path: string): Promise<void> {
  try {
    const isLink = (await lstat(path)).isSymbolicLink();
    if (isLink && (await readlink(path)).startsWith('/proc/')) throw wrongKind(path, 'a device');
    checkKind(path, await stat(path));
  } catch (error) {
    if (error instanceof EngineError) throw error;
    // Of what is not there, or a link that leads nowhere, nothing is lost; whatever else is wrong is said when it is written.
  }
}

/** Opens a file to add to it; throws `EngineError` "file-kind", also where it is a link. */
export async function openToAppend(path: string): Promise<FileHandle> {
  let file: FileHandle;
  try {
    file = await open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ELOOP') throw wrongKind(path, 'a link');
    throw error;
  }
  return checked(path, file);
}

/**
 * Refuses a folder that something else is in than what is about to replace it, which `mark` tells: a file that it has.
 * Throws `EngineError` "checkpoint-occupied", and "file-kind" where there is no folder but something else.
 */
export async function refuseOccupied(dir: string, mark: string, what: string): Promise<void> {
  let names: string[];
  try {
    names = await readdir(dir);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return;
    if (code === 'ENOTDIR') {
      throw new EngineError(
        'file-kind',
        `${dir}: expected a new folder or ${what} to replace, found a file; remove it or choose another folder`,
      );
    }
    throw error;
  }
  if (names.length === 0 || names.includes(mark)) return;
  throw new EngineError(
    'checkpoint-occupied',
    `${dir}: expected a new folder or ${what} to replace, found ${names.slice(0, 3).join(', ')}; choose another folder`,
  );
}

/** More is no text that a program can hold. */
const largest = 2 ** 29 - 24;

async function checked(path: string, file: FileHandle): Promise<FileHandle> {
  try {
    checkKind(path, await file.stat());
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

function checkKind(path: string, stats: Stats): void {
  if (stats.isFile()) return;
  const kinds = [
    [stats.isDirectory(), 'a folder'],
    [stats.isFIFO(), 'a pipe'],
    [stats.isSocket(), 'a socket'],
  ] as const;
  throw wrongKind(path, kinds.find(([is]) => is)?.[1] ?? 'a device');
}

function checkSize(path: string, { size }: Stats, most: number): void {
  if (size <= most) return;
  throw new EngineError(
    'file-large',
    `${path}: expected at most ${most} bytes, found ${size}; check that it is the right file`,
  );
}

const wrongKind = (path: string, found: string): EngineError =>
  new EngineError(
    'file-kind',
    `${path}: expected a file, found ${found}; remove it or name another path`,
  );
