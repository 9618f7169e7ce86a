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
