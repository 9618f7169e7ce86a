import { describe, expect, it } from 'vitest';
import { hash32, Random } from './random.js';

const draw = (random: Random, count: number) => Array.from({ length: count }, () => random.next());

describe('Random', () => {
  it('gives the same stream for the same key, another for another key', () => {
    expect(draw(new Random(1, 'train', 2), 20)).toEqual(draw(new Random(1, 'train', 2), 20));
    const first = [...Array(1000).keys()].map((i) => new Random(1, i).next());
    expect(new Set(first).size).toBe(1000);
    expect(first.reduce((a, b) => a + b) / 1000).toBeCloseTo(0.5, 1);
  });

  it('draws integers uniformly, both ends included', () => {
    const random = new Random('integers');
    const counts = [0, 0, 0, 0];
    for (let i = 0; i < 8000; i++) counts[random.integer(3, 6) - 3]!++;
    for (const count of counts) expect(count / 8000).toBeCloseTo(0.25, 1);
  });

  it('draws keys by weight, never one of weight 0', () => {
    const random = new Random('weights');
    const counts = { a: 0, b: 0, c: 0 };
    for (let i = 0; i < 4000; i++) counts[random.weighted({ a: 3, b: 0, c: 1 })]++;
    expect(counts.b).toBe(0);
    expect(counts.a / 4000).toBeCloseTo(0.75, 1);
  });

  it('shuffles every order with the same frequency and leaves the list alone', () => {
    const random = new Random('shuffle');
    const list = [1, 2, 3];
    const counts = new Map<string, number>();
    for (let i = 0; i < 6000; i++) {
      const order = random.shuffle(list).join('');
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(list).toEqual([1, 2, 3]);
    expect(counts.size).toBe(6);
    for (const count of counts.values()) expect(count / 6000).toBeCloseTo(1 / 6, 1);
  });
});

describe('hash32', () => {
  it('is stable, for splits and streams on disk depend on it', () => {
    expect([hash32(''), hash32('A.gain ?A'), hash32('A.gain ?A', 7)]).toMatchInlineSnapshot(`
      [
        2872998923,
        542196257,
        2854265600,
      ]
    `);
  });
});
