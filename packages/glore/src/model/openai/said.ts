/** What a server says, made fit for messages: on one line, without the key, and with nothing that a terminal would obey. */
import { visible } from '../../visible.js';

/** A key in every spelling that a server may repeat it in. */
export class Secret {
  private readonly spellings: readonly string[];

  constructor(key: string | undefined) {
    this.spellings =
      key === undefined
        ? []
        : [
            key,
            encodeURIComponent(key),
            JSON.stringify(key).slice(1, -1),
            ...[key, `Bearer ${key}`].flatMap((text) =>
              (['base64', 'base64url', 'hex'] as const).map((coding) =>
                Buffer.from(text).toString(coding),
              ),
            ),
          ].map(asciiLower);
  }

  /** The text with [key] for every piece of the key that is long enough to be one, whatever its case. */
  hiddenIn(text: string): string {
    return this.spellings.reduce((left, spelling) => without(left, spelling, leastPiece), text);
  }

  /** The same of pieces of half the key and more: others' words, which are handed on, are left as they are. */
  mostlyHiddenIn(text: string): string {
    return this.spellings.reduce((left, spelling) => {
      const half = Math.ceil(spelling.length / 2);
      return without(left, spelling, Math.max(leastPiece, half));
    }, text);
  }
}

/** Servers show the first or last four characters of a key that they refuse. */
const leastPiece = 4;

/** A key has no other letters, and those whose small letter is two characters (İ) would move the places. */
const asciiLower = (text: string): string =>
  text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());

function without(text: string, secret: string, least: number): string {
  if (secret.length < leastPiece) return text;
  const lower = asciiLower(text);
  let shown = '';
  let at = 0;
  while (at < text.length) {
    let end = at;
    while (end < text.length && secret.includes(lower.slice(at, end + 1))) end++;
    if (end - at >= least) {
      if (!shown.endsWith(mark)) shown += mark;
      at = end;
    } else {
      shown += text[at++];
    }
  }
  return shown;
}

const mark = '[key]';

/** The beginning of what came, fit to be shown. */
export function excerpt(text: string, secret: Secret): string {
  const line = secret.hiddenIn(text.slice(0, read)).replaceAll(/\s+/g, ' ').trim();
  if (line === '') return 'with nothing in it';
  return visible(line.length <= longest ? line : `${line.slice(0, longest)}...`);
}

/** Characters looked at, and shown. */
const read = 2000;
const longest = 300;
