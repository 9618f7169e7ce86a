/** Which records of a set are learned from. */
import { Random } from '../problem/index.js';

/** Records in a seeded order, `most` of them at most. */
export const chooseRecords = <R>(
  records: readonly R[],
  seed: string,
  most: number = records.length,
): R[] => new Random(seed).shuffle(records).slice(0, most);
