import { describe, expect, test } from 'vitest';
import { locateFirstError } from './where.js';

describe('locateFirstError', () => {
  test('is the first step below the threshold, from 1', () => {
    expect(locateFirstError([0.9, 0.5, 0.3, 0.1], 0.5)).toBe(3);
    expect(locateFirstError([0.1, 0.9], 0.5)).toBe(1);
  });
  test('is -1 where no step is', () => {
    expect(locateFirstError([0.9, 0.5], 0.5)).toBe(-1);
    expect(locateFirstError([], 0.5)).toBe(-1);
  });
});
