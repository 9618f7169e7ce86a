/** The ways to answer beside those that they are compared with. */
import { type Paired, paired } from '../paired.js';
import { methodFirst } from '../ways/index.js';
import { type Answered, named } from './answered.js';

export interface Comparison extends Paired {
  readonly a: string;
  readonly b: string;
}

export const comparisonsOf = (ways: readonly Answered[]): Comparison[] =>
  methodFirst(ways).flatMap(({ row, answers, against = [] }) =>
    against.flatMap((name) =>
      (named(ways, [name]) ?? []).map((other) => ({
        a: row,
        b: other.row,
        ...paired(answers, other.answers),
      })),
    ),
  );
