/** The structure of a story: everything but numbers, names, items and verbs; and the split it belongs to. */
import { quantitiesOf, relevance } from './quantity.js';
import { hash32 } from './random.js';
import type { EventKind, Story } from './story.js';

export type Split = 'train' | 'dev' | 'test';

/**
 * A canonical signature such as `A.gain B.more A.lose ?AB #1.price #3.age.A`.
 *
 * `A` is the person everything starts from and `B` the one compared with A; `?` says who is asked about; each `#` is a
 * distractor at its place among the sentences (`other` is a third person's quantity). Stories of one change are of too few
 * kinds to be divided; to theirs belongs the first number told, such as `A.gain ?A @127`.
 */
export function structureOf(story: Story): string {
  const { quantities, asked } = quantitiesOf(story);
  const root = quantities[relevance(quantities, asked).indexOf(true)]!.owners[0]!;
  const roles = new Map([[root, 'A']]);
  for (const { subject, than } of story.events) if (than !== undefined) roles.set(subject, 'B');

  const core: string[] = [];
  const distractors: string[] = [];
  story.events.forEach(({ kind, subject }, place) => {
    const role = roles.get(subject);
    if (kind === 'price') distractors.push(`#${place}.price`);
    else if (kind === 'age') distractors.push(`#${place}.age.${role}`);
    else if (kind !== 'start') core.push(`${role}.${kind}`);
    else if (role === undefined) distractors.push(`#${place}.other`);
  });
  core.push(`?${story.asked.map((person) => roles.get(person)).join('')}`);
  if (ofOneChange(story))
    core.push(`@${story.events.find(({ kind }) => kind === 'start')!.amount}`);
  return [...core, ...distractors].join(' ');
}

const CHANGELESS: ReadonlySet<EventKind> = new Set(['start', 'age', 'price']);

/** Whether one event makes up the story, so that its structure has a number in it. */
export const ofOneChange = ({ events, asked }: Story): boolean =>
  asked.length === 1 && events.filter(({ kind }) => !CHANGELESS.has(kind)).length === 1;

/** Chosen among 3,000: for every number of steps each split has about the same mix of events as the whole world. */
const SPLIT_SALT = 1253;

/**
 * The split of a structure: 70% train, 10% dev, 20% test, by a stable hash.
 *
 * Only the part before the distractors counts, so a structure held out for the test is not seen in training with a
 * distractor added either.
 */
export function splitOf(structure: string): Split {
  const core = structure.split(' #', 1)[0]!;
  const share = hash32(core, SPLIT_SALT) / 2 ** 32;
  return share < 0.7 ? 'train' : share < 0.8 ? 'dev' : 'test';
}
