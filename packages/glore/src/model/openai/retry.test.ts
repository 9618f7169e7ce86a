import { describe, expect, it } from 'vitest';
import { backoff, type Headers, retryAfter } from './retry.js';

describe('backoff', () => {
  it('is uniform below a bound that doubles up to half a minute', () => {
    expect([1, 2, 3, 9].map((attempt) => backoff(attempt, 0, () => 1))).toEqual([
      500, 1000, 2000, 30_000,
    ]);
    expect(backoff(3, 0, () => 0)).toBe(0);
    expect(backoff(3, 0, () => 0.25)).toBe(500);
  });

  it('is never shorter than the server wants', () => {
    expect(backoff(1, 4000, () => 0)).toBe(4000);
    expect(backoff(1, 4000, () => 1)).toBe(4500);
    expect(backoff(8, 50, () => 1)).toBe(100);
  });
});

describe('what a server wants to be left alone for', () => {
  const now = Date.parse('2026-01-01T00:00:00Z');
  it.each<[string | undefined, number]>([
    ['2', 2000],
    ['0.05', 50],
    [' 3 s', 3000],
    ['0', 0],
    ['Thu, 01 Jan 2026 00:00:30 GMT', 30_000],
    ['Thursday, 01-Jan-26 00:00:30 GMT', 30_000],
    ['Thu Jan  1 00:00:30 2026', 30_000],
    ['2026-01-01T00:00:30Z', 30_000],
    ['Thu, 01 Jan 2025 00:00:30 GMT', 0],
    ['86400', 3_600_000],
    ['soon', 0],
    ['', 0],
    ['-5', 0],
    [undefined, 0],
  ])('Retry-After: %s is %d ms', (header, ms) => {
    expect(retryAfter({ 'retry-after': header }, now)).toBe(ms);
  });

  it.each<[Headers, number]>([
    [{ 'retry-after-ms': '6000', 'retry-after': '60' }, 6000],
    [{ 'retry-after-ms': '12.5' }, 12.5],
    [{ 'retry-after-ms': 'x', 'retry-after': '1' }, 1000],
    [{ 'retry-after': ['4', '5'] }, 4000],
    // By the server's own clock, which is an hour fast.
    [
      {
        'retry-after': 'Thu, 01 Jan 2026 01:00:07 GMT',
        date: 'Thu, 01 Jan 2026 01:00:00 GMT',
      },
      7000,
    ],
  ])('%j is %d ms', (headers, ms) => {
    expect(retryAfter(headers, now)).toBe(ms);
  });
});
