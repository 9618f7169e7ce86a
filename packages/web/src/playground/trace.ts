/** The trace of an answer: all that is known of how it came about, as a file and as a link. */
import * as z from 'zod/mini';
import { expectation, pathShown, valueAt, valueShown } from '../../../glore/src/files/issue.js';
import type { Candidate, Decision } from '../../../glore/src/refine/decision.js';
import type { Chooser, RefineOptions } from '../../../glore/src/refine/index.js';
import type { Costs } from '../../../glore/src/upstream/index.js';

export interface Trace {
  /** The version of this form. */
  readonly glore: 1;
  readonly question: string;
  readonly settings: Settings;
  /** Of each round. */
  readonly decisions: readonly Decision[];
  readonly costs: Costs;
  /** Why the answer is less than it could be. */
  readonly notes: readonly string[];
}

/** How an answer was refined; names are those of the request's field `glore`. */
export interface Settings {
  readonly mode: RefineOptions['mode'];
  /** Of `vote`: solutions that vote. */
  readonly samples: number;
  readonly choice: Chooser;
  readonly threshold: number;
  readonly tau: number;
  /** `{}` for none. */
  readonly budget: { readonly tokens?: number; readonly seconds?: number };
  readonly rounds: number;
}

/** Of a trace as JSON: more is nothing that a server answers. */
const mostCharacters = 4_000_000;
/** Rounds of an answer, and solutions that a vote is of: no server takes a request for more. */
const mostRounds = 16;
const mostCandidates = 64;
/** Of a trace in a link: longer addresses get lost on their way. */
const mostInLink = 60_000;

const between = (least: number, most: number) =>
  z.number().check(z.minimum(least), z.maximum(most));
const whole = (least: number) => z.int().check(z.minimum(least));
const listOf = <T>(item: z.ZodMiniType<T>, least: number, most: number) =>
  z.array(item).check(z.minLength(least), z.maxLength(most));

const share = between(0, 1);
/** One that lets everything pass, or nothing, is a little above 1. */
const threshold = between(0, 2);
const count = whole(0).check(z.maximum(2 ** 40));
const seconds = z.number().check(z.minimum(0));

const candidate: z.ZodMiniType<Candidate> = z.object({
  source: z.enum(['draft', 'global', 'local', 'sample']),
  solution: z.object({
    steps: listOf(z.string(), 0, 10_000),
    answer: z.nullable(z.string()),
  }),
  score: share,
  least: z.exactOptional(share),
  tokens: count,
  original: z.exactOptional(
    z.object({ text: z.string(), ends: listOf(count, 0, 10_000), finished: z.boolean() }),
  ),
});

const decision: z.ZodMiniType<Decision> = z
  .object({
    values: listOf(share, 0, 10_000),
    location: whole(-1),
    candidates: listOf(candidate, 1, mostCandidates),
    choice: whole(0),
  })
  .check(
    z.refine(({ values, location }) => location !== 0 && location <= values.length, {
      path: ['location'],
      error: 'a line of the draft, or -1',
    }),
    z.refine(({ candidates, choice }) => choice < candidates.length, {
      path: ['choice'],
      error: 'the index of a candidate',
    }),
  );

const cost = z.exactOptional(
  z.object({ requests: count, promptTokens: count, completionTokens: count, seconds }),
);

const trace: z.ZodMiniType<Trace> = z.object({
  glore: z.literal(1),
  question: z.string(),
  settings: z.object({
    mode: z.enum(['rerank', 'gate', 'vote']),
    samples: whole(1),
    choice: z.enum(['orm', 'both']),
    threshold,
    tau: threshold,
    budget: z.object({ tokens: z.exactOptional(whole(1)), seconds: z.exactOptional(seconds) }),
    rounds: whole(1),
  }),
  decisions: listOf(decision, 1, mostRounds),
  costs: z.object({ student: cost, orm: cost, sorm: cost, global: cost, local: cost }),
  notes: listOf(z.string(), 0, 1000),
});

/** @throws Error that says what is wrong, with the field */
export function readTrace(json: string): Trace {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    throw new Error(`This is no trace: expected JSON, found ${(error as Error).message}`);
  }
  const { success, data, error } = trace.safeParse(value);
  if (success) return data;
  const issue = error.issues[0]!;
  const at = issue.path.length === 0 ? 'the trace' : pathShown(issue.path);
  const found = valueShown(valueAt(value, issue.path), issue.path);
  throw new Error(`This is no trace: ${at}: expected ${expectation(issue)}, found ${found}`);
}

/** @throws Error as `readTrace` */
export async function readFile(file: Blob): Promise<Trace> {
  if (file.size > mostCharacters) {
    throw new Error(`This is no trace: expected at most ${mostCharacters} bytes, found more`);
  }
  return readTrace(await file.text());
}

/** The trace as a word of an address. @throws Error if it is too long for one */
export async function toLink(trace: Trace): Promise<string> {
  const packed = new Blob([JSON.stringify(trace)])
    .stream()
    .pipeThrough(new CompressionStream('deflate-raw'));
  const bytes = new Uint8Array(await new Response(packed).arrayBuffer());
  const word = base64url(bytes);
  if (word.length <= mostInLink) return word;
  const [found, most] = [word.length, mostInLink].map((length) => length.toLocaleString('en'));
  throw new Error(
    `This trace is too long for a link: it would have ${found} characters, at most ${most} arrive everywhere. Save it as a file.`,
  );
}

/** @throws Error as `readTrace` */
export async function fromLink(word: string): Promise<Trace> {
  let json: string;
  try {
    const packed = new Blob([bytesOf(word)]).stream();
    json = await textIn(packed.pipeThrough(new DecompressionStream('deflate-raw')));
  } catch {
    throw new Error('This link is not whole: the trace in it cannot be unpacked. Copy it again.');
  }
  return readTrace(json);
}

function base64url(bytes: Uint8Array): string {
  const characters = Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
  return btoa(characters).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

function bytesOf(word: string): Uint8Array<ArrayBuffer> {
  const characters = atob(word.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(characters, (character) => character.charCodeAt(0));
}

/** A few characters may unpack to any number: they are counted as they come. */
async function textIn(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<string> {
  const reader = stream.getReader();
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let whole = '';
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    whole += decoder.decode(part.value, { stream: true });
    if (whole.length > mostCharacters) {
      await reader.cancel();
      throw new Error('too long');
    }
  }
  return whole + decoder.decode();
}
