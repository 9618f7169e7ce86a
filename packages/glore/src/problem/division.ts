/** Problems from files, divided: what is held out, and what each use of the training problems gets. */
import type { Problem } from './types.js';
import { hash32 } from './world/index.js';

/** Problems as read. Without `test` and `dev` these are cut from `train`. */
export interface ReadProblems {
  readonly train: readonly Problem[];
  readonly dev?: readonly Problem[] | undefined;
  readonly test?: readonly Problem[] | undefined;
}

export interface HeldOut {
  readonly train: Problem[];
  readonly dev: Problem[];
  readonly test: Problem[];
  /** Problems left out: asked earlier in their file, or (of `train` and `dev`) in what is held out. */
  readonly dropped: { readonly repeated: number; readonly heldOut: number };
}

/**
 * Holds out at most `dev` and `test` problems (all tests if left out), by a hash of the question alone: the same ones for
 * every seed, and however many others are in the file. A question is the same whatever its white space.
 */
export function holdOut(
  read: ReadProblems,
  counts: { readonly dev: number; readonly test?: number | undefined },
): HeldOut {
  const all = distinct(read.train);
  let repeated = read.train.length - all.length;
  let heldOut = 0;
  /** What is asked nowhere in what is held out. */
  const without = (list: readonly Problem[], held: readonly Problem[]): Problem[] => {
    const asked = new Set(held.map(wordsOf));
    return list.filter((problem) => !asked.has(wordsOf(problem)));
  };
  let train = all;
  let test: Problem[];
  if (read.test) {
    // All of the tests, so that a limit does not change what is trained on.
    train = without(train, read.test);
    heldOut += all.length - train.length;
    test = lowest(read.test, counts.test ?? read.test.length, 'test');
  } else {
    test = lowest(train, counts.test ?? 0, 'test');
    train = without(train, test);
  }
  if (!read.dev) {
    const dev = lowest(train, counts.dev, 'dev');
    return { train: without(train, dev), dev, test, dropped: { repeated, heldOut } };
  }
  const given = distinct(read.dev);
  repeated += read.dev.length - given.length;
  const free = without(given, read.test ?? test);
  const rest = without(train, free);
  heldOut += given.length - free.length + train.length - rest.length;
  return {
    train: rest,
    dev: lowest(free, counts.dev, 'dev'),
    test,
    dropped: { repeated, heldOut },
  };
}

/** How many training problems each use would have. */
export interface Wanted {
  /** Drafts and all that is made of them. */
  readonly train: number;
  readonly candidates: number;
  /** Worked solutions. */
  readonly sft: number;
  /** Of each round of Expert Iteration. */
  readonly rounds: readonly number[];
}

export interface Allotted {
  /** `train`, `candidates`, `sft`, `ei-1`, .. */
  readonly name: string;
  readonly problems: readonly Problem[];
  readonly wanted: number;
  /** How many of them are in `train` too. */
  readonly shared: number;
}

/**
 * Gives each use its training problems, in an order that follows from the seed. Drafts and candidates share none; where
 * there are too few for both they are cut in proportion. The student learns from the others while they last, each used
 * once, and then from those of the drafts.
 */
export function allot(problems: readonly Problem[], wanted: Wanted, seed: number): Allotted[] {
  const order = byHash(problems, `${seed}`);
  const [drafted, refined] = sharesOf(order.length, wanted.train, wanted.candidates);
  const train = order.slice(0, drafted);
  const candidates = order.slice(order.length - refined);
  let free = order.slice(drafted, order.length - refined);
  const student = (
    name: string,
    count: number,
    usable: (problem: Problem) => boolean = () => true,
  ): Allotted => {
    const fresh = free.filter(usable).slice(0, count);
    const taken = new Set(fresh);
    free = free.filter((problem) => !taken.has(problem));
    // Another order for each use: rounds of Expert Iteration are of other problems where they can be.
    const again = byHash(train.filter(usable), `${seed}/${name}`).slice(0, count - fresh.length);
    return { name, problems: [...fresh, ...again], wanted: count, shared: again.length };
  };
  return [
    { name: 'train', problems: train, wanted: wanted.train, shared: 0 },
    { name: 'candidates', problems: candidates, wanted: wanted.candidates, shared: 0 },
    student('sft', wanted.sft, ({ steps }) => steps.length > 0),
    ...wanted.rounds.map((count, i) => student(`ei-${i + 1}`, count)),
  ];
}

/** Both as wanted if there are enough, else in proportion, none of them empty. */
function sharesOf(count: number, a: number, b: number): [number, number] {
  if (a + b <= count) return [a, b];
  if (b === 0) return [count, 0];
  const first = Math.min(count - 1, Math.max(1, Math.round((count * a) / (a + b))));
  return [first, count - first];
}

/** A question without what does not matter of its spelling. */
const wordsOf = ({ question }: Problem): string =>
  question.normalize('NFC').replace(/\s+/g, ' ').trim();

function distinct(problems: readonly Problem[]): Problem[] {
  const found = new Map<string, Problem>();
  for (const problem of problems) {
    const words = wordsOf(problem);
    if (!found.has(words)) found.set(words, problem);
  }
  return [...found.values()];
}

/** In an order that depends on key and questions alone. */
function byHash(problems: readonly Problem[], key: string): Problem[] {
  return problems
    .map((problem) => {
      const words = wordsOf(problem);
      return { problem, words, hash: hash32(`${key}/${words}`) };
    })
    .sort((a, b) => a.hash - b.hash || (a.words < b.words ? -1 : 1))
    .map(({ problem }) => problem);
}

/** The `count` first by hash, in the order of the list. */
function lowest(problems: readonly Problem[], count: number, key: string): Problem[] {
  if (count >= problems.length) return [...problems];
  const chosen = new Set(byHash(problems, key).slice(0, count));
  return problems.filter((problem) => chosen.has(problem));
}
