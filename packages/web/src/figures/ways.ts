/** What the rows of a report are, in words, and in which order a picture has them. A test holds them to the ways of glore. */

export const groups = ['single', 'samples', 'refiners', 'choices', 'bounds'] as const;
export type Group = (typeof groups)[number];

export interface RowWords {
  readonly meaning: string;
  readonly group: Group;
  /** Whether pictures have it; the table has all. */
  readonly drawn: boolean;
}

/** The answer of the method, and what it has to beat. */
export const METHOD = 'rerank';
export const BASELINE = 'draft';
/** Its strongest control at about its cost: the same targets learned by the student itself. */
export const CONTROL = 'retrained-bo3';

// A `k` at the end of a name stands for a number of samples.
const ways: readonly (readonly [name: string, group: Group, meaning: string, drawn?: false])[] = [
  ['draft', 'single', "the student's greedy solution"],
  ['sample', 'single', 'one sampled solution'],
  ['bo3', 'samples', 'the ORM chooses of 3 samples'],
  ['draft-bo3', 'samples', 'the ORM chooses of draft and 2 samples'],
  ['majority@k', 'samples', 'the most frequent answer of k samples'],
  ['weighted@k', 'samples', 'the answer that k samples, as the ORM values them, are for', false],
  ['best-of-k', 'samples', 'the ORM chooses of k samples'],
  ['likeliest-of-k', 'samples', 'the one of k samples that the student finds likeliest', false],
  ['retrained', 'single', "the student, trained on with the refiners' targets"],
  ['retrained-bo3', 'samples', 'the ORM chooses of 3 samples of that one'],
  ['retrained-best-of-k', 'samples', 'the ORM chooses of k samples of that one'],
  ['beam-3', 'samples', 'step-level beam search with the SORM, 3 lines at once', false],
  ['beam-8', 'samples', 'step-level beam search with the SORM, 8 lines at once', false],
  ['global', 'refiners', 'drafts refined globally'],
  ['global-blind', 'refiners', "the global refiner with another problem's draft", false],
  ['global-plain', 'refiners', 'the global refiner solves without a draft', false],
  ['local', 'refiners', 'drafts refined where the SORM says'],
  ['local-orm', 'refiners', 'drafts refined where the ORM says', false],
  ['local-random', 'refiners', 'the same drafts refined at a random line', false],
  ['local-truth', 'refiners', 'drafts refined at their true first error', false],
  ['rerank-global', 'choices', 'the ORM chooses of draft and global'],
  ['rerank-local', 'choices', 'the ORM chooses of draft and local'],
  ['rerank', 'choices', 'the ORM chooses of draft, global, local'],
  [
    'rerank-likeliest',
    'choices',
    'the one of draft, global, local that the student finds likeliest',
    false,
  ],
  ['gate', 'choices', 'rerank, but only if ORM(draft) < tau'],
  ['rerank-both', 'choices', 'both critics choose of draft, global, local'],
  ['both-of-k', 'samples', 'both critics choose of k samples'],
  ['oracle', 'bounds', 'draft, global or local is right'],
  ['oracle-bo3', 'bounds', 'one of 3 samples is right', false],
  ['oracle@k', 'bounds', 'one of k samples is right', false],
];

/** "best-of-8" -> "the ORM chooses of 8 samples"; undefined for a row that glore does not have by itself. */
export function wordsOf(row: string): RowWords | undefined {
  const exact = ways.find(([name]) => name === row);
  const [k] = exact ? [] : (/(?<=[@-])\d+$/.exec(row) ?? []);
  const found = exact ?? (k && ways.find(([name]) => name === `${row.slice(0, -k.length)}k`));
  if (!found) return undefined;
  const [, group, meaning, drawn = true] = found;
  return { meaning: k ? meaning.replace(/\bk\b/, k) : meaning, group, drawn };
}

/** Rows as pictures have them: by group, in each in the order of the report. */
export function inGroups<T extends { readonly name: string }>(rows: readonly T[]): T[][] {
  return groups
    .map((group) =>
      rows.filter(({ name }) => {
        const words = wordsOf(name);
        return words?.group === group && words.drawn;
      }),
    )
    .filter((list) => list.length > 0);
}
