/** The built-in world: GSM8K-like word problems that a tiny model can learn and whose every step can be judged. */
import type { WorldSettings } from './settings.js';
import {
  GAIN_VERBS,
  ITEMS,
  LOSE_VERBS,
  NAMES,
  type Story,
  type StoryEvent,
  THINGS,
  tellStory,
} from './story.js';

export { type Equality, equationDrill, rightEquation } from './drill.js';
export { type Attempt, flawedAttempt } from './flaw.js';
export { type GenerateOptions, generateProblems, toGsm8k, withOtherNumbers } from './generate.js';
export { solve } from './quantity.js';
export { hash32, Random } from './random.js';
export {
  checkSettings,
  difficulty,
  type Range,
  WorldSettingError,
  type WorldSettings,
} from './settings.js';
export { parseStory, type Story, type StoryEvent, tellStory } from './story.js';
export { type Split, splitOf, structureOf } from './structure.js';
export { finalRight, firstWrongStep, judgeSteps } from './truth.js';

/**
 * Texts that together hold every word, digit and sign the world can print, with these settings or with any; a tokenizer built
 * from them knows them all.
 */
export function worldTexts(
  { pronouns = 0 }: Pick<WorldSettings, 'pronouns'> = { pronouns: 1 },
): string[] {
  const [a, b] = NAMES as [string, string];
  const word = ITEMS[0]!;
  const amount = 1234567890;
  const sentence = (event: Omit<StoryEvent, 'amount'>): StoryEvent => ({ amount, ...event });
  const story: Story = {
    events: [
      ...NAMES.map((subject) => sentence({ kind: 'start', subject, word })),
      ...(pronouns > 0 ? NAMES : []).map((subject) =>
        sentence({ kind: 'start', subject, word, pronoun: true }),
      ),
      ...ITEMS.map((item) => sentence({ kind: 'start', subject: a, word: item })),
      ...GAIN_VERBS.map((verb) => sentence({ kind: 'gain', subject: a, word: verb })),
      ...LOSE_VERBS.map((verb) => sentence({ kind: 'lose', subject: a, word: verb })),
      ...THINGS.map((subject) => sentence({ kind: 'price', subject })),
      sentence({ kind: 'times', subject: a }),
      sentence({ kind: 'share', subject: a }),
      sentence({ kind: 'more', subject: b, than: a }),
      sentence({ kind: 'fewer', subject: b, than: a }),
      sentence({ kind: 'multiple', subject: b, than: a }),
      sentence({ kind: 'age', subject: a }),
    ],
    asked: [a],
    item: word,
  };
  // A name at the start of a line is another token than one after a space.
  const steps = [
    ...NAMES.map((name) => `${name} has 1+1=2.`),
    ...['+', '-', '*', '/'].map((sign) => `${a} has 1${sign}1=<<1${sign}1=1>>1.`),
  ];
  return [
    tellStory(story),
    tellStory({ ...story, events: [], asked: [a, b] }),
    ...steps,
    'Together they have 1+1=<<1+1=2>>2.',
    '#### 2',
  ];
}
