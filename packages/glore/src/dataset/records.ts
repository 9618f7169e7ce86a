/** The records of the five training sets: text, so that any tokenizer can read them. */
import type { Solution } from '../codec/index.js';

/** Student: question -> solution. */
export interface StudentRecord extends Solution {
  readonly problem: string;
  readonly question: string;
}

/** ORM and SORM: a label for each line, the answer line last; null is not learned from. */
export interface RewardRecord extends Solution {
  readonly problem: string;
  readonly question: string;
  readonly labels: readonly (boolean | null)[];
}

/** Global refiner: question and draft -> solution. */
export interface GlobalRecord {
  readonly problem: string;
  readonly question: string;
  readonly draft: Solution;
  readonly target: Solution;
}

/** Local refiner: question and draft with [BAD] before line `location` -> the lines from there on. */
export interface LocalRecord extends GlobalRecord {
  readonly location: number;
}
