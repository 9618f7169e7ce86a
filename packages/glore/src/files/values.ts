/** The values that records are made of, with bounds that nothing real comes near. */
import { z } from 'zod';

/** Text with something in it. */
export const text = z.string().min(1);
/** How many: of tokens, of records, or a place among them. */
export const count = z.int().min(0).max(1e15);
/** A part of a whole, an accuracy or a probability. */
export const share = z.number().min(0).max(1);
/** Seconds, money, or a mean of counts. */
export const amount = z.number().min(0).max(1e15);
/** A threshold of values; it may lie just above all of them. */
export const threshold = z.number().min(0).max(2);
/** A difference of shares, or how many times another one it is. */
export const ratio = z.number().min(-1e9).max(1e9);

/** A list of plain values, of which there may be millions: checked at once, without a schema's work for each. */
export const listOf = <T>(is: (item: unknown) => item is T, expected: string): z.ZodType<T[]> =>
  z.custom<T[]>().superRefine((value: unknown, context) => {
    // Not to be looked at any further.
    const stop = { input: value, continue: false };
    if (!Array.isArray(value)) {
      context.addIssue({ code: 'invalid_type', expected: 'array', ...stop });
      return;
    }
    const at = value.findIndex((item) => !is(item));
    if (at >= 0) context.addIssue({ code: 'custom', path: [at], message: expected, ...stop });
  });

/** Parts of a whole, such as the values of a solution's lines. */
export const shares = listOf(
  (item): item is number => typeof item === 'number' && item >= 0 && item <= 1,
  'a number from 0 to 1',
);
export const flags = listOf((item): item is boolean => typeof item === 'boolean', 'true or false');
