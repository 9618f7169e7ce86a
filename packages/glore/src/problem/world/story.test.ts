import { describe, expect, it } from 'vitest';
import { solve } from './quantity.js';
import { parseStory, type Story, tellStory } from './story.js';

const story: Story = {
  events: [
    { kind: 'start', subject: 'Fay', amount: 37, word: 'shells' },
    { kind: 'gain', subject: 'Fay', amount: 148, word: 'finds' },
    { kind: 'lose', subject: 'Fay', amount: 29, word: 'gives away' },
    { kind: 'price', subject: 'bag', amount: 45 },
    { kind: 'share', subject: 'Fay', amount: 4 },
    { kind: 'multiple', subject: 'Lee', amount: 3, than: 'Fay' },
    { kind: 'times', subject: 'Fay', amount: 2 },
    { kind: 'more', subject: 'Lee', amount: 52, than: 'Fay' },
    { kind: 'fewer', subject: 'Lee', amount: 8, than: 'Fay' },
    { kind: 'age', subject: 'Lee', amount: 31 },
  ],
  asked: ['Fay', 'Lee'],
  item: 'shells',
};
const told =
  'Fay has 37 shells. Fay finds 148 more. Fay gives away 29. The bag costs 45 dollars. Fay keeps one of 4 equal piles. ' +
  'Lee has 3 times as many as Fay. Then Fay has 2 times as many. Lee has 52 more than Fay. Lee has 8 fewer than Fay. ' +
  'Lee is 31 years old. How many shells do Fay and Lee have together?';

describe('story', () => {
  it('tells every kind of sentence and reads it back', () => {
    expect(tellStory(story)).toBe(told);
    expect(parseStory(told)).toEqual(story);
  });

  it('reads the question about one person', () => {
    const text = 'Fay has 37 shells. How many shells does Fay have?';
    expect(parseStory(text).asked).toEqual(['Fay']);
    expect(tellStory(parseStory(text))).toBe(text);
  });

  it('tells pronouns, and reads them as the person of theirs who was named last', () => {
    const [start, gain, ...rest] = story.events;
    const withShe = { ...story, events: [start!, { ...gain!, pronoun: true as const }, ...rest] };
    expect(tellStory(withShe)).toBe(told.replace('Fay finds', 'She finds'));
    expect(parseStory(tellStory(withShe))).toEqual(withShe);
    const text =
      'Fay has 37 shells. Lee has 5 more than Fay. Zoe is 9 years old. He finds 2 more. She loses 1. ' +
      'How many shells does Lee have?';
    const subjects = parseStory(text).events.map(({ subject }) => subject);
    expect(subjects).toEqual(['Fay', 'Lee', 'Zoe', 'Lee', 'Zoe']);
    // Of two of them the subject.
    const two = parseStory(
      'Fay has 3 shells. Zoe has 5 more than Fay. She loses 1. How many shells does Zoe have?',
    );
    expect(two.events.at(-1)).toMatchObject({ subject: 'Zoe', pronoun: true });
    expect(() =>
      parseStory('Fay has 3 shells. He loses 1. How many shells does Fay have?'),
    ).toThrow('"He loses 1."');
  });

  it('refuses sentences of another world, naming the sentence', () => {
    const read = (text: string) => () => parseStory(text);
    expect(read('Fay eats 3 pies. How many pies does Fay have?')).toThrow('"Fay eats 3 pies."');
    expect(read('Fay has 37 shells.')).toThrow('"Fay has 37 shells."');
    expect(read('')).toThrow(expect.objectContaining({ code: 'world.unreadable' }));
  });

  it('solves with one step for each quantity on the way to the answer', () => {
    const text =
      'Ann has 77 shells. Fay has 37 shells. Fay finds 148 more. Lee has 45 more than Fay. Fay loses 9. ' +
      'Fay is 31 years old. Lee sells 30. How many shells does Lee have?';
    expect(solve(parseStory(text))).toEqual({
      steps: [
        'Fay has 37+148=<<37+148=185>>185.',
        'Lee has 185+45=<<185+45=230>>230.',
        'Lee has 230-30=<<230-30=200>>200.',
      ],
      answer: 200,
    });
    expect(
      solve(parseStory(text.replace('does Lee have', 'do Fay and Lee have together'))),
    ).toEqual({
      steps: [
        'Fay has 37+148=<<37+148=185>>185.',
        'Lee has 185+45=<<185+45=230>>230.',
        'Fay has 185-9=<<185-9=176>>176.',
        'Lee has 230-30=<<230-30=200>>200.',
        'Together they have 176+200=<<176+200=376>>376.',
      ],
      answer: 376,
    });
  });

  it('refuses a person who is used before having anything', () => {
    const read = () => solve(parseStory('Fay loses 3. How many shells does Fay have?'));
    expect(read).toThrow(expect.objectContaining({ code: 'world.unknown-person' }));
  });
});
