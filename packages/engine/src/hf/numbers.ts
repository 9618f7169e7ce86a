/** Numbers of config.json, and what is said of wrong ones. */
import { EngineError } from '../error.js';
import type { Json } from './json.js';

interface Expected {
  readonly fallback?: number | undefined;
  /** What no model has more of: what comes of it would be numbers without a meaning. */
  readonly most?: number;
  /** The object that the key is in, as "rope_parameters.". */
  readonly within?: string;
}

/** A number above 0. @throws EngineError `config-invalid` */
export function positive(
  json: Json,
  key: string,
  { fallback, most = Infinity, within = '' }: Expected = {},
): number {
  const value = json[key] ?? fallback;
  if (typeof value !== 'number' || !(value > 0) || !Number.isFinite(value) || value > most) {
    const limit = most < Infinity ? ` and at most ${most}` : '';
    throw invalid(`${within}${key}`, value, `a number above 0${limit}`);
  }
  return value;
}

export const invalid = (key: string, found: unknown, expected: string): EngineError =>
  new EngineError(
    'config-invalid',
    `config.json: ${key} must be ${expected}, found ${JSON.stringify(found)}`,
  );
