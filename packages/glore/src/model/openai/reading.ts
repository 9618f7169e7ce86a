/** How an answer is read: its shape, then everything that can be wrong with it, before anybody has it. */
import type { z } from 'zod';

/** The fields of an object of which nothing is known; none of what is no object. */
export const fieldsOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};

/** What came is no answer: it is asked for again, and an error in the end. */
export class Unreadable extends Error {
  readonly code: string;
  /** What to do about it; undefined where the error says it. */
  readonly cure: string | undefined;

  constructor(message: string, code = 'endpoint-answer', cure?: string) {
    super(message);
    this.code = code;
    this.cure = cure;
  }
}

/** What came is not read, and shown. */
export class UnreadableBytes extends Unreadable {
  readonly text: string;

  constructor(message: string, text: string) {
    super(message);
    this.text = text;
  }
}

/** `shape` takes of an answer what is read, as JSON that has the shape again; `read` checks it whole and makes sense of it. */
export interface Reader<R, T> {
  readonly shape: z.ZodType<R>;
  /** @throws Unreadable */
  read(found: R): T;
}

export const asIs = <R>(shape: z.ZodType<R>): Reader<R, R> => ({ shape, read: (found) => found });

/** @throws Unreadable naming the place */
export function shaped<R>({ shape }: Reader<R, unknown>, value: unknown): R {
  const { success, data, error } = shape.safeParse(value);
  if (success) return data;
  const [issue] = error.issues;
  throw new Unreadable(`${issue!.path.join('.') || 'the answer'}: ${issue!.message}`);
}
