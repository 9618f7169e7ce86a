/** What is kept of each test problem to list, filter and search it, and where the rest of it stands in the files. */
import { join } from 'node:path';
import { z } from 'zod';
import { trueFirstError } from '../evaluate/index.js';
import { brokenRecord, cureOf, explained, type Line, readLines, recordIn } from '../files/index.js';
import { problemShape } from '../problem/index.js';
import { judgeBy, readGold } from '../reading/index.js';
import { Pace } from './derived.js';
import { type ProblemFilter, type ProblemRow, problemFilters } from './wire.js';

export const filesOf = (folder: string) => ({
  problems: join(folder, 'problems', 'test.jsonl'),
  attempts: join(folder, 'evaluation', 'test.attempts.jsonl'),
  refinements: join(folder, 'evaluation', 'test.refinements.jsonl'),
});

/** A record's place in its file, in bytes. */
export interface Place {
  readonly start: number;
  readonly length: number;
}

export type Row = Omit<ProblemRow, 'filters'> & {
  /** One bit for each of `problemFilters`, in their order. */
  readonly bits: number;
  /** What is searched, in lower case. */
  readonly words: string;
  readonly places: Readonly<Record<keyof ReturnType<typeof filesOf>, Place>>;
};

/** The part of the records that rows follow from. */
const draftShape = z.object({
  problem: z.string(),
  draft: z.object({
    steps: z.array(z.string()),
    answer: z.string().nullable(),
    right: z.boolean(),
    truth: z.array(z.boolean()).nullable(),
  }),
});
const answered = z.object({ answer: z.string().nullable(), right: z.boolean() });
const refinedShape = z.object({
  problem: z.string(),
  decision: z.object({
    location: z.int(),
    candidates: z.array(z.object({ source: z.enum(['draft', 'global', 'local']) })).min(1),
    choice: z.int().min(0),
  }),
  global: answered,
  local: answered,
});
type Drafted = z.infer<typeof draftShape>['draft'];
type Refined = z.infer<typeof refinedShape>;

/** Reads all three files side by side, a piece at a time. @throws GloreError `record-broken`, `jsonl-broken` */
export async function readRows(folder: string): Promise<Row[]> {
  const files = filesOf(folder);
  const problems = readLines(files.problems);
  const attempts = readLines(files.attempts);
  const refinements = readLines(files.refinements);
  const rows: Row[] = [];
  const pace = new Pace();
  try {
    for (;;) {
      const attempted = await next(files.attempts, attempts);
      const refined = await next(files.refinements, refinements);
      if (!attempted && !refined) return rows;
      const asked = await next(files.problems, problems);
      if (!attempted || !refined || !asked) {
        throw tooFew(
          !attempted ? files.attempts : !refined ? files.refinements : files.problems,
          rows,
        );
      }
      rows.push(rowOf(files, rows.length, { asked, attempted, refined }));
      if (pace.due) await pace.rest();
    }
  } finally {
    for (const lines of [problems, attempts, refinements]) await lines.return(undefined);
  }
}

const next = (path: string, lines: AsyncGenerator<Line>): Promise<Line | undefined> =>
  explained(path, async () => {
    const { done, value } = await lines.next();
    return done ? undefined : value;
  });

const tooFew = (path: string, { length }: readonly Row[]) =>
  brokenRecord(
    path,
    [],
    'a record of each test problem, of which other files have more',
    `${length}`,
    cureOf(path),
  );

