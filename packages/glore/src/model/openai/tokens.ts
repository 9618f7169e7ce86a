/** A served model that reads the codec's own ids: a checkpoint of ours behind vLLM, SGLang or `glore serve`. */
import type { Tokenizer } from '@glore/engine';
import { type Codec, specialTokens } from '../../codec/index.js';
import { tokenAuthor } from '../tokens.js';
import type { Author, Critic, GenerateRequest, Generator, RoleModel, Sampling } from '../types.js';
import { completeAs, neutralSampling } from './answers.js';
import type { Price } from './budget.js';
import type { Completion } from './choices.js';
import { type Reading, servedCritic } from './critic.js';
import type { PostOptions } from './endpoint.js';
import { type Asked, kept } from './kept.js';
import { type Labels, type Read, readValue } from './labels.js';
import type { Capabilities } from './probe.js';
import { readPrompt } from './prompt-logprobs.js';
import { readRows } from './rows.js';
import { type HearChoice, sample, sampleBranches } from './sampling.js';
import { classified, scored } from './scores.js';
import { Served } from './served.js';

/** How values are asked for; each but the first is an endpoint of vLLM's for reward models. */
export type Scoring =
  | 'logprobs'
  | 'prompt_logprobs'
  | 'pooling'
  | 'classify'
  | 'generative_scoring';

export interface ServedOptions {
  readonly model: string;
  readonly scoring: Scoring;
  /** Which output of a classifier is p(+), of those with two or more. */
  readonly positive: number;
  readonly price?: Price | undefined;
}

/** A solution in ids, and where its lines end. */
interface Tagged {
  readonly tokens: readonly number[];
  readonly tags: readonly number[];
}

export class ServedTokens extends Served<ServedOptions> implements RoleModel, Generator {
  private readonly tokenizer: Tokenizer;

  constructor(
    endpoint: Asked,
    can: Partial<Capabilities>,
    tokenizer: Tokenizer,
    options: ServedOptions,
  ) {
    super(endpoint, can, options);
    this.tokenizer = tokenizer;
  }

  author(codec: Codec): Author {
    return tokenAuthor(this, codec);
  }

  generate(
    requests: readonly GenerateRequest[],
    { hear, ...sampling }: Sampling,
  ): Promise<number[][][]> {
    const endpoint = this.answers ? kept(this.endpoint, this.answers) : this.endpoint;
    return Promise.all(
      requests.map((request, i) =>
        this.continue(
          endpoint,
          request,
          sampling,
          hear && ((branch, choice) => hear(i, branch, this.idsOf(choice, sampling.stop))),
        ),
      ),
    );
  }

