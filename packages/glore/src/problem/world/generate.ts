/** Problems of the built-in world: draw a structure, keep it if it belongs to the split, then draw its numbers. */
import { GloreError } from '../../error.js';
import type { Problem } from '../types.js';
import { integers } from './arithmetic.js';
import { operatorOf, quantitiesOf, relevance, solve, valuesOf } from './quantity.js';
import { Random } from './random.js';
import { checkSettings, type WorldSettings } from './settings.js';
import {
  type ChangeKind,
  type CompareKind,
  type EventKind,
  GAIN_VERBS,
  ITEMS,
  LOSE_VERBS,
  NAMES,
  namedBy,
  opensWithSubject,
  parseStory,
  pronounOf,
  type Story,
  type StoryEvent,
  THINGS,
  tellStory,
} from './story.js';
import { ofOneChange, type Split, splitOf, structureOf } from './structure.js';

export interface GenerateOptions {
  readonly split: Split;
  readonly count: number;
  readonly seed: number;
  readonly settings: WorldSettings;
  /** First part of each id; `world` if left out. */
  readonly prefix?: string;
}

/** Tries for one problem; a split holds at least one structure in fifty, so only impossible settings use them up. */
const MAX_TRIES = 20_000;
const NUMBER_TRIES = 20;

/**
 * `count` problems with distinct questions; the same options give the same problems, and a larger count only adds to
 * them. Throws `world.settings` for settings that make no sense, `world.exhausted` when the settings have no further problem.
 */
export function generateProblems(options: GenerateOptions): Problem[] {
  const { split, count, seed, settings, prefix = 'world' } = options;
  checkSettings(settings);
  const seen = new Set<string>();
  const problems: Problem[] = [];
  for (let index = 0; index < count; index++) {
    const random = new Random(seed, split, index);
    const story = drawStory(random, split, settings, seen);
    const question = tellStory(story);
    seen.add(question);
    const { steps, answer } = solve(story);
    problems.push({
      id: `${prefix}-${split}-${seed}-${String(index).padStart(6, '0')}`,
      question,
      answer: String(answer),
      steps,
      structure: structureOf(story),
      truth: 'world',
    });
  }
  return problems;
}

/**
 * The story of a question told anew with other numbers, as exercises follow each other in a book: the same people, things and
 * events. Undefined where no other numbers fit, or where with them it belongs to another split.
 */
export function withOtherNumbers(
  random: Random,
  question: string,
  settings: WorldSettings,
): (Pick<Problem, 'question' | 'steps'> & { readonly answer: string }) | undefined {
  const outline = parseStory(question);
  const split = splitOf(structureOf(outline));
  for (let i = 0; i < NUMBER_TRIES; i++) {
    const story = withNumbers(random, outline, settings);
    if (story === null || splitOf(structureOf(story)) !== split) continue;
    const { steps, answer } = solve(story);
    return { question: tellStory(story), steps, answer: String(answer) };
  }
  return undefined;
}

/** A problem as a GSM8K record: the steps, then `#### answer`. */
export function toGsm8k({ question, steps, answer }: Problem): {
  question: string;
  answer: string;
} {
  return { question, answer: [...steps, `#### ${answer}`].join('\n') };
}

/** Length and named or not are drawn first and kept, so every split has the same mix of them. */
function drawStory(
  random: Random,
  split: Split,
  settings: WorldSettings,
  seen: ReadonlySet<string>,
): Story {
  const steps = random.integer(...settings.steps);
  const named = random.chance(settings.named);
  const distracted = random.chance(settings.distractors);
  for (let attempt = 0; attempt < MAX_TRIES; attempt++) {
    const plain = drawOutline(random, steps, named, settings);
    // The structure of a story of one change has its number in it, and is not known before.
    const numbered = ofOneChange(plain);
    if (!numbered && splitOf(structureOf(plain)) !== split) continue;
    const outline = distracted ? withDistractors(random, plain) : plain;
    for (let i = 0; i < NUMBER_TRIES; i++) {
      const story = withNumbers(random, outline, settings);
      if (story === null || (numbered && splitOf(structureOf(story)) !== split)) continue;
      const told = settings.pronouns ? withPronouns(random, story, settings.pronouns) : story;
      if (!seen.has(tellStory(told))) return told;
    }
  }
  throw new GloreError(
    'world.exhausted',
    `Expected a further ${split} problem of ${steps} steps, found none in ${MAX_TRIES} tries ` +
      `(${seen.size} problems so far). Ask for fewer problems, or widen maxValue, operands or factors.`,
  );
}

/** A story without distractors whose amounts are still 0. */
function drawOutline(
  random: Random,
  steps: number,
  named: boolean,
  { operations }: WorldSettings,
): Story {
  const [a, b] = random.shuffle(NAMES) as [string, string];
  const item = random.pick(ITEMS);
  const changes = (subjects: readonly string[]): StoryEvent[] =>
    subjects.map((subject) => drawChange(random, subject, random.weighted(operations)));
  const start: StoryEvent = { kind: 'start', subject: a, amount: 0, word: item };
  if (!named) return { events: [start, ...changes(Array(steps).fill(a))], asked: [a], item };

  // The comparison is a step unless A is asked about; adding the two up is one more.
  const asking = random.weighted({ A: 1, B: 2, AB: steps > 1 ? 2 : 0 });
  const needed = steps - { A: 0, B: 1, AB: 2 }[asking];
  const before = random.integer(0, needed);
  const after = Array.from({ length: needed - before }, () =>
    asking === 'AB' ? random.pick([a, b]) : asking === 'A' ? a : b,
  );
  const useless = asking !== 'AB' && random.chance(0.5) ? [asking === 'A' ? b : a] : [];
  const comparison: StoryEvent = {
    kind: drawComparison(random, operations),
    subject: b,
    amount: 0,
    than: a,
  };
  return {
    events: [
      start,
      ...changes(Array(before).fill(a)),
      comparison,
      ...changes(random.shuffle([...after, ...useless])),
    ],
    asked: asking === 'AB' ? [a, b] : asking === 'A' ? [a] : [b],
    item,
  };
}

