/** A served model with a tokenizer of its own, spoken to in text. */
import { stripAnnotations } from '../../codec/index.js';
import { GloreError } from '../../error.js';
import { readSolution } from '../../reading/index.js';
import { textOf } from '../text.js';
import type { Author, Critic, CriticItem, Generated, RoleModel, Task } from '../types.js';
import { completeAs, type Message, neutralSampling, type Prompt } from './answers.js';
import type { Price } from './budget.js';
import type { Completion } from './choices.js';
import { type Reading, servedCritic } from './critic.js';
import { type Asked, kept } from './kept.js';
import { countLabels, type Read, readValue } from './labels.js';
import { locateEnds } from './places.js';
import { Unreadable } from './reading.js';
import { readRows } from './rows.js';
import { type HearChoice, sample, sampleBranches } from './sampling.js';
import { classified } from './scores.js';
import { Served } from './served.js';
import {
  draftText,
  fill,
  keptAndWrong,
  linesOf,
  marked,
  prefixesOf,
  readingOf,
  type Template,
  templateOf,
  written,
} from './template.js';
import { countVerdicts, numbered, readVerdict } from './verdict.js';

export interface TextOptions {
  readonly model: string;
  readonly api: 'completions' | 'chat';
  readonly template: Template;
  readonly scoring: 'logprobs' | 'classify' | 'pooling';
  /** Which output of a classifier is p(+), of those with two or more. */
  readonly positive: number;
  readonly price?: Price | undefined;
  /** What is written is given as it was written, too. */
  readonly verbatim?: boolean | undefined;
}

/** Samples of a verdict, where the server has no log-probabilities. */
const VERDICTS = 5;
/** Tokens of a verdict. */
const VERDICT = 8;

export class ServedText extends Served<TextOptions> implements RoleModel {
  author(): Author {
    const { model, price, template } = this.options;
    const endpoint = this.answers ? kept(this.endpoint, this.answers) : this.endpoint;
    const draw = (
      task: Task,
      kept: number,
      seeds: readonly number[],
      { temperature, maxTokens }: { readonly temperature: number; readonly maxTokens: number },
      heard?: HearChoice,
    ): Promise<Completion[]> => {
      const prompt = this.promptOf(task, kept);
      const { stop } = template;
      const tally = this.watch;
      const asking = { model, prompt, temperature, maxTokens, stop, price, tally };
      const extensions = this.circumstances.sampling;
      const full = { ...asking, ...(extensions && { extensions }) };
      return sample(endpoint, this.can, full, seeds, heard);
    };
    return {
      write: (requests, { hear, ...sampling }) =>
        Promise.all(
          requests.map(async ({ task, branches }, request) => {
            const choices = await sampleBranches(
              branches,
              ({ kept }) => kept,
              (kept, seeds, heard) => draw(task, kept, seeds, sampling, heard),
              hear &&
                ((branch, choice) =>
                  hear(request, branch, textOf(this.written(task, choice)).trimEnd())),
            );
            return choices.map((choice) => this.written(task, choice));
          }),
        ),
      begin: async (task, maxTokens) => {
        const [only] = await draw(task, 0, [0], { temperature: 0, maxTokens });
        return only!.text;
      },
    };
  }

  private promptOf(task: Task, kept: number): Prompt {
    const { question } = task;
    switch (task.role) {
      case 'student': {
        const begun = written(task.steps.slice(0, kept).map(stripAnnotations));
        return this.prompt({ question }, begun, this.plainPrompt());
      }
      case 'global':
        return this.prompt({ question, draft: this.draftOf(task.draft) }, '');
      case 'local': {
        const { draft, location } = task;
        const { kept, wrong } = keptAndWrong(draft, location);
        const places = { question, draft: marked(draft, location), kept: kept || '(none)', wrong };
        const begun = this.options.api === 'chat' && this.can.continuation && kept !== '';
        return this.prompt(places, begun ? `${kept}\n` : '');
      }
    }
  }

  /** How a question is put without a draft: a refiner that is to solve it plainly is asked as a student is. */
  private plainPrompt(): string {
    const { api, template } = this.options;
    return /\{(draft|kept|wrong)\}/.test(template.prompt)
      ? templateOf('student', api).prompt
      : template.prompt;
  }

