/** The roles' tasks in the codec's ids, for models that read them. */
import type { Codec } from '../codec/index.js';
import { textOf } from './text.js';
import type {
  Author,
  Critic,
  Follower,
  GenerateRequest,
  Generator,
  Hear,
  HearTokens,
  Sampling,
  Scorer,
  WriteRequest,
} from './types.js';

/** Generating up to the first of some tokens. */
export type GenerateTo = (
  requests: readonly GenerateRequest[],
  sampling: Omit<Sampling, 'stop'> & { readonly stop: number | readonly number[] },
) => Promise<number[][][]>;

export function tokenAuthor(model: Generator, codec: Codec): Author {
  return {
    write: writing((requests, sampling) => model.generate(requests, sampling), codec),
    async begin(task, maxTokens) {
      const request = spelt(codec, { task, branches: [{ kept: 0, seed: 0 }] });
      const sampling = { temperature: 0, maxTokens, stop: codec.ids.eos };
      const [completions] = await model.generate([request], sampling);
      return codec.text(completions![0]!);
    },
  };
}

/** An author whose model can end at more than one token and value any text, so that it also writes line by line. */
export function lineAuthor(
  model: Generator & Follower & { generate: GenerateTo },
  codec: Codec,
): Author {
  // A step ends with a newline, the answer with EOS.
  const newline = codec.step('.').at(-1)!;
  return {
    ...tokenAuthor(model, codec),
    writeLine: writing(
      (requests, { stop, ...sampling }) =>
        model.generate(requests, { ...sampling, stop: [stop, newline] }),
      codec,
    ),
    logprobs: (items) =>
      model.follow(
        items.map(({ question, solution }) => {
          const { tokens, promptLength } = codec.plain(question, solution);
          const length = tokens.length - promptLength;
          return { tokens, positions: Array.from({ length }, (_, i) => promptLength - 1 + i) };
        }),
      ),
  };
}

const writing =
  (generate: Generator['generate'], codec: Codec): Author['write'] =>
  async (requests, { temperature, maxTokens, hear }) => {
    const completions = await generate(
      requests.map((request) => spelt(codec, request)),
      { temperature, maxTokens, stop: codec.ids.eos, hear: hear && byLines(codec, hear) },
    );
    return completions.map((branches) =>
      branches.map((tokens) => ({ ...codec.parse(tokens), tokens: tokens.length })),
    );
  };

/** Tells of tokens as they come whenever they have another line. */
function byLines(codec: Codec, hear: Hear): HearTokens {
  /** Tokens up to the last line that was heard, so that no more than a line is read for each token. */
  const heard = new Map<string, number>();
  return (request, branch, tokens) => {
    const name = `${request}.${branch}`;
    const before = heard.get(name) ?? 0;
    const { steps, answer } = codec.parse(tokens.slice(before < tokens.length ? before : 0));
    if (steps.length === 0 && answer === null) return;
    heard.set(name, tokens.length);
    hear(request, branch, textOf(codec.parse(tokens)));
  };
}

/** One sequence for all branches: each is its beginning, so its keys and values are computed once. */
function spelt(codec: Codec, { task, branches }: WriteRequest) {
  const tokens =
    task.role === 'student'
      ? codec.prompt(task.question)
      : task.role === 'global'
        ? codec.globalPrompt(task.question, task.draft)
        : codec.localPrompt(task.question, task.draft, task.location);
  const ends = [tokens.length];
  if (task.role === 'student') {
    for (const step of task.steps) ends.push(tokens.push(...codec.step(step)));
  }
  return { tokens, branches: branches.map(({ kept, seed }) => ({ length: ends[kept]!, seed })) };
}

export function tokenCritic(model: Scorer, codec: Codec): Critic {
  const { plus, minus } = codec.ids;
  return {
    async value(items) {
      const requests = items.map(({ question, solution }) => {
        const { tokens, tags } = codec.tagged(question, solution);
        return { tokens, positions: tags };
      });
      const values = await model.score(requests, { positive: plus, negative: minus });
      return values.map((row, i) => ({ values: row, tokens: requests[i]!.tokens.length }));
    },
  };
}
