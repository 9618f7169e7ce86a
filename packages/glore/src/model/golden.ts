/** Golden records: what a model says where it was trained, to see whether its server says the same. */
import { z } from 'zod';
import {
  type Codec,
  lineCount,
  type Solution,
  solutionFields,
  solutionShape,
} from '../codec/index.js';
import { count, readJsonl, shares, text } from '../files/index.js';
import { visibleJson } from '../visible.js';
import { RewardModel } from './roles.js';
import type { RoleModel, Task } from './types.js';

/** The values of a solution's lines that a reward model gave where it was trained. */
export interface GoldenVector extends Solution {
  readonly role: 'orm' | 'sorm';
  readonly question: string;
  readonly values: readonly number[];
}

/** How a writer goes on greedily where it was trained, as far as each token was much likelier than any other. */
export type GoldenText = (
  | { readonly role: 'student'; readonly question: string }
  | Exclude<Task, { readonly role: 'student' }>
) & {
  readonly text: string;
  /** Those of the text, its end among them where it comes to it. */
  readonly tokens: number;
  /** Whether the model that it was trained from surely goes on otherwise. */
  readonly apart: boolean;
};

export type Golden = GoldenVector | GoldenText;

const writer = { question: text, text: z.string(), tokens: count.min(1), apart: z.boolean() };
const goldenShape: z.ZodType<Golden> = z.discriminatedUnion(
  'role',
  [
    z
      .object({
        role: z.enum(['orm', 'sorm']),
        question: text,
        ...solutionFields,
        values: shares,
      })
      .refine((vector) => vector.values.length === lineCount(vector), {
        path: ['values'],
        error: 'one for each line',
      }),
    z.object({ role: z.literal('student'), ...writer }),
    z.object({ role: z.literal('global'), draft: solutionShape, ...writer }),
    z
      .object({ role: z.literal('local'), draft: solutionShape, location: count.min(1), ...writer })
      .refine(({ draft, location }) => location <= draft.steps.length + 1, {
        path: ['location'],
        error: 'a line of the draft',
      }),
  ],
  { error: 'a role' },
);

/** Half precision and other kernels move a value by less. */
const tolerance = 0.02;

/** What a model is found to say, against what it said where it was trained. */
export type Compared =
  | { readonly vectors: number; readonly difference: number }
  | {
      readonly texts: number;
      /** How many of them the model that it was trained from surely does not write. */
      readonly apart: number;
      /** Those that begin otherwise. */
      readonly others: readonly {
        readonly question: string;
        readonly expected: string;
        readonly found: string;
      }[];
    };

/** Compares a model with golden records of one role, some or more. */
export async function compare(
  model: RoleModel,
  codec: Codec,
  golden: readonly Golden[],
): Promise<Compared> {
  const vectors = golden.filter((one) => 'values' in one);
  if (vectors.length > 0) {
    const critic = new RewardModel(model.critic(codec));
    return { vectors: vectors.length, difference: await largestDifference(critic, vectors) };
  }
  const texts = golden.filter((one) => 'text' in one);
  const author = model.author(codec);
  const found = await Promise.all(
    texts.map((one) =>
      author.begin!(one.role === 'student' ? { ...one, steps: [] } : one, one.tokens),
    ),
  );
  const others = texts.flatMap(({ question, text: expected }, i) =>
    bare(found[i]!) === bare(expected) ? [] : [{ question, expected, found: found[i]! }],
  );
  return { texts: texts.length, apart: texts.filter(({ apart }) => apart).length, others };
}

/** Whether a model says what it said where it was trained. */
export const agrees = (found: Compared): boolean =>
  'difference' in found ? found.difference <= tolerance : found.others.length === 0;

/** What came of a comparison, in words. */
export function shownCompared(compared: Compared): string {
  if ('difference' in compared) {
    const away = compared.difference.toFixed(4);
    return agrees(compared)
      ? `served values are within ${away} of its trainer's (${compared.vectors} solutions)`
      : `a value ${away} away, more than ${tolerance}`;
  }
  const { texts, apart, others } = compared;
  if (others.length > 0) {
    const { question, expected, found } = others[0]!;
    return `${others.length} of ${texts} texts that begin otherwise (to ${quoted(question)} expected ${quoted(expected)}, found ${quoted(found)})`;
  }
  const untold =
    apart > 0
      ? ''
      : ', and so do those of the model that it was trained from: no telling which is served';
  return `served texts begin as its trainer's (${texts} texts${untold})`;
}

/** Enough of a text to know it by. */
const quoted = (text: string): string =>
  visibleJson(text.length <= 160 ? text : `${text.slice(0, 160)}..`);

/** Without what tokenizers treat differently at the ends of a text: white space, and the first bytes of a character. */
const bare = (text: string): string => text.replace(/\uFFFD+$/, '').trim();

/** The largest difference of a model's values from the golden ones; infinite where a line has no value. */
async function largestDifference(
  critic: RewardModel,
  vectors: readonly GoldenVector[],
): Promise<number> {
  const values = await critic.values(
    vectors.map((vector) => ({ question: vector.question, solution: vector })),
  );
  const differences = vectors.flatMap((vector, i) =>
    vector.values.map((expected, k) => Math.abs(expected - (values[i]![k] ?? Number.NaN))),
  );
  // NaN, of a line without a value, must not count as agreement.
  return differences.some(Number.isNaN)
    ? Infinity
    : differences.reduce((a, b) => Math.max(a, b), 0);
}

/** @throws GloreError `jsonl-broken`, `record-broken` naming line and field */
export const readGolden = (path: string): Promise<Golden[]> =>
  readJsonl(
    path,
    goldenShape,
    'write the file anew: glore doctor --write-golden, or the trainer that made it',
  );
