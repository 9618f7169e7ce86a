/** What the algorithm decides of a question, and the pieces in which it tells of that. */
import type { Solution } from '../codec/index.js';
import type { Original } from '../model/index.js';

/** One piece of a decision; `index` is the question's. */
export type RefineEvent = { readonly index: number } & (
  | { readonly stage: Source; readonly candidate: Candidate }
  | { readonly stage: 'where'; readonly values: readonly number[]; readonly location: number }
  | { readonly stage: 'choice'; readonly choice: number }
);

/** A sample is one that votes. */
export type Source = 'draft' | 'global' | 'local' | 'sample';

/** A solution to the question with this `index` while it is written: its text so far, up to the end of a line. */
export interface Written {
  readonly index: number;
  readonly source: Exclude<Source, 'sample'>;
  readonly text: string;
}

export interface Candidate {
  readonly source: Source;
  readonly solution: Solution;
  /** The ORM's value at the last line; with `vote` the share of the votes. */
  readonly score: number;
  /** The SORM's least value of its lines; there if it takes part in the choice. */
  readonly least?: number;
  /** Tokens generated for it. */
  readonly tokens: number;
  /** As it was written, where that is not the codec's form. */
  readonly original?: Original;
}

/** The trace of one question's way through the algorithm. */
export interface Decision {
  /** The SORM's value of each line of the draft; empty where the gate kept the draft. */
  readonly values: readonly number[];
  /** The first wrong line E, 1-based; -1 if the SORM found none, and then there is no local candidate. */
  readonly location: number;
  readonly candidates: readonly Candidate[];
  /** Index of the chosen candidate. */
  readonly choice: number;
}
