/** Problem sets from files: what a recipe says of them, read and checked before any work begins. */
import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { readWholeSync } from '@glore/engine';
import { z } from 'zod';
import { answerLine, parseLines } from '../codec/index.js';
import { GloreError } from '../error.js';
import { text } from '../files/index.js';
import {
  type HeldOut,
  holdOut,
  type Problem,
  type ProblemFields,
  type ReadProblems,
  readGsm8k,
  readJsonlProblems,
  readSvamp,
} from '../problem/index.js';

/** How many, where none would be of no use. */
export const count = z.int().min(1);

/** The path of a file or folder; a URL may hold a password, and is not shown. */
export const filePath = text.refine((path) => !/^[a-z][a-z0-9+.-]*:\/\//i.test(path), {
  error: 'a path, not a URL',
});

/** What becomes of questions that the models of this process cannot read. */
const tooLong = z.enum(['refuse', 'drop']).default('refuse');

/** `train`, `test`, `devFile` and `file` are files, from the recipe's folder. */
export const gsm8k = z.strictObject({
  source: z.literal('gsm8k'),
  train: filePath,
  test: filePath,
  /** Problems held out of `train` for the thresholds. */
  dev: count,
  /** Most test problems; all of them if left out. */
  limit: count.optional(),
  tooLong,
});

/** One file, out of which `dev` and `test` problems are held. */
export const svamp = z.strictObject({
  source: z.literal('svamp'),
  file: filePath,
  dev: count,
  test: count,
  tooLong,
});

export const jsonl = z.strictObject({
  source: z.literal('jsonl'),
  train: filePath,
  test: filePath,
  /** At most `dev` of its problems instead of some of `train`. */
  devFile: filePath.optional(),
  dev: count,
  limit: count.optional(),
  tooLong,
  fields: z
    .strictObject({
      question: text.default('question'),
      answer: text.default('answer'),
      id: text.optional(),
      steps: text.optional(),
    })
    .default({ question: 'question', answer: 'answer' }),
});

type Given = z.infer<typeof gsm8k> | z.infer<typeof svamp> | z.infer<typeof jsonl>;

/** A file and what was in it when the recipe was read. */
interface SetFile {
  readonly file: string;
  readonly sha256: string;
}

/** Where the problems of a set are, and how they are divided; what results depend on are the contents of its files. */
export interface FileSet {
  readonly source: 'gsm8k' | 'svamp' | 'jsonl';
  /** By the recipe's keys; `file` is SVAMP's only one. */
  readonly files: Readonly<Record<string, SetFile>>;
  readonly dev: number;
  /** Most test problems. */
  readonly test?: number;
  readonly fields?: ProblemFields;
  /** Questions that are too long are left out; they are refused without this. */
  readonly tooLong?: 'drop';
}

/** Makes the error about a key of `problems`. */
export type Refuse = (key: string, expected: string, found: string, cause?: unknown) => GloreError;

/** The set of a recipe in `folder`, and its problems divided, if every record can be used. @throws what `refuse` makes */
export function readGiven(
  given: Given,
  folder: string,
  refuse: Refuse,
): { set: FileSet; held: HeldOut } {
  const { source, dev } = given;
  const files: Record<string, SetFile> = {};
  for (const [key, path] of Object.entries(pathsOf(given))) {
    const file = resolve(folder, path);
    try {
      files[key] = { file, sha256: sha256Of(file) };
    } catch (cause) {
      throw refuse(key, 'a file', `none to read (${(cause as Error).message})`, cause);
    }
  }
  const test = source === 'svamp' ? given.test : given.limit;
  const set: FileSet = {
    source,
    files,
    dev,
    ...(test !== undefined && { test }),
    ...(source === 'jsonl' && { fields: fieldsOf(given.fields) }),
    ...(given.tooLong === 'drop' && { tooLong: given.tooLong }),
  };
  const read = readFiles(set, (key, error) => {
    throw refuse(key, `problems of ${formats[source]}`, `an error: ${error.message}`, error);
  });
  const held = holdOut(read, set);
  const { train, dropped } = held;
  if (held.dev.length === 0) {
    throw refuse('devFile', 'problems that are not in test', 'none');
  }
  if (train.length === 0) {
    const left = `none: ${read.train.length} are there, ${held.dev.length + held.test.length} of dev and test, ${dropped.repeated} asked twice, ${dropped.heldOut} asked in dev or test as well`;
    throw refuse(source === 'svamp' ? 'file' : 'train', 'problems left to train on', left);
  }
  return { set, held };
}

