/** A file that lines are added to: what comes while a write is under way goes together in the next one. */
import { type FileHandle, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { openToAppend } from '@glore/engine';
import { explained } from '../files/index.js';

export class Journal {
  private readonly path: string;
  private readonly file: FileHandle;
  private waiting: string[] = [];
  /** Writes what waits; shared by all whose lines go together. */
  private next: Promise<void> | undefined;
  private last: Promise<void> = Promise.resolve();

  private constructor(path: string, file: FileHandle) {
    this.path = path;
    this.file = file;
  }

  /** @throws GloreError `disk-full`, `file-forbidden`, `file-kind` where it is no file or a link */
  static open(path: string): Promise<Journal> {
    return explained(path, async () => {
      await mkdir(dirname(path), { recursive: true });
      return new Journal(path, await openToAppend(path));
    });
  }

  /**
   * Adds a line; resolves once it is written. After a failed write nothing is added any more: it may have left half a line,
   * which has to stay the last one.
   */
  append(line: string): Promise<void> {
    this.waiting.push(`${line}\n`);
    this.next ??= this.last = this.last.then(() => {
      const lines = this.waiting.join('');
      this.waiting = [];
      this.next = undefined;
      return explained(this.path, () => this.file.appendFile(lines));
    });
    return this.next;
  }

  close(): Promise<void> {
    return this.file.close();
  }
}
