import { describe, expect, it } from 'vitest';
import { likeliest } from './logprobs.js';

describe('likeliest', () => {
  it('gives the largest, of equal ones the lower id first, whether few are wanted or many', () => {
    // Few different values, so that many are equal.
    const logits = Float32Array.from({ length: 300 }, (_, i) => (i * i * 31 + 7) % 40);
    const slow = (count: number) =>
      Array.from({ length: 250 }, (_, id) => id)
        .sort((a, b) => logits[b + 50]! - logits[a + 50]! || a - b)
        .slice(0, count);
    for (const count of [0, 1, 5, 20, 21, 100, 250]) {
      expect(likeliest(logits, 50, 250, count)).toEqual(slow(count));
    }
  });
});
