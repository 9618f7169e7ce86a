/**
 * Rollouts only where a label hangs on them: the labels of K rollouts from every prefix, for a fraction of the tokens.
 *
 * After propagation the labels of a sample are one flip, after the last prefix with a verifying trace. The search goes to
 * the first prefix that is not known to verify, and draws from it until one rollout verifies or K have failed. Evidence
 * goes forwards: a rollout from a prefix is one from every later prefix that it passes through as well, of every sample of
 * the problem, and the samples themselves are rollouts from `P_0`. A verifying trace mostly follows a wrong sample up to
 * its error, so that one step of the search often leads to the prefix that fails.
 *
 * A right prefix may fail K times where the next step is hard. A sample that has taken that step verifies again later, so
 * a few rollouts look ahead from each later prefix before the search ends.
 *
 * Bisection (OmegaPRM, Luo et al. 2024) was tried and spends up to twice the tokens: a prefix that fails costs K rollouts,
 * one that verifies about one or nothing, and bisection meets several that fail where the search from the front meets one.
 */
import type { Student } from '../model/index.js';
import {
  commonLength,
  counted,
  othersOf,
  type RolloutItem,
  type RolloutOptions,
  type RolloutRecord,
  type Trace,
} from './rollout.js';
import { isRight, seedOf } from './sample.js';

type Continuation = Omit<Trace, 'count'>;

export interface AdaptiveOptions extends RolloutOptions {
  /** Whether a trace counts as a verifying trace of a prefix. */
  readonly verifies: (prefix: readonly string[], trace: Continuation) => boolean;
}

/** `size` rollouts wanted from the prefix of `length` steps. */
interface Wanted {
  readonly length: number;
  readonly size: number;
}

/** Rollouts from each prefix beyond one that failed K times. */
const LOOK_AHEAD = 2;

/**
 * Rollouts that decide the labels of each sample, at most `count` from a prefix.
 *
 * Records hold all that is known from a prefix, whatever it was drawn for. Samples of one problem learn from each other,
 * so they belong into one call; what is drawn does not depend on the other problems in it.
 */
export async function adaptiveRollouts(
  student: Pick<Student, 'rollout'>,
  items: readonly RolloutItem[],
  options: AdaptiveOptions,
): Promise<RolloutRecord[]> {
  const searches = items.map((item) => new Search(item, options));
  const groups = new Map<string, Search[]>();
  for (const search of searches) {
    const { id } = search.item.problem;
    const group = groups.get(id);
    if (group) group.push(search);
    else groups.set(id, [search]);
  }
  for (const search of searches) {
    for (const other of othersOf(search.item.sample, options.drafts)) search.learn(0, other);
  }
  for (;;) {
    // What all searches want is one batch.
    const wave = [...groups.values()].flatMap((group) => [...wantedBy(group)]);
    if (wave.length === 0) return searches.map((search) => search.record());
    const written = await student.rollout(
      wave.map(([search, wanted]) => search.request(wanted)),
      options.temperature,
    );
    for (const [i, [search, wanted]] of wave.entries()) {
      const { problem, sample } = search.item;
      for (const [j, { length }] of wanted.entries()) {
        for (const { steps, answer, tokens } of written[i]![j]!) {
          const solution = {
            steps: [...sample.steps.slice(0, length), ...steps],
            answer,
            right: isRight(problem, answer),
          };
          search.tokens += tokens;
          for (const other of groups.get(problem.id)!) other.learn(length, solution);
        }
      }
    }
  }
}

/** What the samples of a problem want next; from a prefix that several have once, in the name of the first that has it. */
function wantedBy(group: readonly Search[]): Map<Search, Wanted[]> {
  const wanted = new Map<Search, Wanted[]>();
  const asked = new Set<string>();
  for (const search of group) {
    const { steps } = search.item.sample;
    for (const next of search.next()) {
      const prefix = JSON.stringify(steps.slice(0, next.length));
      if (asked.has(prefix)) continue;
      asked.add(prefix);
      const first = group.find(
        ({ item }) => commonLength(item.sample.steps, steps) >= next.length,
      )!;
      wanted.set(first, [...(wanted.get(first) ?? []), next]);
    }
  }
  return wanted;
}

/** The search for the flip of one sample, and all that is known from its prefixes. */
class Search {
  readonly item: RolloutItem;
  tokens = 0;
  private readonly options: AdaptiveOptions;
  /** Continuations of `P_1 .. P_L`, in the order in which they came to be known. */
  private readonly known: Continuation[][];
  /** Rollouts drawn from `P_1 .. P_L` in this sample's name. */
  private readonly drawn: number[];
  /** The last prefix that is known to verify; 0 if there is none. */
  private verified = 0;

  constructor(item: RolloutItem, options: AdaptiveOptions) {
    this.item = item;
    this.options = options;
    this.known = item.sample.steps.map(() => []);
    this.drawn = item.sample.steps.map(() => 0);
  }

  /**
   * Takes a whole solution, drawn from its first `from` steps, for the prefixes that it has in common with the sample. If
   * it verifies it does so for each of them; a failure says something of those alone that it was drawn from or after.
   */
  learn(from: number, { steps, answer, right }: Continuation): void {
    const common = commonLength(this.item.sample.steps, steps);
    for (let length = 1; length <= common; length++) {
      const trace = { steps: steps.slice(length), answer, right };
      const verifies = this.options.verifies(steps.slice(0, length), trace);
      if (verifies) this.verified = Math.max(this.verified, length);
      if (verifies || length >= from) this.known[length - 1]!.push(trace);
    }
  }

  /** The rollouts that the flip hangs on; none once it is found. */
  next(): Wanted[] {
    const { count } = this.options;
    const attempts = this.known.map((traces) => traces.length);
    const first = attempts[this.verified];
    if (first === undefined) return [];
    // Waves of 2, 2, 4, ..: few are wasted on a prefix that verifies, and few waves are needed for one that fails.
    if (first < count)
      return [{ length: this.verified + 1, size: Math.min(count - first, Math.max(2, first)) }];
    return attempts
      .map((made, i) => ({ length: i + 1, size: Math.min(count, LOOK_AHEAD) - made }))
      .filter(({ length, size }) => length > this.verified + 1 && size > 0);
  }

  /** The next rollouts from prefixes: of brute force's the first, by their seeds. */
  request(wanted: readonly Wanted[]): Parameters<Student['rollout']>[0][number] {
    const { problem, sample } = this.item;
    const longest = Math.max(...wanted.map(({ length }) => length));
    return {
      question: problem.question,
      steps: sample.steps.slice(0, longest),
      prefixes: wanted.map(({ length, size }) => {
        const first = this.drawn[length - 1]!;
        this.drawn[length - 1] = first + size;
        const seeds = Array.from({ length: size }, (_, k) =>
          seedOf(this.options.seed, problem.id, sample.index, length, first + k),
        );
        return { length, seeds };
      }),
    };
  }

  record(): RolloutRecord {
    const { problem, sample } = this.item;
    return {
      problem: problem.id,
      sample: sample.index,
      prefixes: this.known.map((traces, i) => ({
        length: i + 1,
        attempts: traces.length,
        traces: counted(traces),
      })),
      tokens: this.tokens,
    };
  }
}
