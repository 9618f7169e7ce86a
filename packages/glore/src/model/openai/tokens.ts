/** A served model that reads the codec's own ids: a checkpoint of ours behind vLLM, SGLang or `glore serve`. */
import type { Tokenizer } from '@glore/engine';
import { specialTokens } from '../../codec/index.js';
import { GloreError } from '../../error.js';
import { tokenAuthor, tokenCritic } from '../tokens.js';
import type { Answers, GenerateRequest, LanguageModel, Sampling, ScoreRequest } from '../types.js';
import {
  type Completion,
  classified,
  complete,
  neutralSampling,
  pooled,
  scored,
} from './answers.js';
import type { Price } from './budget.js';
import { type Asked, kept } from './kept.js';
import { type Labels, positiveOf, readValue, Watch } from './labels.js';
import type { Capabilities } from './probe.js';
import { sample, sampleBranches } from './sampling.js';

/** How values are asked for; each but the first is an endpoint of vLLM's for reward models. */
export type Scoring = 'logprobs' | 'pooling' | 'classify' | 'generative_scoring';

export interface ServedOptions {
  readonly model: string;
  readonly scoring: Scoring;
  /** Which output of a classifier is p(+), of those with two or more. */
  readonly positive: number;
  readonly price?: Price | undefined;
}

export class ServedTokens implements LanguageModel {
  readonly watch: Watch;
  private readonly endpoint: Asked;
  readonly can: Partial<Capabilities>;
  private readonly tokenizer: Tokenizer;
  private readonly options: ServedOptions;

  constructor(
    endpoint: Asked,
    can: Partial<Capabilities>,
    tokenizer: Tokenizer,
    options: ServedOptions,
    watch = new Watch(),
  ) {
    this.watch = watch;
    this.endpoint = endpoint;
    this.can = can;
    this.tokenizer = tokenizer;
    this.options = options;
  }

  author = (codec: Parameters<typeof tokenAuthor>[1]) => tokenAuthor(this, codec);
  critic = (codec: Parameters<typeof tokenCritic>[1]) => tokenCritic(this, codec);

  keeping(answers: Answers): ServedTokens {
    const { endpoint, can, tokenizer, options, watch } = this;
    return new ServedTokens(kept(endpoint, answers), can, tokenizer, options, watch);
  }

  /** The endpoint is whoever's opened it. */
  async close(): Promise<void> {}

  generate(requests: readonly GenerateRequest[], sampling: Sampling): Promise<number[][][]> {
    return Promise.all(requests.map((request) => this.continue(request, sampling)));
  }

  private async continue(
    { tokens, branches }: GenerateRequest,
    { temperature, maxTokens, stop }: Sampling,
  ): Promise<number[][]> {
    const { model, price } = this.options;
    const extensions = {
      ...(this.can.tokenIds && { return_token_ids: true }),
      ...(this.can.extensions && { stop_token_ids: [stop], skip_special_tokens: false }),
    };
    const choices = await sampleBranches(
      branches,
      ({ length }) => length,
      (length, seeds) => {
        const prompt = { ids: tokens.slice(0, length) };
        const asking = { model, prompt, temperature, maxTokens, price, extensions };
        return sample(this.endpoint, this.can, asking, seeds);
      },
    );
    return choices.map((choice) => this.idsOf(choice, stop));
  }

  /** The ids of a completion, ended by `stop` where it ended by itself. */
  private idsOf({ text, ids, finished }: Completion, stop: number): number[] {
    if (ids) return finished && ids.at(-1) !== stop ? [...ids, stop] : [...ids];
    // A special token spelt out ends what can be read; the line it breaks counts for nothing.
    const ends = specialTokens.map((token) => text.indexOf(token)).filter((at) => at >= 0);
    if (ends.length === 0) {
      const read = this.tokenizer.encode(text);
      return finished ? [...read, stop] : read;
    }
    const end = Math.min(...ends);
    const read = this.tokenizer.encode(text.slice(0, end));
    return text.startsWith(this.tokenizer.decode([stop]), end) ? [...read, stop] : read;
  }

  async score(
    requests: readonly ScoreRequest[],
    labels: { readonly positive: number; readonly negative: number },
  ): Promise<number[][]> {
    const values = await this.read(requests, labels);
    this.watch.valued(values.flat(), this.options.model);
    return values;
  }

