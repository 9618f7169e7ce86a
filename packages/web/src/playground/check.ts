/** Checks of JSON that anybody may have written: each gives the value, or says which field is not what was expected. */

export type Check<T> = (value: unknown, at: string) => T;

/** What is wrong, with the field: `decisions[0].choice: expected .., found ..`. */
export class Unexpected extends Error {
  constructor(at: string, expected: string, found: unknown) {
    super(`${at === '' ? 'the trace' : at}: expected ${expected}, found ${shown(found)}`);
  }
}

export const text: Check<string> = (value, at) => {
  if (typeof value !== 'string') throw new Unexpected(at, 'a text', value);
  return value;
};

export const flag: Check<boolean> = (value, at) => {
  if (typeof value !== 'boolean') throw new Unexpected(at, 'true or false', value);
  return value;
};

export const between =
  (least: number, most: number): Check<number> =>
  (value, at) => {
    if (typeof value === 'number' && value >= least && value <= most) return value;
    const upTo = Number.isFinite(most) ? `a number from ${least} to ${most}` : `${least} or more`;
    throw new Unexpected(at, upTo, value);
  };

export const whole =
  (least: number, most = Number.MAX_SAFE_INTEGER): Check<number> =>
  (value, at) => {
    const isWhole = Number.isSafeInteger(value) && (value as number) >= least;
    if (isWhole && (value as number) <= most) return value as number;
    const upTo = most === Number.MAX_SAFE_INTEGER ? 'on' : `to ${most}`;
    throw new Unexpected(at, `a whole number from ${least} ${upTo}`, value);
  };

export const oneOf =
  <const W extends string | number>(...words: readonly W[]): Check<W> =>
  (value, at) => {
    const found = words.find((word) => word === value);
    if (found === undefined) throw new Unexpected(at, words.join(' or '), value);
    return found;
  };

export const optional =
  <T>(check: Check<T>): Check<T | undefined> =>
  (value, at) =>
    value === undefined ? undefined : check(value, at);

export const listOf =
  <T>(check: Check<T>, least: number, most: number): Check<readonly T[]> =>
  (value, at) => {
    if (!Array.isArray(value) || value.length < least || value.length > most) {
      throw new Unexpected(at, `a list of ${least} to ${most}`, value);
    }
    return value.map((one, i) => check(one, `${at}[${i}]`));
  };

type Fields<T> = {
  readonly [K in keyof T]-?: Check<object extends Pick<T, K> ? T[K] | undefined : T[K]>;
};

/** These fields; others are left out. */
export const objectOf =
  <T extends object>(fields: Fields<T>): Check<T> =>
  (value, at) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new Unexpected(at, `an object with ${Object.keys(fields).join(', ')}`, value);
    }
    const given = value as Readonly<Record<string, unknown>>;
    const read = Object.entries<Check<unknown>>(fields).map(([name, check]) => {
      const own = Object.hasOwn(given, name) ? given[name] : undefined;
      return [name, check(own, at === '' ? name : `${at}.${name}`)] as const;
    });
    return Object.fromEntries(read.filter(([, one]) => one !== undefined)) as T;
  };

function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'an object';
  const written = JSON.stringify(value);
  return written.length > 60 ? `${written.slice(0, 57)}..` : written;
}
