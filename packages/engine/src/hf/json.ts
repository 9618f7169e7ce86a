/** JSON files of a Hugging Face folder. */
import { EngineError } from '../error.js';
import { readWhole } from '../files.js';
import { parseJson } from '../json.js';

/** Any JSON object, as parsed. */
export type Json = Record<string, unknown>;

/** The object in a file; throws `EngineError` of the given code, naming the file, where there is none. */
export async function readJson(path: string, code: string): Promise<Json> {
  let value: unknown;
  try {
    value = parseJson((await readWhole(path)).toString('utf8'));
  } catch (cause) {
    if (cause instanceof EngineError) throw cause;
    throw new EngineError(code, `${path}: expected JSON`, { cause });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new EngineError(code, `${path}: expected a JSON object`);
  }
  return value as Json;
}