function drawComparison(random: Random, operations: WorldSettings['operations']): CompareKind {
  return random.weighted({
    more: operations.gain,
    fewer: operations.lose,
    multiple: operations.times,
  });
}

function drawChange(random: Random, subject: string, kind: ChangeKind): StoryEvent {
  const verbs = { gain: GAIN_VERBS, lose: LOSE_VERBS, times: [], share: [] }[kind];
  return { kind, subject, amount: 0, ...(verbs.length > 0 && { word: random.pick(verbs) }) };
}

/** One distractor, or sometimes two, at any place before the question. */
function withDistractors(random: Random, story: Story): Story {
  const events = [...story.events];
  const people = [...new Set(events.map((event) => event.subject))];
  const strangers = random.shuffle(NAMES.filter((name) => !people.includes(name)));
  for (let left = random.chance(0.3) ? 2 : 1; left > 0; left--) {
    const kind = random.pick(['start', 'age', 'price'] as const);
    const distractor: StoryEvent = {
      start: {
        kind,
        subject: strangers[left]!,
        amount: 0,
        word: random.chance(0.5) ? story.item : random.pick(ITEMS),
      },
      age: { kind, subject: random.pick(people), amount: 0 },
      price: { kind, subject: random.pick(THINGS), amount: 0 },
    }[kind];
    events.splice(random.integer(0, events.length), 0, distractor);
  }
  return { ...story, events };
}

/** Pronouns for a share of the subjects who are the last of theirs to be named, unless the sentence before names two of theirs. */
function withPronouns(random: Random, story: Story, share: number): Story {
  const named = new Map<string, string>();
  let before: StoryEvent | undefined;
  const events = story.events.map((event) => {
    const said = pronounOf(event.subject);
    const unclear =
      before?.than !== undefined && pronounOf(before.than) === pronounOf(before.subject);
    const clear = said !== undefined && named.get(said) === event.subject && !unclear;
    if (event.kind !== 'price') before = event;
    for (const [pronoun, person] of namedBy(event)) named.set(pronoun, person);
    return clear && opensWithSubject(event.kind) && random.chance(share)
      ? { ...event, pronoun: true as const }
      : event;
  });
  return { ...story, events };
}

/**
 * The outline with amounts drawn in order; null when these draws leave the allowed range, come back to an earlier value,
 * or make a number that is of no use equal to one that is: then a wrong reading could look right.
 */
function withNumbers(random: Random, outline: Story, settings: WorldSettings): Story | null {
  const current = new Map<string, number>();
  const events: StoryEvent[] = [];
  for (const event of outline.events) {
    const { kind, subject, than } = event;
    const value = current.get(than ?? subject) ?? 0;
    const amount = drawAmount(random, kind, value, settings);
    if (amount === null) return null;
    const operator = operatorOf(kind);
    if (operator !== undefined) current.set(subject, integers[operator](value, amount));
    else if (kind === 'start') current.set(subject, amount);
    events.push({ ...event, amount });
  }
  const story = { ...outline, events };
  const { quantities, asked } = quantitiesOf(story);
  const amounts = events.map((event) => event.amount);
  const values = valuesOf(quantities, amounts);
  if (values[asked]! > settings.maxValue) return null;

  const relevant = relevance(quantities, asked);
  const needed = quantities.filter((_, place) => relevant[place]);
  const reached = new Set(values.filter((_, place) => relevant[place]));
  if (reached.size < needed.length) return null;
  const neededEvents = new Set(needed.map((quantity) => quantity.event));
  const useful = new Set([...reached, ...amounts.filter((_, event) => neededEvents.has(event))]);
  const confusing = amounts.some((amount, event) => !neededEvents.has(event) && useful.has(amount));
  return confusing ? null : story;
}

/**
 * An amount that keeps the new value in 1..maxValue; null when there is none. `value` is the quantity it changes.
 * Taking away leaves at least `low`, so that numbers keep their digits.
 */
function drawAmount(
  random: Random,
  kind: EventKind,
  value: number,
  { maxValue, operands: [low, high], factors }: WorldSettings,
): number | null {
  const within = (least: number, most: number): number | null =>
    least <= most ? random.integer(least, most) : null;
  switch (kind) {
    case 'start':
      return within(low, high);
    case 'gain':
    case 'more':
      return within(low, Math.min(high, maxValue - value));
    case 'lose':
    case 'fewer':
      return within(low, Math.min(high, value - low));
    case 'times':
    case 'multiple':
      return within(factors[0], Math.min(factors[1], Math.floor(maxValue / value)));
    case 'share': {
      const divisors: number[] = [];
      for (let d = factors[0]; d <= Math.min(factors[1], value); d++) {
        if (value % d === 0) divisors.push(d);
      }
      return divisors.length > 0 ? random.pick(divisors) : null;
    }
    case 'age':
      return within(5, 90);
    case 'price':
      return within(2, 99);
  }
}
