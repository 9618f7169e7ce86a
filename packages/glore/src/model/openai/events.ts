/** Server-sent events in a response, read as they come. */
import { parseJson } from '@glore/engine';
import type { Dispatcher } from 'undici';
import { readBody, upTo } from './body.js';
import { Unreadable, UnreadableBytes } from './reading.js';

/** What is made of the events of one answer. */
export interface Fold {
  /** Takes the next one; true if what follows does not matter. @throws Unreadable */
  take(event: unknown): boolean;
  /** The object that the answer would have been without a stream. */
  readonly whole: unknown;
}

/** What every stream of OpenAI's interface ends with. */
const endMark = '[DONE]';
/** Characters that are kept to be shown. */
const longestShown = 2000;

/**
 * Reads events up to the end mark into `fold`; gives the beginning of what came.
 *
 * @throws Unreadable for more bytes, an event that is no JSON or makes no sense, and an end without the mark
 */
export async function readEvents(
  body: Dispatcher.ResponseData['body'],
  { encoding, most }: { readonly encoding: string; readonly most: number },
  fold: Fold,
): Promise<string> {
  const isPlain = /^(identity)?$/i.test(encoding.trim());
  const chunks = isPlain
    ? upTo(body, most)
    : [await readBody(body, { encoding, most, cut: false })];
  let shown = '';
  for await (const data of eventsIn(chunks)) {
    if (data.trim() === endMark) return shown;
    if (shown.length < longestShown) shown += `data: ${data.slice(0, longestShown)}\n`;
    if (taken(data, fold)) return shown;
  }
  throw new UnreadableBytes(`a stream that ends without ${endMark}`, shown);
}

function taken(data: string, fold: Fold): boolean {
  try {
    return fold.take(parseJson(data));
  } catch (error) {
    const shown = data.slice(0, longestShown);
    if (error instanceof SyntaxError) throw new UnreadableBytes('an event that is no JSON', shown);
    throw error instanceof Unreadable ? new UnreadableBytes(error.message, shown) : error;
  }
}

/** The data of each event. */
export async function* eventsIn(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<string> {
  let data: string[] = [];
  for await (const line of linesIn(chunks)) {
    if (line.startsWith('data:')) data.push(line.slice(5).replace(/^ /, ''));
    if (line !== '' || data.length === 0) continue;
    yield data.join('\n');
    data = [];
  }
  if (data.length > 0) yield data.join('\n');
}

/** Lines, whichever of the three ways they end in; the last may have no end. */
async function* linesIn(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<string> {
  const utf8 = new TextDecoder('utf-8', { fatal: true });
  const decoded = (chunk?: Uint8Array): string => {
    try {
      return chunk ? utf8.decode(chunk, { stream: true }) : utf8.decode();
    } catch {
      throw new UnreadableBytes('a stream that is no UTF-8', line);
    }
  };
  let line = '';
  let afterReturn = false;
  for await (const chunk of chunks) {
    const text = decoded(chunk);
    if (text === '') continue;
    // The second half of an end that two chunks share.
    const own = afterReturn && text.startsWith('\n') ? text.slice(1) : text;
    afterReturn = text.endsWith('\r');
    const [first, ...others] = own.split(/\r\n|\n|\r/);
    line += first;
    for (const next of others) {
      yield line;
      line = next;
    }
  }
  line += decoded();
  if (line !== '') yield line;
}
