/** The tokens of a question and its steps, and at which of them the steps are valued, by the server's own tokenizer. */
import { GloreError } from '../../error.js';
import type { Message } from './answers.js';
import type { RewardReader } from './cards.js';
import { smallAnswer } from './endpoint.js';
import type { Asked } from './kept.js';
import { asIs } from './reading.js';
import { tokenized } from './scores.js';
import { type Spelt, spell } from './spell.js';

export interface Located {
  readonly ids: readonly number[];
  /** Indices of the tokens whose outputs, or whose next tokens, are the lines' values. */
  readonly at: readonly number[];
}

/** The ids of a text or a conversation; `open` leaves the conversation's last message without its end. */
export async function tokensOf(
  endpoint: Asked,
  model: string,
  spelt: Spelt,
  { open = false, special = true }: { readonly open?: boolean; readonly special?: boolean } = {},
): Promise<readonly number[]> {
  const body =
    'text' in spelt
      ? { model, prompt: spelt.text, add_special_tokens: special }
      : {
          model,
          messages: spelt.messages,
          add_generation_prompt: false,
          continue_final_message: open,
        };
  const length = JSON.stringify(spelt).length;
  const options = { most: smallAnswer + 64 * length };
  return (await endpoint.post('/tokenize', body, asIs(tokenized), options)).tokens;
}

/** The ids of a piece of text in the middle of a longer one. */
export const piece = (endpoint: Asked, model: string, text: string): Promise<readonly number[]> =>
  tokensOf(endpoint, model, { text }, { special: false });

/** @throws GloreError `reward-spelling` where the lines cannot be told apart in the tokens; those of `Endpoint` */
export async function locate(
  endpoint: Asked,
  model: string,
  card: RewardReader,
  question: string,
  lines: readonly string[],
  before?: readonly Message[],
): Promise<Located> {
  const spelt = (count: number, tag: string) =>
    spell(card, question, lines.slice(0, count), tag, before);
  if (card.form === 'turns') {
    // The tokens before those that differ with the label.
    const [positive, negative] = [card.labels!.positive[0]!, card.labels!.negative[0]!];
    const [ids, others] = await Promise.all(
      [positive, negative].map((label) => tokensOf(endpoint, model, spelt(lines.length, label))),
    );
    const at = ids!.flatMap((id, i) => (id === others![i] ? [] : [i - 1]));
    const turns = card.reads === 'end' ? 1 : lines.length;
    if (ids!.length === others!.length && at.length === turns) return { ids: ids!, at };
    throw misspelt(model, `${turns} labels of one token`, `${at.length}`);
  }
  if (card.reads === 'end' || card.tag === undefined) {
    const ids = await tokensOf(endpoint, model, spelt(lines.length, ''));
    return { ids, at: [ids.length - 1] };
  }
  const shown = card.mark ?? card.tag;
  const [found, marks, tags] = await Promise.all([
    tokensOf(endpoint, model, spelt(lines.length, shown)),
    piece(endpoint, model, shown),
    piece(endpoint, model, card.tag),
  ]);
  const [mark, tag] = [marks.at(-1)!, tags.at(-1)!];
  const at = found.flatMap((id, i) => (id === mark ? [i] : []));
  if (at.length === lines.length) {
    return {
      ids: card.mark === undefined ? found : found.map((id) => (id === mark ? tag : id)),
      at,
    };
  }
  if (card.mark !== undefined) {
    throw misspelt(model, `${lines.length} times ${JSON.stringify(shown)}`, `${at.length}`);
  }
  return { ids: found, at: await byPrefixes(endpoint, model, found, spelt, lines.length, shown) };
}

/**
 * The ids of the last of several texts, each of which begins with the one before it, and where each ends: at the tag that all of
 * them end with.
 *
 * @throws GloreError `reward-spelling`; those of `Endpoint`
 */
export async function locateEnds(
  endpoint: Asked,
  model: string,
  texts: readonly string[],
  tag: string,
): Promise<Located> {
  const whole = texts.at(-1)!;
  const [ids, tags] = await Promise.all([
    tokensOf(endpoint, model, { text: whole }),
    piece(endpoint, model, tag),
  ]);
  const at = ids.flatMap((id, i) => (id === tags.at(-1) ? [i] : []));
  // The first text has the tags of its prompt.
  const before = texts[0]!.split(tag).length - 2;
  const alone = whole.split(tag).length - 1 === before + texts.length;
  if (tags.length === 1 && alone && at.length === before + texts.length) {
    return { ids, at: at.slice(before) };
  }
  const spelt = (count: number) => ({ text: texts[count - 1]! });
  return { ids, at: await byPrefixes(endpoint, model, ids, spelt, texts.length, tag) };
}

/** Where each line ends, of texts in which the tag's token stands elsewhere too. */
async function byPrefixes(
  endpoint: Asked,
  model: string,
  ids: readonly number[],
  spelt: (count: number, tag: string) => Spelt,
  count: number,
  tag: string,
): Promise<number[]> {
  const prefixes = await Promise.all(
    Array.from({ length: count }, (_, i) =>
      tokensOf(endpoint, model, spelt(i + 1, tag), { open: true }),
    ),
  );
  for (const [i, prefix] of prefixes.entries()) {
    if (prefix.some((id, k) => id !== ids[k])) {
      throw misspelt(
        model,
        `the tokens of the first ${i + 1} lines to begin those of all ${count}`,
        `others after ${JSON.stringify(tag)}`,
      );
    }
  }
  return prefixes.map(({ length }) => length - 1);
}

const misspelt = (model: string, expected: string, found: string): GloreError =>
  new GloreError(
    'reward-spelling',
    `model ${model}: expected ${expected} in the tokens of a solution, found ${found}; name with reward: the model that it is, or describe it there`,
  );