  private async continue(
    endpoint: Asked,
    { tokens, branches }: GenerateRequest,
    { temperature, maxTokens, stop }: Omit<Sampling, 'hear'>,
    hear: HearChoice | undefined,
  ): Promise<number[][]> {
    const { model, price } = this.options;
    const extensions = {
      ...(this.can.tokenIds && { return_token_ids: true }),
      ...(this.can.extensions && { stop_token_ids: [stop], skip_special_tokens: false }),
    };
    const common = { model, temperature, maxTokens, price, extensions, tally: this.watch };
    const choices = await sampleBranches(
      branches,
      ({ length }) => length,
      (length, seeds, heard) => {
        const prompt = { ids: tokens.slice(0, length) };
        const asking = { ...common, prompt, vocabulary: this.tokenizer.size };
        return sample(endpoint, this.can, asking, seeds, heard);
      },
      hear,
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

  critic(codec: Codec): Critic {
    const { model, scoring, positive } = this.options;
    const labels = this.labelsOf(codec);
    return servedCritic({
      endpoint: this.endpoint,
      answers: this.answers,
      watch: this.watch,
      model,
      identity: [model, scoring, positive, codec.hash, this.can],
      labels: scoring === 'logprobs' || scoring === 'prompt_logprobs' ? labels : undefined,
      read: async (endpoint, { question, solution }): Promise<Reading> => {
        const tagged = codec.tagged(question, solution);
        const lines = await this.read(endpoint, tagged, codec);
        return { lines, tokens: tagged.tokens.length };
      },
    });
  }

  private labelsOf({ ids: { plus, minus } }: Codec): Labels {
    const spellings = (id: number) => [`token_id:${id}`, this.tokenizer.decode([id])];
    return { positive: spellings(plus), negative: spellings(minus) };
  }

  private async read(endpoint: Asked, tagged: Tagged, codec: Codec): Promise<readonly Read[]> {
    const { tokens, tags } = tagged;
    const prefixes = tags.map((at) => tokens.slice(0, at + 1));
    switch (this.options.scoring) {
      case 'logprobs':
        return Promise.all(prefixes.map((prefix) => this.byLogprobs(endpoint, prefix, codec)));
      case 'prompt_logprobs': {
        const known = await this.byPrompt(endpoint, tagged, codec);
        return Promise.all(
          prefixes.map((prefix, i) => known[i] ?? this.byLogprobs(endpoint, prefix, codec)),
        );
      }
      case 'pooling':
        return (await this.byPooling(endpoint, tagged)).lines;
      case 'classify':
        return sure(await Promise.all(prefixes.map((prefix) => this.byClassify(endpoint, prefix))));
      case 'generative_scoring':
        return sure(await this.byGenerativeScoring(endpoint, tagged, codec));
    }
  }

  /** All tags by one request; undefined for those whose labels are not among the likeliest. */
  private byPrompt(
    endpoint: Asked,
    { tokens, tags }: Tagged,
    { ids: { plus, minus } }: Codec,
  ): Promise<(Read | undefined)[]> {
    const { model, price } = this.options;
    const labels = { positive: [plus], negative: [minus] };
    const likeliest = this.can.logprobs || 5;
    const asking = { model, price, likeliest, tally: this.watch };
    return readPrompt(endpoint, { ids: tokens, at: tags }, labels, asking);
  }

  /** One token of a prefix, which the server has in its cache from the prefix before. */
  private byLogprobs(endpoint: Asked, prefix: readonly number[], codec: Codec): Promise<Read> {
    const { model, price } = this.options;
    const { plus, minus } = codec.ids;
    const likeliest = this.can.logprobs || 5;
    const asking = {
      model,
      prompt: { ids: prefix },
      // At 1, servers that report log-probabilities after the temperature report the model's own.
      temperature: 1,
      maxTokens: 1,
      likeliest,
      price,
      tally: this.watch,
      extensions: {
        ...(this.can.extensions && { ...neutralSampling, skip_special_tokens: false }),
        ...(this.can.labelLogprobs && { logprob_token_ids: [plus, minus] }),
      },
    };
    const wanted = this.can.labelLogprobs ? 'labels' : likeliest;
    return completeAs(endpoint, asking, ({ choices }) =>
      readValue(choices[0]!.first, this.labelsOf(codec), wanted),
    );
  }

  private byPooling(endpoint: Asked, { tokens: ids, tags: at }: Tagged): Promise<Reading> {
    const { model, positive, price } = this.options;
    return readRows(endpoint, { ids, at }, { model, positive, price, tally: this.watch });
  }

  private byClassify(endpoint: Asked, prefix: readonly number[]): Promise<number> {
    const { model, positive } = this.options;
    const body = { model, input: prefix, use_activation: true };
    return endpoint.post('/classify', body, classified(positive), this.reading(prefix));
  }

  private async byGenerativeScoring(
    endpoint: Asked,
    { tokens, tags }: Tagged,
    { ids: { plus, minus } }: Codec,
  ): Promise<number[]> {
    if (tags.length === 0) return [];
    return endpoint.post(
      '/generative_scoring',
      {
        model: this.options.model,
        query: tokens.slice(0, 1),
        items: tags.map((at) => tokens.slice(1, at + 1)),
        label_token_ids: [plus, minus],
        apply_softmax: true,
        item_first: false,
      },
      scored(tags.length),
      this.reading(tokens),
    );
  }

  /** What is asked of a classifier costs what it reads. */
  private reading(tokens: readonly number[]): PostOptions {
    const { price } = this.options;
    return { cost: () => ({ prompt: tokens.length, completion: 0, price }), tally: this.watch };
  }
}

/** Values of a classifier, which has nothing else to say. */
const sure = (values: readonly number[]): Read[] => values.map((value) => ({ value, mass: 1 }));
