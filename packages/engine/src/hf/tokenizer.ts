// Text <-> token ids: byte-level BPE in the Llama-3 style, so that every text has tokens and comes back exactly.
// A built vocabulary has whole words and no merges (`ignore_merges` finds them); any other word is spelt in bytes.

import { createHash } from 'node:crypto';
import { Tokenizer as Library } from '@huggingface/tokenizers';
import { EngineError } from '../error.js';
import { parseJson } from '../json.js';
import { checkTokenizerShape } from './tokenizer-shape.js';

/** Text <-> token ids. */
export interface Tokenizer {
  /** The ids of plain text (NFC where the tokenizer asks for it): none are added, and the spelling of a special token is text. */
  encode(text: string): number[];
  /** The text of ids; special tokens appear as spelt. Bytes that are no UTF-8 become U+FFFD. */
  decode(ids: readonly number[]): string;
  /** The id of a token as the vocabulary spells it (`<|eos|>`); throws `EngineError` "token-unknown". */
  id(token: string): number;
  /** The number of ids: every id is below it. */
  readonly size: number;
  /** The SHA-256 (hex) of tokenizer.json. */
  readonly hash: string;
}

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
  const { pre } = openParts(tokenizerJson([], {}));
  const words = new Set<string>();
  for (const text of from.texts) {
    for (const word of pre.pre_tokenize(text)) if (word.length > 1) words.add(word);
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
    added_tokens: special.map((content, id) => ({
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: null,
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [
        {
          type: 'Split',
          pattern: { Regex: splitPattern },
          behavior: 'Isolated',
          invert: false,
        },
        { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false },
      ],
    },
    post_processor: null,
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: true,
      vocab,
      merges: [],
    },
  };
  return `${JSON.stringify(json, null, 1)}\n`;
}

/** Opens the text of a byte-level tokenizer.json; throws `EngineError` "tokenizer-invalid" or "tokenizer-unsupported". */
export function openTokenizer(json: string): Tokenizer {
  const { cut, stages, model, decoder, special, compose } = openParts(json);
  // In the library a special token is an ordinary vocabulary entry too; without it, text cannot become one.
  for (const token of special.keys()) model.tokens_to_ids.delete(token);

  const there = (token: string, id: number | undefined): number => {
    if (id !== undefined) return id;
    throw new EngineError(
      'token-unknown',
      `${JSON.stringify(token)} is not in this tokenizer's vocabulary of ${model.vocab.length}; use the model's own tokenizer.json`,
    );
  };
  // What follows the cut depends on the piece alone: a piece is worked out once.
  const known = new Map<string, readonly number[]>();
  const idsOf = (piece: string): readonly number[] => {
    let words = [piece];
    for (const stage of stages) words = stage.pre_tokenize(words);
    return model.encode(words).map((token) => there(token, model.tokens_to_ids.get(token)));
  };

  const tokenOf = (id: number): string => {
    const token = model.vocab[id];
    if (token !== undefined) return token;
    throw new EngineError(
      'token-unknown',
      `decode: expected ids below ${model.vocab.length}, found ${id}`,
    );
  };
  const decodeAll = (ids: readonly number[]): string => decoder.decode(ids.map(tokenOf));
  // Text of each id where it is whole characters; the bytes of a character must be joined before they are read.
  const texts = new Map<number, string>();
  const textOf = (id: number): string => {
    let text = texts.get(id);
    if (text === undefined) {
      text = decodeAll([id]);
      texts.set(id, text);
    }
    return text;
  };

  return {
    encode(text) {
      const ids: number[] = [];
      for (const piece of cut.pre_tokenize(compose ? text.normalize('NFC') : text)) {
        let found = known.get(piece);
        if (found === undefined) {
          found = idsOf(piece);
          if (known.size < maxKnown) known.set(piece, found);
        }
        for (const id of found) ids.push(id);
      }
      return ids;
    },
    decode(ids) {
      let text = '';
      for (const id of ids) text += textOf(id);
      return text.includes('\ufffd') ? decodeAll(ids) : text;
    },
    id(token) {
      return there(token, special.get(token) ?? model.tokens_to_ids.get(token));
    },
    size: model.vocab.length,
    hash: createHash('sha256').update(json).digest('hex'),
  };
}

/** Pieces remembered by `encode`: far more than a task's words, yet bounded (about 10 MB). */
const maxKnown = 100_000;

/** What is used of the library, whose own declarations do not resolve under NodeNext (its imports lack extensions). */
interface Parts {
  readonly normalizer: { readonly config: { readonly type: string } } | null;
  readonly pre_tokenizer: (Cutter & { readonly tokenizers?: readonly Cutter[] }) | null;
  readonly model: {
    readonly vocab: readonly string[];
    readonly tokens_to_ids: Map<string, number>;
    encode(words: readonly string[]): string[];
  };
  readonly decoder: {
    readonly config: { readonly type: string };
    decode(tokens: readonly string[]): string;
  } | null;
  get_added_tokens_decoder(): Map<number, { readonly content: string }>;
}

interface Cutter {
  pre_tokenize(text: string | readonly string[]): string[];
}

/** The library's parts of the tokenizer, after a check that text survives it: at most NFC, bytes in and out. */
function openParts(json: string) {
  let parts: Parts;
  try {
    const value = parseJson(json);
    checkTokenizerShape(value);
    parts = new Library(value, {});
    // What is wrong with a pattern shows when it is used.
    parts.pre_tokenizer?.pre_tokenize('Ann has 3 pens.\n');
  } catch (cause) {
    if (cause instanceof EngineError) throw cause;
    throw new EngineError(
      'tokenizer-invalid',
      'expected the text of a Hugging Face tokenizer.json',
      {
        cause,
      },
    );
  }
  const { normalizer, pre_tokenizer: pre, decoder, model } = parts;
  const compose = normalizer?.config.type === 'NFC';
  // The first stage cuts the text.
  const [cut, ...stages] = pre ? (pre.tokenizers ?? [pre]) : [];
  if ((normalizer && !compose) || !pre || !cut || decoder?.config.type !== 'ByteLevel') {
    throw new EngineError(
      'tokenizer-unsupported',
      `expected a byte-level tokenizer.json (normalizer null or NFC, a pre_tokenizer, decoder ByteLevel), found normalizer ${normalizer?.config.type ?? null}, ${cut ? 'a' : 'no'} pre_tokenizer, decoder ${decoder?.config.type}; use a tokenizer like Llama 3's or Qwen's`,
    );
  }
  const special = new Map<string, number>();
  for (const [id, { content }] of parts.get_added_tokens_decoder()) special.set(content, id);
  return { pre, cut, stages, decoder, model, special, compose };
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
