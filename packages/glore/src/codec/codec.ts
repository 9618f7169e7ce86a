// Problems, steps, tags, [BAD] and drafts as token ids: every sequence that a model reads or writes is spelt here.
// Parts are tokenised apart and their ids joined, so that a separator never merges with a neighbour and moves a label.
//
//   student          BOS question \n | step \n .. step \n #### answer EOS
//   reward models    BOS question \n TAG step \n TAG .. step \n TAG #### answer TAG
//   global refiner   BOS question \n DRAFT line \n .. line \n REVISION | solution EOS
//   local refiner    BOS question \n DRAFT line \n .. [BAD] line \n .. REVISION | continuation EOS
//
// What follows `|` is the target, which the model writes. The first TAG of a reward model's sequence says that the lines are
// to be judged, not continued: without it the first step would read as a student's.

import { createHash } from 'node:crypto';
import type { Tokenizer } from '@glore/engine';
import { GloreError } from '../error.js';
import {
  answerLine,
  checkLocation,
  checkStep,
  parseLines,
  type Solution,
  stripAnnotations,
} from './solution.js';

export const spellings = {
  pad: '<|pad|>',
  bos: '<|bos|>',
  eos: '<|eos|>',
  step: '<|step|>',
  plus: '<|+|>',
  minus: '<|-|>',
  bad: '[BAD]',
  draft: '<|draft|>',
  revision: '<|revision|>',
} as const;

/** The spellings of the special tokens, in the order in which a tokenizer gets those that it lacks. */
export const specialTokens: readonly string[] = Object.values(spellings);

/** What to say where a tokenizer lacks special tokens and servers are to know them; undefined where it has them all. */
export function lackOf(tokenizer: Tokenizer): string | undefined {
  const lacking = specialTokens.filter((token) => idOf(tokenizer, token) === undefined);
  if (lacking.length === 0) return undefined;
  return `the base's tokenizer lacks ${lacking.join(', ')}: they are added to it here, and a server knows them only if its model was trained with them`;
}

/** To be raised with every change of the sequences above: data and models made with another are not compatible. */
const formatVersion = 2;

/** The ids of the special tokens. */
export type SpecialIds = { readonly [name in keyof typeof spellings]: number };

/**
 * Text <-> the token sequences of the models. Lines are counted from 1: 1..L are the steps, L+1 is the answer line.
 * Steps lose their `<<..>>` annotations. Methods throw `GloreError` "solution-malformed" for a step or answer that is
 * not one line, "question-empty", and "location-invalid" for a line outside 1..L+1.
 */
export interface Codec {
  readonly ids: SpecialIds;
  /** SHA-256 (hex) of the format and the tokenizer; equal hashes read each other's datasets and models. */
  readonly hash: string;

  /** `BOS question \n`: what the student continues. */
  prompt(question: string): number[];
  /** `step \n` */
  step(text: string): number[];
  /** `#### answer`, without a newline: EOS or a tag follows. */
  answer(text: string): number[];
  /** The prefix `P_i` of the given steps: `step \n .. step \n`. */
  prefix(steps: readonly string[]): number[];
  /** `step \n .. #### answer EOS`, without the answer where there is none. */
  solution(solution: Solution): number[];
  /** The student's whole sequence; the target begins at `promptLength`. */
  plain(question: string, solution: Solution): { tokens: number[]; promptLength: number };

  /** What generated ids say, up to the first special token. */
  text(ids: readonly number[]): string;
  /**
   * The solution in generated ids, read up to EOS. Without EOS the last line was cut off, and counts for nothing.
   * The inverse of `solution` and, for a solution without an answer, of `prefix`.
   */
  parse(ids: readonly number[]): Solution;

  /** The reward models' sequence; `tags[i - 1]` is the index of the tag after line i (L + 1 tags with an answer, else L). */
  tagged(question: string, solution: Solution): { tokens: number[]; tags: number[] };

  /** What the global refiner continues with `solution(better)`. */
  globalPrompt(question: string, draft: Solution): number[];
  /** What the local refiner continues with `continuation(better, e)`: the draft with [BAD] before line e. */
  localPrompt(question: string, draft: Solution, e: number): number[];
  /** The solution from line e on, to EOS. */
  continuation(solution: Solution, e: number): number[];
}

