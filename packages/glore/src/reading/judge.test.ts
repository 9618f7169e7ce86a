import { describe, expect, it } from 'vitest';
import { GloreError } from '../error.js';
import { judge } from './judge.js';

describe('judge', () => {
  it('is sure of a marked answer', () => {
    expect(judge({ gold: '1,080', text: 'So 1080.\n#### 1080' })).toEqual({
      right: true,
      doubtful: false,
      extracted: { value: '1080', how: 'marker' },
    });
    expect(judge({ gold: '72', text: '#### 27' })).toMatchObject({ right: false, doubtful: false });
  });

  it('judges text without an answer wrong, and is sure of it', () => {
    expect(judge({ gold: '72', text: 'I do not know' })).toEqual({
      right: false,
      doubtful: false,
      reason: 'no answer found',
    });
  });

  it.each([
    ['72', 'She sold 72', true, 'no number is marked as the answer, so the last one was taken'],
    ['6', '#### 5\n#### 6', true, 'several answers are marked (5, 6), and 6 was taken'],
    ['50', 'The answer is 50%', true, 'one is a percentage, the other a bare number'],
    ['50%', '#### 50', true, 'one is a percentage, the other a bare number'],
    ['0.5', '#### 50%', false, 'both are 1/2 if a unit or a sign is read the other way'],
    ['50%', '#### 0.5', false, 'both are 1/2 if a unit or a sign is read the other way'],
    ['49', '#### $0.49', false, 'both are 49 if a unit or a sign is read the other way'],
    ['3', '#### 3 dozen', false, 'both are 3 if a unit or a sign is read the other way'],
    ['0.75', '#### 75 cents', false, 'both are 3/4 if a unit or a sign is read the other way'],
    [
      '5 hours',
      '#### 5 minutes',
      false,
      'same number, but the gold answer counts hour and this one minute',
    ],
    [
      '72 clips',
      '#### 72 paper clips',
      true,
      'same number, but the gold answer counts clip and this one paper clip',
    ],
  ])('doubts gold %j against %j', (gold, text, right, reason) => {
    expect(judge({ gold: gold, text: text })).toMatchObject({ right, doubtful: true, reason });
  });

  it('compares answers that are no numbers as text', () => {
    expect(judge({ gold: 'Blue', text: 'The answer is blue.' })).toMatchObject({
      right: true,
      doubtful: false,
    });
    expect(judge({ gold: '3:30', text: '#### 3:30' })).toMatchObject({
      right: true,
      doubtful: false,
    });
    expect(judge({ gold: '3:30', text: '#### 330' })).toMatchObject({ right: false });
  });

  it('reads a worked solution for gold, by its mark', () => {
    const gold = 'Natalia sold 48/2 = <<48/2=24>>24 clips in May.\n#### 72';
    expect(judge({ gold, text: 'So the answer is 72.' })).toMatchObject({ right: true });
    expect(judge({ gold, text: '#### 24' })).toMatchObject({ right: false });
  });

  it('refuses several lines for gold of which none is marked', () => {
    const gold = 'Natalia sold half as many clips in May.\nAltogether there were more';
    expect(() => judge({ gold, text: '#### 72' })).toThrow(
      expect.objectContaining({ code: 'gold-unparsable' }),
    );
  });

  it('refuses an empty gold answer', () => {
    expect(() => judge({ gold: ' ', text: '#### 72' })).toThrow(GloreError);
  });
});
