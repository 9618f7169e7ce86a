/** How much one request may ask for. It is measured before anything of it is computed. */
import { invalid } from './failure.js';

export interface Limits {
  /** Characters of a request's texts and entries of its lists, all together. */
  readonly maxText: number;
  /** Choices of a request, over all prompts. */
  readonly maxChoices: number;
  /** Tokens of an answer, each log-probability beside them counted too. */
  readonly maxAnswer: number;
}

const options = {
  maxText: '--max-text',
  maxChoices: '--max-choices',
  maxAnswer: '--max-answer',
} as const;

/** @throws ApiError `limit_exceeded`, which names the field, the most, what was found and the server's option */
export function checkLimit(
  limits: Limits,
  limit: keyof Limits,
  found: number,
  { param, what }: { readonly param: string; readonly what: string },
): void {
  const most = limits[limit];
  if (found <= most) return;
  throw invalid(
    `${param}: expected at most ${most} ${what}, found ${found}; ask for less in a request, or start the server with a larger ${options[limit]}`,
    'limit_exceeded',
    param,
  );
}
