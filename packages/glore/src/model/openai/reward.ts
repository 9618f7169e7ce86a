/** A reward model of others as ORM or SORM: by whichever way the server gives the values that the model's card describes. */
import { GloreError } from '../../error.js';
import type { Author, Critic, CriticItem, RoleModel } from '../types.js';
import { completeAs, neutralSampling, type Prompt } from './answers.js';
import type { Price } from './budget.js';
import {
  type Card,
  cardNamed,
  cardNames,
  cards,
  type RewardModelName,
  type RewardReader,
} from './cards.js';
import { type Reading, servedCritic } from './critic.js';
import { judged } from './judge.js';
import type { Asked } from './kept.js';
import { type Labels, type Read, readValue } from './labels.js';
import { locate, piece } from './places.js';
import type { Capability } from './probe.js';
import { type LabelIds, readPrompt, spelledIds } from './prompt-logprobs.js';
import { readRows } from './rows.js';
import { classified, squashed } from './scores.js';
import { Served } from './served.js';
import { spell, stepsOf, upTo } from './spell.js';

/** What a recipe says of a critic's model: a known one, one of its own, or that it is none. */
export type GivenReward = RewardModelName | 'none' | RewardReader;

/** What is known of the reward model that plays a role; undefined for a model that is asked by a prompt. */
export function cardOf(
  role: string,
  {
    model,
    reward,
    spelling,
    scoring,
    template,
  }: {
    readonly model: string;
    readonly reward?: GivenReward | undefined;
    readonly spelling: 'tokens' | 'text';
    readonly scoring: string;
    readonly template?: object | undefined;
  },
): Card | undefined {
  if (role !== 'orm' && role !== 'sorm') return undefined;
  if (typeof reward === 'object') return reward;
  if (reward === 'none') return undefined;
  // Who says how the model is asked knows better than its name.
  const isUsual = scoring === 'logprobs' || scoring === 'prompt_logprobs';
  const said = spelling === 'tokens' || !isUsual || template !== undefined;
  const name = reward ?? (said ? undefined : cardNamed(model));
  return name === undefined ? undefined : cards[name];
}

/** How values come: outputs at tokens, one output, the labels of a prompt's tokens or of the next one, or a verdict. */
export type Route = 'rows' | 'classify' | 'prompt' | 'next' | 'verdict';

/**
 * The ways that a card's values can come, the cheapest first, and what each needs of the server. Log-probabilities of the prompt
 * are one request for a solution, and slower than one for each line wherever that was measured, so only who says so gets them.
 */
export function routesOf(
  card: Card,
  scoring = 'logprobs',
): readonly (readonly [Route, readonly Capability[]])[] {
  const rows = ['rows', ['pooling', 'tokenize']] as const;
  switch (card.reads) {
    case 'verdict':
      return [['verdict', ['chat', 'continuation', 'logprobs']]];
    case 'tags':
      return [rows];
    case 'labels': {
      const open = card.form === 'chat' ? (['continuation'] as const) : [];
      return scoring === 'prompt_logprobs'
        ? [['prompt', ['promptLogprobs', 'tokenize', 'logprobs']]]
        : [rows, ['next', [apiOf(card), 'logprobs', ...open]]];
    }
    case 'end':
      return card.form === 'turns'
        ? [rows, ['next', ['chat', 'logprobs']]]
        : [['classify', ['classify']], rows];
  }
}

/** The way of asking for completions of a model that is read by its labels. */
export const apiOf = (card: Card): 'completions' | 'chat' =>
  card.reads !== 'verdict' && card.form === 'text' ? 'completions' : 'chat';

export interface RewardOptions {
  readonly model: string;
  /** As an ORM it values the whole up to each line. */
  readonly role: 'orm' | 'sorm';
  readonly card: Card;
  readonly route: Route;
  readonly price?: Price | undefined;
}

const ways: Record<Route, string> = {
  rows: "a classifier's outputs at the steps, one request for a solution",
  classify: 'one output of a classifier for what it has read',
  prompt: 'the labels at all steps, one request for a solution',
  next: 'the label that comes next, one request for a line',
  verdict: 'a verdict, after what it writes',
};

export class ServedReward extends Served<RewardOptions> implements RoleModel {
  /** How it is read, in words. */
  get described(): string {
    const { card, route } = this.options;
    const name = cardNames.find((one) => cards[one] === card) ?? 'as described';
    return `${name}: ${ways[route]}`;
  }

  /** @throws GloreError `reward-author`, always */
  author(): Author {
    throw new GloreError(
      'reward-author',
      `model ${this.options.model}: expected a model that writes solutions, found a reward model; let it play the ORM and the SORM alone`,
    );
  }

  critic(): Critic {
    const { model, role, card, route } = this.options;
    const { before } = this.circumstances;
    return servedCritic({
      endpoint: this.endpoint,
      answers: this.answers,
      watch: this.watch,
      model,
      identity: [model, role, card, route, before ?? []],
      // The least of the values so far is that of several lines.
      byLine: role === 'sorm' && (card.reads === 'tags' || card.reads === 'labels'),
      labels: route === 'rows' || route === 'classify' ? undefined : card.labels,
      read: (endpoint, item) => this.read(endpoint, item),
    });
  }