/** The recipe's paths by their keys. */
function pathsOf(given: Given): Record<string, string> {
  if (given.source === 'svamp') return { file: given.file };
  const { train, test } = given;
  const devFile = given.source === 'jsonl' ? given.devFile : undefined;
  return { train, test, ...(devFile !== undefined && { devFile }) };
}

/**
 * The problems of a set, divided.
 * @param usable those that are not left out
 * @throws GloreError `problems-changed` where a file is not what the recipe was read with
 */
export function readHeldOut(
  set: FileSet,
  usable: (problem: Problem) => boolean = () => true,
): HeldOut {
  for (const { file, sha256 } of Object.values(set.files)) {
    if (sha256Of(file) === sha256) continue;
    throw new GloreError(
      'problems-changed',
      `${file}: expected what was there when the recipe was read, found something else; start again`,
    );
  }
  const read = readFiles(set, (_, error) => {
    throw error;
  });
  const { train, dev, test } = read;
  return holdOut(
    { train: train.filter(usable), dev: dev?.filter(usable), test: test?.filter(usable) },
    set,
  );
}

/** What results depend on of a set: the contents of its files, wherever they are. */
export const contentsOf = ({ files, ...set }: FileSet) => ({
  ...set,
  files: Object.fromEntries(Object.entries(files).map(([key, { sha256 }]) => [key, sha256])),
});

const formats = {
  gsm8k: 'GSM8K (JSON Lines of question and answer)',
  svamp: 'SVAMP (a JSON list)',
  jsonl: 'JSON Lines',
};

const sha256Of = (file: string): string =>
  createHash('sha256').update(readWholeSync(file)).digest('hex');

/** Without the keys that are not there. */
const fieldsOf = ({ question, answer, id, steps }: z.infer<typeof jsonl>['fields']) => ({
  question,
  answer,
  ...(id !== undefined && { id }),
  ...(steps !== undefined && { steps }),
});

function readFiles(
  { source, files, fields }: FileSet,
  fail: (key: string, error: GloreError) => never,
): ReadProblems {
  const problemsOf = (key: string): Problem[] | undefined => {
    if (!files[key]) return undefined;
    const { file } = files[key];
    // Not the file's name, so that a file may be renamed.
    const part = key === 'devFile' ? 'dev' : key;
    try {
      const found =
        source === 'gsm8k'
          ? readGsm8k(file, part)
          : source === 'svamp'
            ? readSvamp(file)
            : readJsonlProblems(file, fields!, part);
      return found.map((problem) => speakable(problem, file));
    } catch (error) {
      if (error instanceof GloreError) return fail(key, error);
      throw error;
    }
  };
  return {
    train: problemsOf('train') ?? problemsOf('file')!,
    dev: problemsOf('devFile'),
    test: problemsOf('test'),
  };
}

/** The problem with steps of one line each. @throws GloreError `gold-unparsable` for an answer that is no line */
function speakable(problem: Problem, file: string): Problem {
  try {
    answerLine(problem.answer);
  } catch (cause) {
    throw new GloreError(
      'gold-unparsable',
      `${file}: expected an answer of one line in problem ${problem.id}, found ${JSON.stringify(problem.answer)}; correct the record or remove it`,
      { cause },
    );
  }
  return { ...problem, steps: parseLines(problem.steps.join('\n')).steps };
}
