/** A question and its steps as a reward model reads them. */
import { type Solution, stripAnnotations } from '../../codec/index.js';
import type { Message } from './answers.js';
import type { Judge, RewardReader, Whole } from './cards.js';

/** What a server tokenises: a text as it is, or a conversation in the words of the model's own template. */
export type Spelt = { readonly text: string } | { readonly messages: readonly Message[] };

/** Fills the places of a text; what is filled in is not looked at again. */
export const placed = (text: string, places: Readonly<Record<string, string | number>>): string =>
  text.replaceAll(/\{(question|steps|step|number|answer)\}/g, (place, name: string) =>
    String(places[name] ?? place),
  );

/** The lines of a solution in a card's words, its answer the last of them. */
export function stepsOf(
  { step, answer }: Pick<RewardReader | Judge, 'step' | 'answer'>,
  solution: Solution,
): string[] {
  const last = solution.answer === null ? [] : [placed(answer, { answer: solution.answer })];
  return [...solution.steps.map((one) => stripAnnotations(one).trim()), ...last].map((one, i) =>
    placed(step, { step: one, number: i + 1 }),
  );
}

/**
 * The first `count` lines, with `tag` after each. In turns, `tag` is how each is answered; an empty one leaves the last turn
 * unanswered.
 */
export function spell(
  card: RewardReader,
  question: string,
  lines: readonly string[],
  tag: string,
  before: readonly Message[] = [],
): Spelt {
  const system = card.system === undefined ? [] : [{ role: 'system', content: card.system }];
  if (card.form === 'turns') {
    // What values the whole reads all of it in one turn.
    const turns = card.reads === 'end' ? [lines.join(card.between)] : lines;
    const answered = turns.flatMap((line, i): Message[] => {
      const content = i === 0 ? placed(card.prompt, { question, step: line }) : line;
      return [
        { role: 'user', content },
        { role: 'assistant', content: tag },
      ];
    });
    return { messages: [...system, ...before, ...answered] };
  }
  const steps = lines.map((line) => line + tag).join(card.between);
  const prompt = placed(card.prompt, { question });
  if (card.form === 'text') return { text: prompt + steps };
  return {
    messages: [
      ...system,
      ...before,
      { role: 'user', content: prompt },
      { role: 'assistant', content: steps },
    ],
  };
}

/** The value of the whole up to each line: what an ORM says of it. */
export function upTo(values: readonly number[], whole: Whole): number[] {
  let [product, least, sum] = [1, 1, 0];
  return values.map((value, i) => {
    product *= value;
    least = Math.min(least, value);
    sum += value;
    return { last: value, product, minimum: least, mean: sum / (i + 1) }[whole];
  });
}
