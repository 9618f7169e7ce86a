/** The values of options. */
import { InvalidArgumentError } from 'commander';

export function share(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= 0 && value <= 1) return value;
  throw new InvalidArgumentError('expected a number from 0 to 1.');
}

export const wholeNumber =
  (least: number, most = Number.MAX_SAFE_INTEGER) =>
  (text: string): number => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    const range = most === Number.MAX_SAFE_INTEGER ? `from ${least}` : `from ${least} to ${most}`;
    throw new InvalidArgumentError(`expected a whole number ${range}.`);
  };

/** The values of an option that is given several times. */
export const several = (value: string, before: readonly string[] = []): string[] => [
  ...before,
  value,
];

/** What is said of an option that is refused, without the value that it was given, which may be a secret. */
export const withoutValues = (said: string): string =>
  said
    .replace(/ argument '[\s\S]*' is invalid\./, ' is invalid:')
    .replace(/unknown option '(--?[A-Za-z]+(?:-[A-Za-z]+)*)?[\s\S]*?'(?=\n|$)/, (_, name = '') =>
      name === '' ? 'unknown option' : `unknown option '${name}'`,
    );