/** Makes the codec; throws `GloreError` "codec-tokenizer" unless the tokenizer has the special tokens. */
export function createCodec(tokenizer: Tokenizer): Codec {
  const ids = specialIds(tokenizer);
  const special = new Set<number>(Object.values(ids));
  const newline = tokenizer.encode('\n');

  const prompt = (question: string): number[] => {
    if (question.trim() === '') {
      throw new GloreError('question-empty', 'question: expected text, found none');
    }
    return [ids.bos, ...tokenizer.encode(question), ...newline];
  };

  const step = (text: string): number[] => [
    ...tokenizer.encode(checkStep(stripAnnotations(text))),
    ...newline,
  ];

  const answer = (text: string): number[] => tokenizer.encode(answerLine(text));

  /** The ids of each line, for the sequences that put something between lines. */
  const lines = (solution: Solution): number[][] => [
    ...solution.steps.map(step),
    ...(solution.answer === null ? [] : [answer(solution.answer)]),
  ];

  const solution = (whole: Solution): number[] => [...lines(whole).flat(), ids.eos];

  const draftLines = (draft: Solution): number[][] => {
    const parts = lines(draft);
    if (draft.answer !== null) parts.at(-1)!.push(...newline);
    return parts;
  };

  /** Where generated ids stop being text: at the first special token, whichever it is. */
  const endOf = (generated: readonly number[]): number => {
    const end = generated.findIndex((id) => special.has(id));
    return end < 0 ? generated.length : end;
  };
  const textOf = (generated: readonly number[]): string =>
    tokenizer.decode(generated.slice(0, endOf(generated)));

  return {
    ids,
    hash: createHash('sha256')
      .update(JSON.stringify(['glore', formatVersion, specialTokens, tokenizer.hash]))
      .digest('hex'),
    prompt,
    step,
    answer,
    prefix: (steps) => steps.flatMap(step),
    solution,

    plain(question, whole) {
      const start = prompt(question);
      return { tokens: [...start, ...solution(whole)], promptLength: start.length };
    },

    text: textOf,

    parse(generated) {
      const text = textOf(generated);
      // At another special token than EOS the line that it breaks counts for nothing.
      const whole = generated[endOf(generated)] === ids.eos;
      const complete = whole ? text : text.slice(0, text.lastIndexOf('\n') + 1);
      const { steps, answer } = parseLines(complete);
      return { steps: steps.map(stripAnnotations), answer };
    },

    tagged(question, whole) {
      const tokens = [...prompt(question), ids.step];
      const tags = lines(whole).map((line) => tokens.push(...line, ids.step) - 1);
      return { tokens, tags };
    },

    globalPrompt(question, draft) {
      return [...prompt(question), ids.draft, ...draftLines(draft).flat(), ids.revision];
    },

    localPrompt(question, draft, e) {
      checkLocation(draft, e);
      const parts = draftLines(draft);
      const before = parts.slice(0, e - 1).flat();
      const after = parts.slice(e - 1).flat();
      return [...prompt(question), ids.draft, ...before, ids.bad, ...after, ids.revision];
    },

    continuation(whole, e) {
      checkLocation(whole, e);
      return solution({ steps: whole.steps.slice(e - 1), answer: whole.answer });
    },
  };
}

function specialIds(tokenizer: Tokenizer): SpecialIds {
  const entries = Object.entries(spellings).map(([name, token]) => {
    const id = idOf(tokenizer, token);
    if (id !== undefined) return [name, id];
    throw new GloreError(
      'codec-tokenizer',
      `tokenizer: expected the special token ${token}, found none; use the tokenizer of a model that glore or trainers/hf has trained`,
    );
  });
  return Object.fromEntries(entries);
}

/** The id of a special token; undefined where the tokenizer has none. */
function idOf(tokenizer: Tokenizer, token: string): number | undefined {
  try {
    return tokenizer.id(token);
  } catch {
    return undefined;
  }
}
