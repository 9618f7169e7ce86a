/** The size of a request, before it is looked at any closer: reading and checking what is in it takes time and memory. */
import { parseJson } from '@glore/engine';
import { invalid } from './failure.js';
import { checkLimit, type Limits } from './limits.js';

const utf8 = new TextDecoder();
const what = 'characters and list entries in a request';

/** @throws ApiError `limit_exceeded`, `invalid_json` */
export function parseBody(bytes: Buffer, limits: Limits): unknown {
  // Values by the million take seconds to parse.
  checkLimit(limits, 'maxText', signs(bytes), { param: 'the body', what });
  let body: unknown;
  try {
    body = parseJson(utf8.decode(bytes));
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw invalid(`the body: expected JSON, found ${cause.message}`, 'invalid_json');
  }
  const size = sizeOf(body);
  if (size > limits.maxText) checkLimit(limits, 'maxText', size, { param: largest(body), what });
  return body;
}

/** The name of the field that is most of the body. */
function largest(body: unknown): string {
  if (typeof body !== 'object' || body === null) return 'the body';
  const sizes = Object.entries(body).map(([name, value]) => ({ name, size: sizeOf(value) }));
  return sizes.reduce((a, b) => (b.size > a.size ? b : a)).name.slice(0, 40);
}

/** Commas and opening brackets. There are no more of them than `sizeOf` counts. */
function signs(bytes: Buffer): number {
  let count = 0;
  for (const byte of bytes) if (byte === 0x2c || byte === 0x5b || byte === 0x7b) count++;
  return count;
}

/** Characters of texts and names, entries of lists and objects, and these themselves. */
function sizeOf(value: unknown): number {
  let size = 0;
  const left = [value];
  while (left.length > 0) {
    const one = left.pop();
    if (typeof one === 'string') size += one.length;
    else if (typeof one === 'object' && one !== null) {
      const named = Array.isArray(one) ? [] : Object.keys(one);
      const entries: unknown[] = Array.isArray(one) ? one : Object.values(one);
      size += 1 + entries.length + named.reduce((sum, name) => sum + name.length, 0);
      for (const entry of entries) {
        if (typeof entry === 'string' || typeof entry === 'object') left.push(entry);
      }
    }
  }
  return size;
}
