/** A served model with a tokenizer of its own, spoken to in text. */
import { parseSolution, type Solution, stripAnnotations } from '../../codec/index.js';
import { GloreError } from '../../error.js';
import type { Answers, Author, Critic, Generated, RoleModel, Task, Valued } from '../types.js';
import { type Completion, classified, complete, neutralSampling, type Prompt } from './answers.js';
import type { Price } from './budget.js';
import { type Asked, kept } from './kept.js';
import { positiveOf, readValue, Watch } from './labels.js';
import type { Capabilities } from './probe.js';
import { sample, sampleBranches } from './sampling.js';
import { fill, linesOf, marked, prefixesOf, type Template, written } from './template.js';

export interface TextOptions {
  readonly model: string;
  readonly api: 'completions' | 'chat';
  readonly template: Template;
  readonly scoring: 'logprobs' | 'classify';
  /** Which output of a classifier is p(+), of those with two or more. */
  readonly positive: number;
  readonly price?: Price | undefined;
}

export class ServedText implements RoleModel {
  readonly watch: Watch;
  private readonly endpoint: Asked;
  readonly can: Partial<Capabilities>;
  private readonly options: TextOptions;

  constructor(
    endpoint: Asked,
    can: Partial<Capabilities>,
    options: TextOptions,
    watch = new Watch(),
  ) {
    this.watch = watch;
    this.endpoint = endpoint;
    this.can = can;
    this.options = options;
  }

  keeping(answers: Answers): ServedText {
    const { endpoint, can, options, watch } = this;
    return new ServedText(kept(endpoint, answers), can, options, watch);
  }

  /** The endpoint is whoever's opened it. */
  async close(): Promise<void> {}

  author(): Author {
    const { model, price, template } = this.options;
    return {
      write: (requests, { temperature, maxTokens }) =>
        Promise.all(
          requests.map(async ({ task, branches }) => {
            const choices = await sampleBranches(
              branches,
              ({ kept }) => kept,
              (kept, seeds) => {
                const prompt = this.promptOf(task, kept);
                const { stop } = template;
                const asking = { model, prompt, temperature, maxTokens, stop, price };
                return sample(this.endpoint, this.can, asking, seeds);
              },
            );
            return choices.map(read);
          }),
        ),
    };
  }

  private promptOf(task: Task, kept: number): Prompt {
    const { question } = task;
    if (task.role === 'student') {
      const begun = written(task.steps.slice(0, kept).map(stripAnnotations));
      return this.prompt({ question }, begun);
    }
    const draft =
      task.role === 'global' ? written(linesOf(task.draft)) : marked(task.draft, task.location);
    return this.prompt({ question, draft }, '');
  }

  private prompt(places: Readonly<Record<string, string>>, begun: string): Prompt {
    const { api, template, model } = this.options;
    const text = fill(template.prompt, places);
    if (api === 'completions') return { text: text + begun };
    if (begun !== '' && !this.can.continuation) {
      throw new GloreError(
        'endpoint-lacks',
        `endpoint ${this.endpoint.name}, model ${model}: expected it to continue a begun answer, which rollouts from prefixes need, found that it does not; use api: completions, or a server that has continue_final_message`,
      );
    }
    return { system: template.system, user: text, begun };
  }

  critic(): Critic {
    return {
      value: async (items) => {
        const read = await Promise.all(
          items.map(({ question, solution }) => this.valued(question, solution)),
        );
        if (this.options.scoring === 'logprobs') {
          const masses = read.flatMap((item) => item.masses);
          this.watch.covered(masses, this.options.model, this.options.template.labels);
        }
        this.watch.valued(
          read.flatMap(({ values }) => values),
          this.options.model,
        );
        return read.map(({ values, tokens }) => ({ values, tokens }));
      },
    };
  }

  /** The values after each line, one request for each. Tokens are those of the whole, read once. */
  private async valued(
    question: string,
    solution: Solution,
  ): Promise<Valued & { masses: number[] }> {
    const { template, scoring } = this.options;
    const read = await Promise.all(
      prefixesOf(solution, template.tag).map((lines) => {
        const prompt = this.prompt({ question, lines }, '');
        return scoring === 'logprobs' ? this.byLogprobs(prompt) : this.byClassify(prompt);
      }),
    );
    return {
      values: read.map(({ value }) => value),
      masses: read.map(({ mass }) => mass),
      tokens: read.at(-1)?.tokens ?? 0,
    };
  }

  private async byLogprobs(prompt: Prompt) {
    const { model, price, template } = this.options;
    const { choices, promptTokens } = await complete(this.endpoint, {
      model,
      prompt,
      // At 1, servers that report log-probabilities after the temperature report the model's own.
      temperature: 1,
      maxTokens: 1,
      likeliest: this.can.logprobs || 5,
      price,
      ...(this.can.extensions && {
        extensions: { ...neutralSampling, skip_special_tokens: false },
      }),
    });
    return { ...readValue(choices[0]!.first, template.labels), tokens: promptTokens ?? 0 };
  }

  private async byClassify(prompt: Prompt) {
    const { model, positive } = this.options;
    const body = {
      model,
      ...('user' in prompt
        ? { messages: [{ role: 'user', content: prompt.user }] }
        : { input: 'text' in prompt ? prompt.text : prompt.ids }),
      use_activation: true,
    };
    const { data } = await this.endpoint.post('/classify', body, classified);
    const { probs } = data[0]!;
    const value = positiveOf(probs, positive);
    if (value === undefined) {
      throw new GloreError(
        'endpoint-scores',
        `endpoint ${this.endpoint.name}, model ${model}, classify: expected a probability, found ${JSON.stringify(probs.slice(0, 8))}; serve the reward model with its activation`,
      );
    }
    return { value, mass: 1, tokens: 0 };
  }
}

/** A completion as a solution; its tokens are those of its reasoning too. */
function read({ text, finished, tokens }: Completion): Generated {
  const { steps, answer } = parseSolution(text, { finished });
  return { steps: steps.map((step) => stripAnnotations(step).trim()), answer, tokens };
}
