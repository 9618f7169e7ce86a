/** A served model with a tokenizer of its own, spoken to in text. */
import { parseSolution, stripAnnotations } from '../../codec/index.js';
import { GloreError } from '../../error.js';
import type { Answers, Author, Critic, Generated, RoleModel, Task } from '../types.js';
import { completeAs, neutralSampling, type Prompt } from './answers.js';
import type { Price } from './budget.js';
import type { Completion } from './choices.js';
import { type Item, type Reading, servedCritic } from './critic.js';
import { type Asked, kept } from './kept.js';
import { readValue } from './labels.js';
import type { Capabilities } from './probe.js';
import { sample, sampleBranches } from './sampling.js';
import { classified } from './scores.js';
import { fill, linesOf, marked, prefixesOf, type Template, written } from './template.js';
import { Watch } from './watch.js';

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
  private readonly answers: Answers | undefined;

  constructor(
    endpoint: Asked,
    can: Partial<Capabilities>,
    options: TextOptions,
    watch = new Watch(),
    answers?: Answers,
  ) {
    this.watch = watch;
    this.endpoint = endpoint;
    this.can = can;
    this.options = options;
    this.answers = answers;
  }

  keeping(answers: Answers): ServedText {
    return new ServedText(this.endpoint, this.can, this.options, this.watch, answers);
  }

  /** The endpoint is whoever's opened it. */
  async close(): Promise<void> {}

  author(): Author {
    const { model, price, template } = this.options;
    const endpoint = this.answers ? kept(this.endpoint, this.answers) : this.endpoint;
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
                const tally = this.watch;
                const asking = { model, prompt, temperature, maxTokens, stop, price, tally };
                return sample(endpoint, this.can, asking, seeds);
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
    const { model, api, template, scoring, positive } = this.options;
    const { prompt, system, tag, labels } = template;
    return servedCritic({
      endpoint: this.endpoint,
      answers: this.answers,
      watch: this.watch,
      model,
      identity: [model, api, scoring, positive, prompt, system, tag, labels, this.can],
      labels: scoring === 'logprobs' ? labels : undefined,
      read: (endpoint, item) => this.read(endpoint, item),
    });
  }

  /** The values after each line, one request for each. Tokens are those of the whole, read once. */
  private async read(endpoint: Asked, { question, solution }: Item): Promise<Reading> {
    const { template, scoring } = this.options;
    const lines = await Promise.all(
      prefixesOf(solution, template.tag).map((lines) => {
        const prompt = this.prompt({ question, lines }, '');
        return scoring === 'logprobs'
          ? this.byLogprobs(endpoint, prompt)
          : this.byClassify(endpoint, prompt);
      }),
    );
    return {
      lines: lines.map(({ value, mass }) => ({ value, mass })),
      tokens: lines.at(-1)?.tokens ?? 0,
    };
  }

  private byLogprobs(endpoint: Asked, prompt: Prompt) {
    const { model, price, template } = this.options;
    const likeliest = this.can.logprobs || 5;
    const asking = {
      model,
      prompt,
      // At 1, servers that report log-probabilities after the temperature report the model's own.
      temperature: 1,
      maxTokens: 1,
      likeliest,
      price,
      tally: this.watch,
      ...(this.can.extensions && {
        extensions: { ...neutralSampling, skip_special_tokens: false },
      }),
    };
    return completeAs(endpoint, asking, ({ choices, promptTokens = 0 }) => ({
      ...readValue(choices[0]!.first, template.labels, likeliest),
      tokens: promptTokens,
    }));
  }

  private async byClassify(endpoint: Asked, prompt: Prompt) {
    const { model, positive } = this.options;
    const body = {
      model,
      ...('user' in prompt
        ? { messages: [{ role: 'user', content: prompt.user }] }
        : { input: 'text' in prompt ? prompt.text : prompt.ids }),
      use_activation: true,
    };
    const tally = this.watch;
    const value = await endpoint.post('/classify', body, classified(positive), { tally });
    return { value, mass: 1, tokens: 0 };
  }
}

/** A completion as a solution; its tokens are those of its reasoning too. */
function read({ text, finished, tokens }: Completion): Generated {
  const { steps, answer } = parseSolution(text, { finished });
  return { steps: steps.map((step) => stripAnnotations(step).trim()), answer, tokens };
}
