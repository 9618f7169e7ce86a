/** A share of the work: several processes, on any machines, each do one of `count`. */
import { createHash } from 'node:crypto';
import { GloreError } from '../error.js';

export interface Shard {
  /** From 1. */
  readonly index: number;
  readonly count: number;
}

/** "2-of-4", in file names. */
export const shardName = ({ index, count }: Shard): string => `${index}-of-${count}`;

/** Whether a unit belongs to the shard: by a hash of its name, which is the same on every machine. */
export function isOf({ index, count }: Shard, name: string): boolean {
  const hash = createHash('sha256').update(name).digest().readUInt32BE();
  return hash % count === index - 1;
}

/** Reads "2/4". @throws GloreError `shard-invalid` */
export function parseShard(text: string): Shard {
  const [, index, count] = /^(\d{1,6})\/(\d{1,6})$/.exec(text.trim()) ?? [];
  const shard = { index: Number(index), count: Number(count) };
  if (shard.index >= 1 && shard.index <= shard.count) return shard;
  throw new GloreError(
    'shard-invalid',
    `--shard: expected i/n with i from 1 to n, found "${text}"; of four processes the second is 2/4`,
  );
}
