/** The roles' tasks in the codec's ids, for models that read them. */
import type { Codec } from '../codec/index.js';
import type { Author, Critic, Generator, Scorer, WriteRequest } from './types.js';

export function tokenAuthor(model: Generator, codec: Codec): Author {
  return {
    async write(requests, { temperature, maxTokens }) {
      const completions = await model.generate(
        requests.map((request) => spelt(codec, request)),
        { temperature, maxTokens, stop: codec.ids.eos },
      );
      return completions.map((branches) =>
        branches.map((tokens) => ({ ...codec.parse(tokens), tokens: tokens.length })),
      );
    },
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
