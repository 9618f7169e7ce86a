/** What a way to answer is: everything that a report, its pictures and a study have to know of it, in one entry. */
import type { ProblemRecords } from '../records.js';

/** Where a way stands, in the order of the picture: one solution, a choice of samples, a refined draft, .. */
export const groups = ['single', 'samples', 'refiners', 'choices', 'bounds'] as const;
export type Group = (typeof groups)[number];

/** A way's answer to one problem, and what it takes. */
export interface Answer {
  readonly right: boolean;
  /** All that has to be generated for it, draft and discarded candidates included. */
  readonly tokens: number;
  /** Tokens of the solutions that critics read for it, those that two critics read twice; none if left out. */
  readonly scored?: number;
  /** All that models read and write for it: prompts, drafts, and what critics read; where that is known. */
  readonly processed?: number | undefined;
}

/** What is the same for all problems. */
export interface Setting {
  /** The number of samples that the `k` in names stands for. */
  readonly k: number;
  /** The gate's threshold: drafts that the ORM values at least this much are kept. */
  readonly tau: number;
}

/** A way to answer; name, meaning, group and answer are enough for one. */
export interface Way {
  /** The name of its row. A `k` at the end, after `@` or `-`, stands for a number of samples. */
  readonly name: string;
  /** The same in a few words, with the same `k`. */
  readonly meaning: string;
  readonly group: Group;
  /** The answer to a problem; undefined where the records do not have it, and then the report has no such row. */
  readonly answer: (problem: ProblemRecords, setting: Setting) => Answer | undefined;
  /** `method`: the answer of the method, which stands out; `baseline`: what it has to beat. One of each at most. */
  readonly role?: 'method' | 'baseline';
  /** Only in tables, not in the picture. */
  readonly undrawn?: true;
  /** Its right answers are kept for every number of samples from 2, not for the report's alone. */
  readonly everyCount?: true;
  /** Names of the ways that it is compared with, on the same problems. */
  readonly against?: readonly string[];
  /** Further ones, which only a study compares it with. */
  readonly againstInStudies?: readonly string[];
  /** It chooses: it could gain over its first candidate, the way `over`, whatever any of the ways `anyOf` has right. */
  readonly headroom?: { readonly over: string; readonly anyOf: readonly string[] };
}

/** Those of the method's group first, then the others, all in their order. */
export function methodFirst<T extends Way>(ways: readonly T[]): T[] {
  const first = ways.find(({ role }) => role === 'method')?.group;
  return ways.toSorted((a, b) => Number(b.group === first) - Number(a.group === first));
}