  private async read(endpoint: Asked, item: CriticItem): Promise<Reading> {
    const { role, card, model, price } = this.options;
    const { before } = this.circumstances;
    if (card.reads === 'verdict') {
      const asking = { model, price, tally: this.watch };
      const { lines, whole, tokens } = await judged(endpoint, item, {
        ...{ card, can: this.can, asking, before },
      });
      if (role === 'sorm') return { lines, tokens };
      return card.judges === 'step'
        ? { lines: upToEach(lines, card), tokens }
        : { lines: lines.map(() => whole), tokens };
    }
    const lines = stepsOf(card, item.solution);
    if (lines.length === 0) return { lines: [], tokens: 0 };
    if (card.reads !== 'end') {
      const { lines: found, tokens } = await this.readSteps(endpoint, card, item.question, lines);
      return { lines: role === 'orm' ? upToEach(found, card) : found, tokens };
    }
    // A SORM asks for each prefix, an ORM for the whole.
    const counts = role === 'orm' ? [lines.length] : lines.map((_, i) => i + 1);
    const found = await Promise.all(
      counts.map((count) => this.readEnd(endpoint, card, item.question, lines.slice(0, count))),
    );
    return {
      lines: lines.map((_, i) => (found[i] ?? found[0]!).read),
      tokens: found.at(-1)!.tokens,
    };
  }

  /** The value of each step. */
  private async readSteps(
    endpoint: Asked,
    card: RewardReader,
    question: string,
    lines: readonly string[],
  ): Promise<Reading> {
    const { model, route } = this.options;
    if (route === 'next') {
      const found = await Promise.all(
        lines.map((_, i) => this.readNext(endpoint, card, question, lines.slice(0, i + 1))),
      );
      return { lines: found.map(({ read }) => read), tokens: found.at(-1)!.tokens };
    }
    const { before } = this.circumstances;
    const located = await locate(endpoint, model, card, question, lines, before);
    const asking = this.asking();
    if (route === 'rows') {
      return readRows(endpoint, located, { ...asking, positive: card.positive });
    }
    const ids = await labelIds(endpoint, model, card.labels!);
    const found = await readPrompt(endpoint, located, ids, {
      ...asking,
      likeliest: this.can.logprobs || 5,
    });
    // What is not among the likeliest is asked for alone.
    const reads = await Promise.all(
      found.map(
        async (read, i) =>
          read ?? (await this.readNext(endpoint, card, question, lines.slice(0, i + 1))).read,
      ),
    );
    return { lines: reads, tokens: located.ids.length };
  }

  /** The value after the last of the lines. */
  private async readEnd(
    endpoint: Asked,
    card: RewardReader,
    question: string,
    lines: readonly string[],
  ): Promise<{ readonly read: Read; readonly tokens: number }> {
    const { model, route } = this.options;
    const { before } = this.circumstances;
    if (route === 'next') return this.readNext(endpoint, card, question, lines);
    if (route === 'classify') {
      const spelt = spell(card, question, lines, '', before);
      const body = 'text' in spelt ? { input: spelt.text } : { messages: spelt.messages };
      const raw = this.can.rawScores === true;
      const value = await endpoint.post(
        '/classify',
        { model, ...body, use_activation: !raw },
        raw ? squashed : classified(card.positive),
        { tally: this.watch },
      );
      return { read: { value, mass: 1 }, tokens: 0 };
    }
    const located = await locate(endpoint, model, card, question, lines, before);
    const asking = { ...this.asking(), positive: card.positive };
    const { lines: rows, tokens } = await readRows(endpoint, located, asking);
    return { read: rows[0]!, tokens };
  }

  /** The label that comes after the last of the lines. */
  private async readNext(
    endpoint: Asked,
    card: RewardReader,
    question: string,
    lines: readonly string[],
  ): Promise<{ readonly read: Read; readonly tokens: number }> {
    const { model } = this.options;
    const labels = card.labels!;
    const ids =
      this.can.labelLogprobs && this.can.tokenize
        ? await labelIds(endpoint, model, labels)
        : undefined;
    const likeliest = this.can.logprobs || 5;
    const asking = {
      ...this.asking(),
      prompt: this.promptOf(card, question, lines),
      // At 1, servers that report log-probabilities after the temperature report the model's own.
      temperature: 1,
      maxTokens: 1,
      likeliest,
      extensions: {
        ...(this.can.extensions && { ...neutralSampling, skip_special_tokens: false }),
        ...(ids && {
          logprob_token_ids: [...ids.positive, ...ids.negative],
          return_tokens_as_token_ids: true,
        }),
      },
    };
    return completeAs(endpoint, asking, ({ choices, promptTokens = 0 }) => ({
      read: ids
        ? readValue(choices[0]!.first, spelledIds(ids), 'labels')
        : readValue(choices[0]!.first, labels, likeliest),
      tokens: promptTokens,
    }));
  }

  /** What the label follows. */
  private promptOf(card: RewardReader, question: string, lines: readonly string[]): Prompt {
    const answered = card.form === 'turns' ? card.labels!.positive[0]! : (card.tag ?? '');
    const spelt = spell(card, question, lines, answered, this.circumstances.before);
    if ('text' in spelt) return spelt;
    const { messages } = spelt;
    const [user, last] = messages.slice(-2).map(({ content }) => String(content));
    return {
      before: messages.slice(0, -2),
      user: user!,
      begun: card.form === 'turns' ? '' : last!,
    };
  }

  private asking() {
    const { model, price } = this.options;
    return { model, price, tally: this.watch };
  }
}

/** What an ORM says of the whole up to each line. */
const upToEach = (lines: readonly Read[], { whole }: Pick<Card, 'whole'>): Read[] =>
  upTo(
    lines.map(({ value }) => value),
    whole,
  ).map((value, i) => ({ value, mass: lines[i]!.mass }));

/** The tokens of labels: of the first spelling of each the last, as the cards have it. */
async function labelIds(endpoint: Asked, model: string, labels: Labels): Promise<LabelIds> {
  const [positive, negative] = await Promise.all(
    [labels.positive, labels.negative].map(async ([label]) => [
      (await piece(endpoint, model, label!)).at(-1)!,
    ]),
  );
  return { positive: positive!, negative: negative! };
}
