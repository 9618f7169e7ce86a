/** Vocabularies of one's own, and special tokens added to those of others. */
import { EngineError } from '../error.js';
import { openLibrary, pieces } from './library.js';
import {
  addedTokenJson,
  bpeJson,
  byteLevelDecoder,
  byteLevelPreTokenizer,
} from './tokenizer-parts.js';

/**
 * Words with their space, single digits without one (so that numbers line up by digit), each newline alone, each sign
 * alone but for runs of `#` (headings). Every character matches one branch, hence nothing is lost.
 */
export const splitPattern = ' ?\\p{L}+|\\p{N}|\\n| ?(?:#+|[^\\s\\p{L}\\p{N}])|\\s';

/**
 * Makes a tokenizer.json: ids are the special tokens as given, then the 256 bytes, then every word of the texts, sorted.
 * Throws `EngineError` "tokenizer-special" when a special token is also an ordinary one.
 */
export function buildTokenizer(from: {
  texts: Iterable<string>;
  special: readonly string[];
}): string {
  const { stages } = openLibrary(tokenizerJson([], {}));
  const words = new Set<string>();
  for (const text of from.texts) {
    for (const word of pieces(stages, text)) if (word.length > 1) words.add(word);
  }
  const vocabulary = [...from.special, ...byteSymbols(), ...[...words].sort()];
  const vocab = Object.fromEntries(vocabulary.map((token, id) => [token, id]));
  for (const [id, token] of from.special.entries()) {
    if (token === '' || vocab[token] !== id) {
      throw new EngineError(
        'tokenizer-special',
        `special token ${JSON.stringify(token)}: expected a spelling of its own, found it empty, twice or as a word; spell it like <|name|>`,
      );
    }
  }
  return tokenizerJson(from.special, vocab);
}

/** The text of tokenizer.json as Python's tokenizers writes it. */
function tokenizerJson(special: readonly string[], vocab: Record<string, number>): string {
  const json = {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: special.map((token, id) => addedTokenJson(token, id, true)),
    normalizer: null,
    pre_tokenizer: byteLevelPreTokenizer([splitPattern], false),
    post_processor: null,
    decoder: byteLevelDecoder(),
    model: bpeJson(vocab, [], { ignore_merges: true }),
  };
  return `${JSON.stringify(json, null, 1)}\n`;
}

/** The 256 bytes as GPT-2 spells them: printable Latin-1 as itself, the others as U+0100 and up. */
export function byteSymbols(): string[] {
  let unprintable = 0;
  return Array.from({ length: 256 }, (_, byte) => {
    const printable =
      (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xff && byte !== 0xad);
    return String.fromCodePoint(printable ? byte : 0x100 + unprintable++);
  });
}

/**
 * The text of a tokenizer.json with special tokens behind its own, those that it lacks; their ids follow on one another.
 * Throws `EngineError` "tokenizer-invalid" for what is no tokenizer.json, "tokenizer-special" where one is an ordinary token.
 */
export function addSpecialTokens(tokenizer: string, special: readonly string[]): string {
  const json = parsed(tokenizer);
  const known = new Map(json.added_tokens.map((token) => [token.content, token]));
  const lacked = special.filter((token) => known.get(token)?.special !== true);
  if (lacked.length === 0) return tokenizer;
  const ordinary = lacked.find(
    (token) => known.has(token) || Object.hasOwn(json.model.vocab, token),
  );
  if (ordinary !== undefined) {
    throw new EngineError(
      'tokenizer-special',
      `special token ${JSON.stringify(ordinary)}: expected a spelling that is no token of this tokenizer.json yet, found it as an ordinary one; use another base`,
    );
  }
  let next = 0;
  for (const id of Object.values(json.model.vocab)) next = Math.max(next, id + 1);
  for (const { id } of json.added_tokens) next = Math.max(next, id + 1);
  const added = lacked.map((token, i) => addedTokenJson(token, next + i, true));
  return `${JSON.stringify({ ...json, added_tokens: [...json.added_tokens, ...added] })}\n`;
}

/** What is read of a tokenizer.json here. */
interface Tokens {
  readonly added_tokens: readonly {
    readonly id: number;
    readonly content: string;
    readonly special: boolean;
  }[];
  readonly model: { readonly vocab: Readonly<Record<string, number>> };
}

function parsed(tokenizer: string): Tokens {
  let json: Partial<Tokens> | null = null;
  try {
    json = JSON.parse(tokenizer);
  } catch {
    // reported below
  }
  const { added_tokens = [], model } = json ?? {};
  const ids = [...Object.values(model?.vocab ?? {}), ...added_tokens.map(({ id }) => id)];
  if (json && model?.vocab && ids.every(Number.isSafeInteger))
    return { ...json, added_tokens, model };
  throw new EngineError(
    'tokenizer-invalid',
    'expected the text of a Hugging Face tokenizer.json with a vocabulary of pairs, found another',
  );
}
