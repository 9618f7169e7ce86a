/** What is wrong with a value, in words that name what was expected and what was found. */
import type { z } from 'zod';

/** What would have been right. */
export function expectation(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return kinds[issue.expected] ?? issue.expected;
    case 'invalid_value':
      return issue.values.map((value) => JSON.stringify(value)).join(' or ');
    case 'too_small':
      if (issue.origin === 'string') return 'some text';
      return `${issue.inclusive ? 'at least' : 'more than'} ${issue.minimum}${unitOf(issue)}`;
    case 'too_big':
      return `at most ${issue.maximum}${unitOf(issue)}`;
    case 'unrecognized_keys':
      return `no key ${issue.keys.map(keyShown).join(', ')}`;
    case 'invalid_key':
      return issue.issues[0] ? expectation(issue.issues[0]) : issue.message;
    case 'invalid_union':
      return issue.message === 'Invalid input' ? 'another value' : issue.message;
    default:
      return issue.message;
  }
}

const kinds: Readonly<Record<string, string>> = {
  int: 'a whole number',
  number: 'a number',
  string: 'text',
  boolean: 'true or false',
  object: 'a map of keys',
  record: 'a map of keys',
  tuple: 'a list',
  array: 'a list',
  null: 'nothing',
};

const unitOf = ({ origin }: { readonly origin: string }): string =>
  origin === 'array' ? ' items' : '';

/** Where in a value, as in "endpoints.local.url". */
export const pathShown = (path: readonly PropertyKey[]): string => path.map(keyShown).join('.');

/** A key as it is shown: what is no plain name or number may be a secret in the wrong place. */
export const keyShown = (key: PropertyKey): string =>
  typeof key === 'number' || (plainName.test(String(key)) && !secret.test(String(key)))
    ? String(key)
    : '(another name)';

const plainName = /^(?:\d{1,9}|[A-Za-z]+(?:[-_.]?[A-Za-z]+)*(?:[-_.]?\d{1,2})?)$/;
/** What the keys of many services begin with. */
const secret = /^(?:sk|pk|rk|hf|gsk|gh[a-z]|glpat|xox[a-z]|key|token|bearer|secret)[-_]/i;

/** A name as it is shown, in the same way. */
export const nameShown = (name: string): string =>
  keyShown(name) === name ? `"${name}"` : 'another name';

/** The name of an environment variable as it is shown: what does not look like one may be the key itself. */
export const variableShown = (name: string): string =>
  /^[A-Z]{1,24}(_[A-Z0-9]{1,12}){0,5}$/.test(name) ? name : 'that it names';

/** A value as it is shown: whole if it is short, and no text that may have a password or a key in it. */
export function valueShown(value: unknown, at: readonly PropertyKey[] = []): string {
  if (value === undefined || value === null) return 'nothing';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (at.some((key) => key === 'endpoints' || key === 'models')) return `another ${kindOf(value)}`;
  const text = jsonOf(value);
  if (text === undefined || /:\/\/|@|\bsk-/.test(text)) return `another ${kindOf(value)}`;
  return text.length <= 60 ? text : `${text.slice(0, 60)}...`;
}

/** The value as JSON; undefined where it is nested too deeply for that. */
function jsonOf(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'list';
  return typeof value === 'string' ? 'text' : 'map of keys';
}

/** What a path leads to in a value; undefined where it leads nowhere. */
export const valueAt = (value: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>(
    (map, key) =>
      typeof map === 'object' && map !== null && Object.hasOwn(map, key)
        ? (map as Record<PropertyKey, unknown>)[key]
        : undefined,
    value,
  );
