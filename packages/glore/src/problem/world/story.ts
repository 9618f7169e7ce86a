/**
 * A story is a list of events and a question. One table of sentence patterns both tells and reads it, so the
 * two cannot drift apart. Sentences are short and the words few: a word-level model of a million parameters reads them.
 */
import { GloreError } from '../../error.js';

export const NAMES: readonly string[] =
  'Ann Ben Cal Dan Eve Fay Gus Hal Ida Joe Kim Lee Max Nan Pam Roy Sam Tom Una Zoe'.split(' ');
/** The names that `She` may stand for; `He` stands for the others of the list. */
const WOMEN: ReadonlySet<string> = new Set('Ann Eve Fay Ida Kim Nan Pam Una Zoe'.split(' '));
const PRONOUNS: readonly string[] = ['He', 'She'];
/** The pronoun of a name of the list; undefined for other names. */
export const pronounOf = (name: string): string | undefined =>
  WOMEN.has(name) ? 'She' : NAMES.includes(name) ? 'He' : undefined;

export const ITEMS: readonly string[] =
  'shells coins cards books pens stamps marbles beads nuts keys eggs apples'.split(' ');
export const THINGS: readonly string[] = ['bag', 'box', 'hat', 'cup'];
export const GAIN_VERBS: readonly string[] = ['finds', 'buys', 'gets'];
export const LOSE_VERBS: readonly string[] = ['loses', 'sells', 'gives away'];

/** How one person's quantity changes. */
export type ChangeKind = 'gain' | 'lose' | 'times' | 'share';
/** How a second person's quantity is defined by the current one of the first. */
export type CompareKind = 'more' | 'fewer' | 'multiple';
/** All kinds of sentence before the question; `age` and `price` are never of use. */
export type EventKind = 'start' | ChangeKind | CompareKind | 'age' | 'price';

/** One sentence: `subject` is a person (for `price` a thing), `than` the person compared with, `word` the item or verb. */
export interface StoryEvent {
  readonly kind: EventKind;
  readonly subject: string;
  readonly amount: number;
  readonly than?: string;
  readonly word?: string;
  /** The sentence says `He` or `She` for the subject: the person of this pronoun who was named last. */
  readonly pronoun?: true;
}

/** Events in the order told; `asked` holds one person, or the two whose quantities are added. */
export interface Story {
  readonly events: readonly StoryEvent[];
  readonly asked: readonly string[];
  readonly item: string;
}

const PATTERNS: Readonly<Record<EventKind, string>> = {
  start: '{subject} has {amount} {word}.',
  gain: '{subject} {word} {amount} more.',
  lose: '{subject} {word} {amount}.',
  times: 'Then {subject} has {amount} times as many.',
  share: '{subject} keeps one of {amount} equal piles.',
  more: '{subject} has {amount} more than {than}.',
  fewer: '{subject} has {amount} fewer than {than}.',
  multiple: '{subject} has {amount} times as many as {than}.',
  age: '{subject} is {amount} years old.',
  price: 'The {subject} costs {amount} dollars.',
};
const KINDS = Object.keys(PATTERNS) as EventKind[];

/** What may stand in a slot when a sentence is read; names and items are open, so other lists can be read too. */
const SLOTS = { subject: '[A-Z][a-z]+', than: '[A-Z][a-z]+', amount: '\\d+', word: '[a-z]+' };
const NARROWER: Partial<Record<EventKind, Partial<typeof SLOTS>>> = {
  gain: { word: GAIN_VERBS.join('|') },
  lose: { word: LOSE_VERBS.join('|') },
  price: { subject: '[a-z]+' },
};

const READERS: readonly (readonly [EventKind, RegExp])[] = KINDS.map((kind) => {
  const slots: Record<string, string> = { ...SLOTS, ...NARROWER[kind] };
  const body = PATTERNS[kind]
    .replace('.', '\\.')
    .replace(/\{(\w+)\}/g, (_, slot: string) => `(?<${slot}>${slots[slot]})`);
  return [kind, new RegExp(`^${body}$`)];
});
const ASKS_ONE = /^How many (?<item>[a-z]+) does (?<first>[A-Z][a-z]+) have\?$/;
const ASKS_TWO =
  /^How many (?<item>[a-z]+) do (?<first>[A-Z][a-z]+) and (?<second>[A-Z][a-z]+) have together\?$/;

/** Whether a sentence begins with its subject, so that `He` may stand there. */
export const opensWithSubject = (kind: EventKind): boolean =>
  PATTERNS[kind].startsWith('{subject}');

/** The sentence of one event. */
export function tellEvent(event: StoryEvent): string {
  const told = event.pronoun ? { ...event, subject: pronounOf(event.subject) } : event;
  return PATTERNS[event.kind].replace(/\{(\w+)\}/g, (_, slot) =>
    String(told[slot as keyof StoryEvent]),
  );
}

/** The whole problem text: the events, then the question. */
export function tellStory({ events, asked, item }: Story): string {
  const question =
    asked.length === 1
      ? `How many ${item} does ${asked[0]} have?`
      : `How many ${item} do ${asked.join(' and ')} have together?`;
  return [...events.map(tellEvent), question].join(' ');
}

/** Reads a problem text back; the inverse of `tellStory`. Throws `world.unreadable` for any other sentence. */
export function parseStory(question: string): Story {
  const sentences = question.trim().split(/(?<=[.?])\s+/);
  const last = sentences.pop()!;
  const groups = (ASKS_ONE.exec(last) ?? ASKS_TWO.exec(last))?.groups;
  if (groups === undefined) throw unreadable(last, 'How many shells does Fay have?');
  const named = new Map<string, string>();
  return {
    events: sentences.map((sentence) => parseEvent(sentence, named)),
    asked: groups.second === undefined ? [groups.first!] : [groups.first!, groups.second],
    item: groups.item!,
  };
}

/** @param named who each pronoun stands for, which the sentence may change */
function parseEvent(sentence: string, named: Map<string, string>): StoryEvent {
  for (const [kind, reader] of READERS) {
    const groups = reader.exec(sentence)?.groups;
    if (groups === undefined) continue;
    const { subject: told, amount, than, word } = groups;
    const pronoun = PRONOUNS.includes(told!);
    const subject = pronoun ? named.get(told!) : told!;
    if (subject === undefined) throw unreadable(sentence, 'Fay finds 148 more.');
    const event: StoryEvent = {
      kind,
      subject,
      amount: Number(amount),
      ...(than !== undefined && { than }),
      ...(word !== undefined && { word }),
      ...(pronoun && { pronoun }),
    };
    for (const [said, person] of namedBy(event)) named.set(said, person);
    return event;
  }
  throw unreadable(sentence, 'Fay finds 148 more.');
}

/** Each pronoun with the person whom it stands for after a sentence: of two of them the subject. */
export const namedBy = ({ subject, than }: StoryEvent): (readonly [string, string])[] =>
  [than, subject].flatMap((name) => {
    const said = name === undefined ? undefined : pronounOf(name);
    return said === undefined ? [] : [[said, name!] as const];
  });

function unreadable(sentence: string, example: string): GloreError {
  return new GloreError(
    'world.unreadable',
    `Expected a sentence of the built-in world such as "${example}", found "${sentence}". ` +
      'Step truth is known for problems of the built-in world only.',
  );
}