function rowOf(
  files: ReturnType<typeof filesOf>,
  index: number,
  lines: { readonly asked: Line; readonly attempted: Line; readonly refined: Line },
): Row {
  const { asked, attempted, refined } = lines;
  const problem = recordIn(files.problems, asked, problemShape, cureOf(files.problems));
  const { id, question, answer } = problem;
  const attempt = recordIn(files.attempts, headOf(attempted), draftShape, cureOf(files.attempts));
  const record = recordIn(files.refinements, refined, refinedShape, cureOf(files.refinements));
  checkProblem(files.attempts, attempted, attempt.problem, id);
  checkProblem(files.refinements, refined, record.problem, id);
  const { draft } = attempt;
  const { candidates, choice } = record.decision;
  const verdicts = candidates.map(({ source }) => verdictOf(draft, record, source));
  const chosen = candidates[choice];
  if (!chosen) {
    const path = `${files.refinements}:${refined.number}`;
    const expected = `less than ${candidates.length}`;
    throw brokenRecord(path, ['choice'], expected, String(choice), cureOf(files.refinements));
  }
  const right = verdicts.map((verdict) => verdict.right);
  return {
    index,
    id,
    question,
    draft: draft.right,
    global: record.global.right,
    ...(candidates.some(({ source }) => source === 'local') && { local: record.local.right }),
    choice: right[choice]!,
    source: chosen.source,
    bits: bitsOf(
      filtersOf({ draft, right, choice, location: record.decision.location }, () =>
        isDoubtful(
          answer,
          verdicts.map((verdict) => verdict.answer),
        ),
      ),
    ),
    words: [id, question, answer, ...new Set(verdicts.map((verdict) => verdict.answer ?? ''))]
      .join('\n')
      .toLowerCase(),
    places: {
      problems: placeOf(asked),
      attempts: placeOf(attempted),
      refinements: placeOf(refined),
    },
  };
}

/**
 * The record without the samples, which are most of it and no part of a row. Between quotes that are not escaped the text
 * stands nowhere but where it is the field's name.
 */
function headOf(line: Line): Line {
  const at = line.bytes.indexOf(',"samples":[');
  const draft = line.bytes.indexOf('"draft":{');
  if (draft === -1 || draft > at) return line;
  return { ...line, bytes: Buffer.concat([line.bytes.subarray(0, at), closing]) };
}
const closing = Buffer.from('}');

const placeOf = ({ start, bytes }: Line): Place => ({ start, length: bytes.length });

function checkProblem(path: string, line: Line, found: string, id: string): void {
  if (found === id) return;
  throw brokenRecord(`${path}:${line.number}`, ['problem'], id, found, cureOf(path));
}

const verdictOf = (draft: Drafted, { global, local }: Refined, source: ProblemRow['source']) =>
  source === 'global' ? global : source === 'local' ? local : draft;

/** In which sets a problem is. `doubtful` is asked last: it is most of the work. */
function filtersOf(
  {
    draft,
    right,
    choice,
    location,
  }: {
    readonly draft: Drafted;
    readonly right: readonly boolean[];
    readonly choice: number;
    readonly location: number;
  },
  doubtful: () => boolean,
): ProblemFilter[] {
  const chosen = right[choice]!;
  const none = !right.includes(true);
  const error = trueFirstError(draft);
  const missed =
    error === undefined ? !draft.right && location === -1 : error !== -1 && location !== error;
  return problemFilters.filter((filter) =>
    ({
      'wrong-to-right': () => !draft.right && chosen,
      'right-to-wrong': () => draft.right && !chosen,
      'missed-first-error': () => missed,
      'reranker-mistake': () => !none && !chosen,
      'doubtful-grade': doubtful,
      'draft-wrong': () => !draft.right,
      'none-right': () => none,
    })[filter](),
  );
}

/** Whether a person might judge one of the answers otherwise. What has none is wrong for certain. */
function isDoubtful(gold: string, answers: readonly (string | null)[]): boolean {
  const open = [...new Set(answers)].filter(
    (answer) => answer !== null && !(wholeNumber.test(answer) && wholeNumber.test(gold)),
  );
  if (open.length === 0) return false;
  const found = readGold(gold);
  return !found || open.some((answer) => judgeBy(found, `#### ${answer}`).doubtful);
}

/** There is one way to read it, and most answers are some. */
const wholeNumber = /^\d{1,15}$/;

const bitsOf = (filters: readonly ProblemFilter[]): number =>
  filters.reduce((bits, filter) => bits | (1 << problemFilters.indexOf(filter)), 0);

export const filtersIn = (bits: number): ProblemFilter[] =>
  problemFilters.filter((_, i) => bits & (1 << i));
