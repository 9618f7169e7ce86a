import { describe, expect, it } from 'vitest';
import { backoff, isBusy, isPassing, retryAfter } from './retry.js';

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

describe('Retry-After', () => {
  const now = Date.parse('2026-01-01T00:00:00Z');
  it.each([
    ['2', 2000],
    ['0.05', 50],
    ['0', 0],
    ['Thu, 01 Jan 2026 00:00:30 GMT', 30_000],
    ['Thu, 01 Jan 2025 00:00:30 GMT', 0],
    ['86400', 3_600_000],
    ['soon', 0],
    ['', 0],
    ['-5', 0],
    [undefined, 0],
  ])('%s is %d ms', (header, ms) => {
    expect(retryAfter(header, now)).toBe(ms);
  });
});

it('knows which statuses another attempt may cure', () => {
  const statuses = [400, 401, 403, 404, 408, 409, 413, 422, 429, 500, 502, 503, 504, 529];
  expect(statuses.filter(isPassing)).toEqual([408, 409, 429, 500, 502, 503, 504, 529]);
  expect(statuses.filter(isBusy)).toEqual([429, 502, 503, 504]);
});