  private draftOf(draft: Parameters<typeof draftText>[0]): string {
    return this.options.api === 'chat' ? draftText(draft) : written(linesOf(draft));
  }

  private prompt(
    places: Readonly<Record<string, string>>,
    begun: string,
    words = this.options.template.prompt,
  ): Prompt {
    const { api, template, model } = this.options;
    const text = fill(words, places);
    if (api === 'completions') return { text: text + begun };
    if (begun !== '' && !this.can.continuation) {
      throw new GloreError(
        'endpoint-lacks',
        `endpoint ${this.endpoint.name}, model ${model}: expected it to continue a begun answer, which rollouts from prefixes need, found that it does not; use api: completions, or a server that has continue_final_message`,
      );
    }
    const { before = [] } = this.circumstances;
    const first = before.findIndex(({ role }) => role !== 'system' && role !== 'developer');
    const systems = first === -1 ? before.length : first;
    const examples = template.examples.flatMap((example): Message[] => [
      { role: 'user', content: fill(template.prompt, example) },
      { role: 'assistant', content: example.answer },
    ]);
    const all = [...before.slice(0, systems), ...examples, ...before.slice(systems)];
    return { system: template.system, ...(all.length > 0 && { before: all }), user: text, begun };
  }

  /** A completion as a solution; its tokens are those of its reasoning too. */
  private written(task: Task, { text: whole, finished, tokens }: Completion): Generated {
    const { template, verbatim } = this.options;
    // A mark of the prompt's that is written again is no part of a step.
    const text = task.role === 'local' ? whole.replaceAll('[BAD]', '') : whole;
    const read = readSolution(text, { finished, steps: template.steps });
    const steps = read.steps.map((step) => stripAnnotations(step).trim());
    const { answer, ends } = read;
    const known = task.role === 'local' ? repeated(linesOf(task.draft), steps, task.location) : 0;
    const from = known === 0 ? 0 : ends[known - 1];
    const original =
      verbatim && from !== undefined
        ? { ...after(text, from, ends.slice(known)), finished }
        : undefined;
    return { steps: steps.slice(known), answer, tokens, ...(original && { original }) };
  }

  critic(): Critic {
    const { model, api, template, scoring, positive } = this.options;
    const { prompt, system, tag, labels } = template;
    const reading = readingOf(template);
    const { before } = this.circumstances;
    return servedCritic({
      endpoint: this.endpoint,
      answers: this.answers,
      watch: this.watch,
      model,
      identity: [
        ...[model, api, scoring, positive, prompt, system, tag, labels, this.can],
        ...(before || template.examples.length > 0 ? [before, template.examples] : []),
      ],
      byLine: reading === 'lines',
      labels: scoring !== 'logprobs' ? undefined : reading === 'steps' ? 'numbers' : labels,
      read: (endpoint, item) => {
        if (scoring === 'pooling') return this.readPooled(endpoint, item);
        if (reading === 'steps' && scoring === 'logprobs') return this.readSteps(endpoint, item);
        return reading === 'lines'
          ? this.readLines(endpoint, item)
          : this.readWhole(endpoint, item);
      },
    });
  }

  /** The values after each line, one request for each. Tokens are those of the whole, read once. */
  private async readLines(endpoint: Asked, { question, solution }: CriticItem): Promise<Reading> {
    const lines = await Promise.all(
      prefixesOf(solution, this.options.template.tag).map((lines) =>
        this.readPrompt(endpoint, this.prompt({ question, lines }, '')),
      ),
    );
    return {
      lines: lines.map(({ value, mass }) => ({ value, mass })),
      tokens: lines.at(-1)?.tokens ?? 0,
    };
  }

  /** The values at the tags of all lines, by one request to a server that values each token. */
  private async readPooled(endpoint: Asked, { question, solution }: CriticItem): Promise<Reading> {
    const { model, template, positive, price } = this.options;
    const texts = prefixesOf(solution, template.tag).map((lines) =>
      fill(template.prompt, { question, lines }),
    );
    if (texts.length === 0) return { lines: [], tokens: 0 };
    const located = await locateEnds(endpoint, model, texts, template.tag);
    return readRows(endpoint, located, { model, positive, price, tally: this.watch });
  }