  private async read(
    requests: readonly ScoreRequest[],
    { positive, negative }: { readonly positive: number; readonly negative: number },
  ): Promise<number[][]> {
    switch (this.options.scoring) {
      case 'logprobs':
        return this.byLogprobs(requests, positive, negative);
      case 'pooling':
        return Promise.all(requests.map((request) => this.byPooling(request)));
      case 'classify':
        return Promise.all(
          requests.map(({ tokens, positions }) =>
            Promise.all(positions.map((at) => this.byClassify(tokens.slice(0, at + 1)))),
          ),
        );
      case 'generative_scoring':
        return Promise.all(
          requests.map((request) => this.byGenerativeScoring(request, [positive, negative])),
        );
    }
  }

  /** One token of each prefix, which the server has in its cache from the prefix before. */
  private async byLogprobs(
    requests: readonly ScoreRequest[],
    positive: number,
    negative: number,
  ): Promise<number[][]> {
    const { model, price } = this.options;
    const spellings = (id: number) => [`token_id:${id}`, this.tokenizer.decode([id])];
    const labels: Labels = { positive: spellings(positive), negative: spellings(negative) };
    const read = await Promise.all(
      requests.map(({ tokens, positions }) =>
        Promise.all(
          positions.map(async (at) => {
            const { choices } = await complete(this.endpoint, {
              model,
              prompt: { ids: tokens.slice(0, at + 1) },
              // At 1, servers that report log-probabilities after the temperature report the model's own.
              temperature: 1,
              maxTokens: 1,
              likeliest: this.can.logprobs || 5,
              price,
              extensions: {
                ...(this.can.extensions && { ...neutralSampling, skip_special_tokens: false }),
                ...(this.can.labelLogprobs && { logprob_token_ids: [positive, negative] }),
              },
            });
            return readValue(choices[0]!.first, labels);
          }),
        ),
      ),
    );
    this.watch.covered(
      read.flat().map(({ mass }) => mass),
      model,
      labels,
    );
    return read.map((row) => row.map(({ value }) => value));
  }

  /** A row for each token; those of the positions are picked here, since servers have picked wrong ones. */
  private async byPooling({ tokens, positions }: ScoreRequest): Promise<number[]> {
    const { model, price } = this.options;
    const { data } = await this.endpoint.post(
      '/pooling',
      { model, input: tokens, task: 'token_classify', use_activation: true },
      pooled,
      { cost: () => ({ prompt: tokens.length, completion: 0, price }) },
    );
    const rows = data[0]!.data;
    if (rows.length !== tokens.length) {
      throw this.strange(`a row for each of ${tokens.length} tokens`, `${rows.length} rows`);
    }
    return positions.map((at) => this.pick([rows[at]!].flat()));
  }

  private async byClassify(tokens: readonly number[]): Promise<number> {
    const { model, price } = this.options;
    const body = { model, input: tokens, use_activation: true };
    const { data } = await this.endpoint.post('/classify', body, classified, {
      cost: () => ({ prompt: tokens.length, completion: 0, price }),
    });
    return this.pick(data[0]!.probs);
  }

  private async byGenerativeScoring(
    { tokens, positions }: ScoreRequest,
    labels: readonly number[],
  ): Promise<number[]> {
    if (positions.length === 0) return [];
    const { model, price } = this.options;
    const { data } = await this.endpoint.post(
      '/generative_scoring',
      {
        model,
        query: tokens.slice(0, 1),
        items: positions.map((at) => tokens.slice(1, at + 1)),
        label_token_ids: labels,
        apply_softmax: true,
        item_first: false,
      },
      scored(positions.length),
      { cost: () => ({ prompt: tokens.length, completion: 0, price }) },
    );
    return data.toSorted((a, b) => a.index - b.index).map(({ score }) => this.pick([score]));
  }

  /** p(+) of a classifier's output. */
  private pick(outputs: readonly number[]): number {
    const value = positiveOf(outputs, this.options.positive);
    if (value !== undefined) return value;
    throw this.strange('a probability', JSON.stringify(outputs.slice(0, 8)));
  }

  private strange(expected: string, found: string): GloreError {
    const { scoring, model } = this.options;
    return new GloreError(
      'endpoint-scores',
      `endpoint ${this.endpoint.name}, model ${model}, ${scoring}: expected ${expected}, found ${found}; serve the reward model with its activation and with pooling of all tokens`,
    );
  }
}
