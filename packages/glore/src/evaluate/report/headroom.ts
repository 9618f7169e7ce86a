/** How much of what its candidates could add to the first of them a choice realises. */
import { mean, ratioBootstrap, share } from '../statistics.js';
import { methodFirst } from '../ways/index.js';
import { type Answered, named } from './answered.js';

export interface Headroom {
  readonly name: string;
  /** (choice - first) / (any is right - first), in accuracy. */
  readonly realised: number;
  /** 95% (bootstrap over problems). */
  readonly low: number;
  readonly high: number;
}

/** The headroom that each choice realises; those without any are left out. */
export const headroomOf = (ways: readonly Answered[]): Headroom[] =>
  methodFirst(ways).flatMap((way) => {
    const right = rightOf(way, ways);
    if (!right) return [];
    const gained = right.map(({ choice, first }) => Number(choice) - Number(first));
    const could = right.map(({ bound, first }) => Number(bound) - Number(first));
    if (mean(could) === 0) return [];
    const interval = ratioBootstrap(gained, could, { seed: 1, rounds: 2000 });
    return [{ name: way.row, realised: mean(gained) / mean(could), ...interval }];
  });

/** The share of the method's headroom that it realises, from accuracies; undefined where there is none. */
export function headroomRealised(ways: readonly Answered[]): number | undefined {
  const method = ways.find(({ role }) => role === 'method');
  const right = method && rightOf(method, ways);
  if (!right) return undefined;
  const first = share(right.map((problem) => problem.first));
  const most = share(right.map(({ bound }) => bound)) - first;
  return most > 0 ? (share(right.map(({ choice }) => choice)) - first) / most : undefined;
}

/** By problem whether the choice, its first candidate and any of its candidates are right; undefined for other ways. */
function rightOf({ answers, headroom }: Answered, ways: readonly Answered[]) {
  const [first, ...any] = (headroom && named(ways, [headroom.over, ...headroom.anyOf])) ?? [];
  if (!first) return undefined;
  return answers.map(({ right }, i) => ({
    choice: right,
    first: first.answers[i]!.right,
    bound: any.some((one) => one.answers[i]!.right),
  }));
}