  /** One value of the whole, which is each line's. */
  private async readWhole(endpoint: Asked, { question, solution }: CriticItem): Promise<Reading> {
    const text = written(linesOf(solution)).trim();
    const places = { question, solution: text, steps: text };
    const { value, mass, tokens } = await this.readPrompt(endpoint, this.prompt(places, ''));
    return { lines: linesOf(solution).map(() => ({ value, mass })), tokens };
  }

  /** The values of all lines, by one request. */
  private readSteps(endpoint: Asked, { question, solution }: CriticItem): Promise<Reading> {
    const { text: steps, numberOf } = numbered(solution);
    const prompt = this.prompt({ question, steps }, '');
    return this.ask(endpoint, prompt, {
      likeliest: (first, likeliest) => readVerdict(first, numberOf, likeliest),
      said: (texts) => countVerdicts(texts, numberOf),
    });
  }

  private async readPrompt(endpoint: Asked, prompt: Prompt): Promise<Read & { tokens: number }> {
    const { scoring, template } = this.options;
    if (scoring === 'classify') return this.byClassify(endpoint, prompt);
    const { lines, tokens } = await this.ask(endpoint, prompt, {
      likeliest: (first, likeliest) => [readValue(first, template.labels, likeliest)],
      said: (texts) => [countLabels(texts, template.labels)],
    });
    return { ...lines[0]!, tokens };
  }

  /** By the log-probabilities of the next token; by samples, where the server has none. */
  private ask(
    endpoint: Asked,
    prompt: Prompt,
    reading: {
      likeliest(first: Completion['first'], likeliest: number): Read[];
      said(texts: readonly string[]): Read[];
    },
  ): Promise<Reading> {
    const { model, price } = this.options;
    // At 1, servers that report log-probabilities after the temperature report the model's own.
    const asking = { model, prompt, temperature: 1, price, tally: this.watch };
    const extensions = this.can.extensions && {
      extensions: { ...neutralSampling, skip_special_tokens: false },
    };
    if (this.can.logprobs === 0) return this.askSeveral(endpoint, asking, reading.said);
    const likeliest = this.can.logprobs || 5;
    return completeAs(
      endpoint,
      { ...asking, maxTokens: 1, likeliest, ...extensions },
      ({ choices, promptTokens = 0 }) => ({
        lines: reading.likeliest(choices[0]!.first, likeliest),
        tokens: promptTokens,
      }),
    );
  }

  private async askSeveral(
    endpoint: Asked,
    asking: Omit<Parameters<typeof sample>[2], 'maxTokens'>,
    read: (texts: readonly string[]) => Read[],
  ): Promise<Reading> {
    const seeds = Array.from({ length: VERDICTS }, (_, i) => i + 1);
    const choices = await sample(endpoint, this.can, { ...asking, maxTokens: VERDICT }, seeds);
    const lines = readOr(() => read(choices.map(({ text }) => text)), this.options.model);
    return { lines, tokens: 0 };
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

/** What samples say may be no verdict at all. @throws GloreError with the code of what cannot be read */
function readOr<T>(read: () => T, model: string): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof Unreadable)) throw cause;
    const { code, message, cure } = cause;
    const todo = cure === undefined ? '' : `; ${cure}`;
    throw new GloreError(code, `model ${model}: expected a verdict, found ${message}${todo}`, {
      cause,
    });
  }
}

/** What stands after a place of a text, and the ends in it. */
function after(text: string, from: number, ends: readonly number[]) {
  const rest = from === 0 ? text : text.slice(from).replace(/^\n+/, '');
  return { text: rest, ends: ends.map((at) => at - (text.length - rest.length)) };
}

/** How many lines of what was written are the draft's before `location` once more. */
function repeated(lines: readonly string[], steps: readonly string[], location: number): number {
  const before = lines.slice(0, location - 1);
  const alike = (a: string, b: string) =>
    a.replace(/\s+/g, ' ').trim() === b.replace(/\s+/g, ' ').trim();
  const all = before.length > 0 && before.every((line, i) => alike(line, steps[i] ?? ''));
  return all ? before.length : 0;
}
