/** Between text as requests spell it and token ids. */
import type { Tokenizer } from '@glore/engine';
import { specialTokens } from '../../codec/index.js';

const special = new RegExp(
  `(${specialTokens.map((token) => token.replace(/[[\]|+]/g, '\\$&')).join('|')})`,
);

/** The ids of a prompt; unlike in questions, the spelling of a special token is that token. */
export function readPrompt(tokenizer: Tokenizer, text: string): number[] {
  return text
    .split(special)
    .flatMap((part, i) => (i % 2 === 1 ? [tokenizer.id(part)] : tokenizer.encode(part)));
}

/** A prompt without the special tokens in it. */
export const withoutSpecial = (text: string): string =>
  text
    .split(special)
    .filter((_, i) => i % 2 === 0)
    .join('');

/** A token as it is spelt in log-probabilities; a part of a character has no spelling, and is named by its id. */
export function spell(tokenizer: Tokenizer, id: number, byId = false): string {
  const text = byId ? '' : tokenizer.decode([id]);
  return text === '' || text.includes('\ufffd') ? `token_id:${id}` : text;
}

/** Text from tokens as they arrive. It holds back what may be half a character or the beginning of a stop string. */
export class TextReader {
  private readonly tokenizer: Tokenizer;
  private readonly stops: readonly string[];
  private readonly skipped: ReadonlySet<number>;
  /** Text that no later token changes, and the ids of what follows it: they may end within a character. */
  private settled = '';
  private open: number[] = [];
  private given = 0;
  /** A stop string was found: what follows counts for nothing. */
  stopped = false;

  /** `skipped` are tokens that have no text here. */
  constructor(tokenizer: Tokenizer, stops: readonly string[], skipped: ReadonlySet<number>) {
    this.tokenizer = tokenizer;
    this.stops = stops;
    this.skipped = skipped;
  }

  /** Reads a token; gives the text that is certain now. */
  push(id: number): string {
    if (!this.skipped.has(id)) this.open.push(id);
    const text = this.text();
    if (!text.endsWith('\ufffd')) {
      this.settled = text;
      this.open = [];
    }
    // What was given has no beginning of a stop string at its end.
    const ends = this.stops.map((stop) => text.indexOf(stop, this.given)).filter((at) => at >= 0);
    if (ends.length > 0) {
      this.stopped = true;
      return this.upTo(text, Math.min(...ends));
    }
    const whole = text.replace(/\ufffd+$/, '');
    return this.upTo(whole, whole.length - longestBeginning(whole, this.stops));
  }

  /** The text that was held back, once no token follows. */
  end(): string {
    if (this.stopped) return '';
    const text = this.text();
    return this.upTo(text, text.length);
  }

  private text(): string {
    return this.settled + this.tokenizer.decode(this.open);
  }

  private upTo(text: string, end: number): string {
    const fresh = text.slice(this.given, end);
    this.given = Math.max(this.given, end);
    return fresh;
  }
}

/** Length of the longest end of the text with which a stop string begins. */
function longestBeginning(text: string, stops: readonly string[]): number {
  let longest = 0;
  for (const stop of stops) {
    for (let length = Math.min(stop.length - 1, text.length); length > longest; length--) {
      if (text.endsWith(stop.slice(0, length))) longest = length;
    }
  }
  return longest;
}
