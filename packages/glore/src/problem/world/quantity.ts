/** The quantities of a story: who has how many after each event, what each is made of, and the gold steps. */
import { GloreError } from '../../error.js';
import { type Arithmetic, integers, type Operator } from './arithmetic.js';
import type { EventKind, Story } from './story.js';

/**
 * One quantity: the amount a person starts with (no `operator`), an earlier quantity changed by the amount of event
 * `event`, or the sum of two earlier ones (`event` is -1).
 */
export interface Quantity {
  readonly owners: readonly string[];
  readonly event: number;
  /** Places in the list of quantities. */
  readonly parts: readonly number[];
  readonly operator?: Operator;
}

const OPERATORS: Partial<Record<EventKind, Operator>> = {
  gain: '+',
  lose: '-',
  times: '*',
  share: '/',
  more: '+',
  fewer: '-',
  multiple: '*',
};

/** How an event makes a new quantity of an old one; undefined for a start and for distractors. */
export function operatorOf(kind: EventKind): Operator | undefined {
  return OPERATORS[kind];
}

/**
 * All quantities of the story in the order told; the asked one is at place `asked`.
 * Throws `world.unknown-person` when someone changes, is compared with or is asked about before having anything.
 */
export function quantitiesOf(story: Story): { quantities: Quantity[]; asked: number } {
  const quantities: Quantity[] = [];
  const current = new Map<string, number>();
  const placeOf = (person: string): number => {
    const place = current.get(person);
    if (place !== undefined) return place;
    throw new GloreError(
      'world.unknown-person',
      `Expected a sentence such as "${person} has 37 ${story.item}." before ${person} is used; found none. ` +
        'Add it to the question.',
    );
  };
  story.events.forEach(({ kind, subject, than }, event) => {
    const operator = operatorOf(kind);
    if (operator === undefined && kind !== 'start') return;
    const parts = operator === undefined ? [] : [placeOf(than ?? subject)];
    current.set(subject, quantities.length);
    quantities.push({
      owners: [subject],
      event,
      parts,
      ...(operator !== undefined && { operator }),
    });
  });
  const parts = story.asked.map(placeOf);
  if (parts.length === 1) return { quantities, asked: parts[0]! };
  quantities.push({ owners: story.asked, event: -1, parts, operator: '+' });
  return { quantities, asked: quantities.length - 1 };
}

/** The value of each quantity, given the amount of each event. */
export function valuesOf(
  quantities: readonly Quantity[],
  amounts: readonly number[],
  arithmetic: Arithmetic = integers,
): number[] {
  const values: number[] = [];
  for (const { operator, parts, event } of quantities) {
    const amount = amounts[event]!;
    values.push(
      operator === undefined
        ? amount
        : arithmetic[operator](
            values[parts[0]!]!,
            parts.length === 2 ? values[parts[1]!]! : amount,
          ),
    );
  }
  return values;
}

/** Which quantities are on the way to the asked one (it is one of them). */
export function relevance(quantities: readonly Quantity[], asked: number): boolean[] {
  const relevant = quantities.map((_, place) => place === asked);
  for (let place = asked; place >= 0; place--) {
    if (relevant[place]) for (const part of quantities[place]!.parts) relevant[part] = true;
  }
  return relevant;
}

/** The gold solution: one annotated step for each relevant quantity that has to be computed, and the answer. */
export function solve(story: Story): { steps: string[]; answer: number } {
  const { quantities, asked } = quantitiesOf(story);
  const values = valuesOf(
    quantities,
    story.events.map((event) => event.amount),
  );
  const relevant = relevance(quantities, asked);
  const steps: string[] = [];
  quantities.forEach(({ owners, operator, parts, event }, place) => {
    if (!relevant[place] || operator === undefined) return;
    const [left, right = story.events[event]?.amount] = parts.map((part) => values[part]!);
    const subject = owners.length === 1 ? `${owners[0]} has` : 'Together they have';
    const expression = `${left}${operator}${right}`;
    const result = values[place];
    steps.push(`${subject} ${expression}=<<${expression}=${result}>>${result}.`);
  });
  return { steps, answer: values[asked]! };
}
