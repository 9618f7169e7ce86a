/** vLLM's ways to score: the probability of labels after each item, and the reward of each token of a sequence. */

import type { Hosted } from '../batch/index.js';
import type { Limits, Route } from '../protocol/index.js';
import {
  checkLimit,
  detokenizeRequest,
  invalid,
  listOf,
  poolingRequest,
  scoringRequest,
  tokenizeRequest,
} from '../protocol/index.js';
import {
  checkIds,
  checkName,
  checkSequence,
  checkTexts,
  readInputs,
  roleOf,
} from '../refine/index.js';

/** `POST /generative_scoring`: p(first label) of the next token after query and item, over the labels or over all tokens. */
export const generativeScoring = (
  hosted: Hosted,
  limits: Limits,
): Route<typeof scoringRequest> => ({
  path: '/generative_scoring',
  schema: scoringRequest,
  size({ query, items, label_token_ids }) {
    const read = items.length * query.length + items.reduce((sum, { length }) => sum + length, 0);
    checkLimit(limits, 'maxText', read, {
      param: 'items',
      what: 'characters or token ids to read, the query anew with each item',
    });
    const values = items.length * label_token_ids.length;
    checkLimit(limits, 'maxAnswer', values, {
      param: 'label_token_ids',
      what: `log-probabilities to compute (${items.length} items x ${label_token_ids.length} labels)`,
    });
    return read + values;
  },
  async answer(request, { id, signal, note }) {
    const role = roleOf(hosted, request.model);
    checkTexts(hosted, role.batcher.config, [request.query, ...request.items], 'items');
    const [query, ...items] = await readInputs(hosted, [request.query, ...request.items], signal);
    const sequences = items.map((item) =>
      request.item_first ? [...item, ...query!] : [...query!, ...item],
    );
    const most = role.batcher.config.maxPositions;
    for (const sequence of sequences) checkSequence(role, sequence, { param: 'items', most });
    const labels = request.label_token_ids;
    checkIds(role, labels, 'label_token_ids');
    const promptTokens = sequences.reduce((sum, { length }) => sum + length, 0);
    note({ model: request.model, promptTokens, scoredTokens: promptTokens });
    const scores = await role.batcher.score(
      { items: sequences.map((tokens) => ({ tokens, positions: [tokens.length - 1] })), labels },
      { signal },
    );
    return {
      json: {
        id: `score-${id}`,
        object: 'list',
        model: request.model,
        data: scores.map(([logs], index) => ({
          index,
          object: 'score',
          score:
            (request.apply_softmax ?? true)
              ? Math.exp(logs![0]! - logTotal(logs!))
              : Math.exp(logs![0]!),
        })),
        usage: { prompt_tokens: promptTokens, completion_tokens: 0, total_tokens: promptTokens },
      },
    };
  },
});

/**
 * `POST /pooling` of a reward model: `[p(-), p(+)]` of the two labels after each token of each input, in one pass. A
 * line's value is p(+) at its tag.
 */
export const pooling = (hosted: Hosted): Route<typeof poolingRequest> => ({
  path: '/pooling',
  schema: poolingRequest,
  // A value for each of two labels.
  size: ({ input }) => 2 * listOf(input).reduce((sum, { length }) => sum + length, 0),
  async answer(request, { id, signal, note }) {
    if (request.model !== 'orm' && request.model !== 'sorm') {
      throw invalid(
        `model: expected a reward model, "orm" or "sorm", found ${JSON.stringify(request.model)}`,
        'unsupported',
        'model',
      );
    }
    const role = roleOf(hosted, request.model);
    const { plus, minus } = hosted.codec.ids;
    const given = listOf(request.input);
    checkTexts(hosted, role.batcher.config, given, 'input');
    const inputs = await readInputs(hosted, given, signal);
    const most = role.batcher.config.maxPositions;
    for (const tokens of inputs) checkSequence(role, tokens, { param: 'input', most });
    const promptTokens = inputs.reduce((sum, { length }) => sum + length, 0);
    note({ model: request.model, promptTokens, scoredTokens: promptTokens });
    const scores = await role.batcher.score(
      {
        items: inputs.map((tokens) => ({ tokens, positions: [...tokens.keys()] })),
        labels: [minus, plus],
      },
      { signal },
    );
    return {
      json: {
        id: `pool-${id}`,
        object: 'list',
        model: request.model,
        data: scores.map((positions, index) => ({
          index,
          object: 'pooling',
          data: positions.map((logs) => logs.map((log) => Math.exp(log - logTotal(logs)))),
        })),
        usage: { prompt_tokens: promptTokens, completion_tokens: 0, total_tokens: promptTokens },
      },
    };
  },
});

/** `POST /tokenize`: the ids of a text, in which special tokens may be spelt. */
export const tokenize = (hosted: Hosted): Route<typeof tokenizeRequest> => ({
  path: '/tokenize',
  schema: tokenizeRequest,
  size: ({ prompt }) => prompt.length,
  async answer({ model, prompt }, { signal }) {
    checkName(model);
    const [tokens] = await readInputs(hosted, [prompt], signal);
    const { student } = hosted.roles;
    return {
      json: {
        tokens,
        count: tokens!.length,
        ...(student && { max_model_len: student.batcher.config.maxPositions }),
      },
    };
  },
});

/** `POST /detokenize`: the text of ids, special tokens spelt out. */
export const detokenize = (hosted: Hosted): Route<typeof detokenizeRequest> => ({
  path: '/detokenize',
  schema: detokenizeRequest,
  size: ({ tokens }) => tokens.length,
  async answer({ model, tokens }) {
    checkName(model);
    const odd = tokens.find((id) => id >= hosted.tokenizer.size);
    if (odd !== undefined) {
      throw invalid(
        `tokens: expected ids below ${hosted.tokenizer.size}, found ${odd}`,
        'invalid_value',
        'tokens',
      );
    }
    return { json: { prompt: hosted.tokenizer.decode(tokens) } };
  },
});

/** log(sum(exp(logs))) */
function logTotal(logs: readonly number[]): number {
  const most = logs.reduce((a, b) => Math.max(a, b));
  return most + Math.log(logs.reduce((sum, log) => sum + Math.exp(log - most), 0));
}
