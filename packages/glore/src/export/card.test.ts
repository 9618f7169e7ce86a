import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { places, renderCard, signs } from './card.js';
import { formats } from './formats.js';

const set = {
  name: 'sorm',
  split: 'train',
  file: 'sorm.parquet',
  rows: 12_345,
  problems: 700,
  balance: signs([true, true, false]),
  origin: 'By rollouts.',
} as const;

describe('renderCard', () => {
  const text = renderCard({
    title: 'tiny: steps',
    format: formats['trl-stepwise'],
    sets: [set, { ...set, name: 'orm', file: 'orm.parquet' }],
    facts: { seed: '1' },
    settings: { rollouts: { count: 8, temperature: 1 } },
  });

  it('has front matter that names a file and a split for each set', () => {
    const [, front] = text.split('---\n');
    expect(parse(front!)).toEqual({
      pretty_name: 'tiny: steps',
      task_categories: ['token-classification'],
      tags: ['glore', 'trl', 'stepwise-supervision', 'process-reward-model'],
      size_categories: ['10K<n<100K'],
      configs: ['sorm', 'orm'].map((name) => ({
        config_name: name,
        data_files: [{ split: 'train', path: `${name}.parquet` }],
      })),
    });
  });

  it('says counts, balance, origin, facts and settings', () => {
    expect(text).toContain(
      '| `sorm` | 12,345 | 700 | 2 labels positive, 1 negative (66.7% positive) |',
    );
    expect(text).toContain('**orm.** By rollouts.');
    expect(text).toContain('| seed | 1 |');
    expect(text).toContain('```yaml\nrollouts:\n  count: 8\n  temperature: 1\n```');
  });

  it.each([
    [0, 'n<1K'],
    [999, 'n<1K'],
    [1000, '1K<n<10K'],
    [99_999, '10K<n<100K'],
    [2_000_000, '1M<n<10M'],
  ])('names the size of %i rows %s', (rows, size) => {
    const card = renderCard({
      title: 't',
      format: formats.processbench,
      sets: [{ ...set, rows }],
      facts: {},
      settings: {},
    });
    expect(parse(card.split('---\n')[1]!).size_categories).toEqual([size]);
  });
});

describe('places', () => {
  it('counts first errors by step', () => {
    expect(places([-1, 2, 0, -1, 2])).toBe('first errors (-1 is none) -1: 2, 0: 1, 2: 2');
    expect(places([])).toBe('first errors (-1 is none) -1: 0');
  });
});
