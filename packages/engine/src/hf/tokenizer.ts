// Text <-> token ids, so that every text has tokens and comes back exactly: byte-level pairs in the style of GPT-2, Llama 3 and
// Qwen, or SentencePiece's. A built vocabulary has whole words and no merges (`ignore_merges` finds them); any other word is
// spelt in bytes.

import { createHash } from 'node:crypto';
import { EngineError } from '../error.js';
import { byteLevel } from './bytelevel.js';
import { type AddedToken, openLibrary } from './library.js';
import { sentencePiece } from './sentencepiece.js';

/** Text <-> token ids. */
export interface Tokenizer {
  /**
   * The ids of plain text (NFC where the tokenizer asks for it): none are added, and the spelling of a special token is text.
   * A byte that the vocabulary lacks is left out, as transformers does.
   */
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
 * Opens the text of a tokenizer.json of pairs, byte-level or SentencePiece's; throws `EngineError` "tokenizer-invalid" or
 * "tokenizer-unsupported".
 */
export function openTokenizer(json: string): Tokenizer {
  const known = recent.find((one) => one.json === json);
  if (known) return known.tokenizer;
  const tokenizer = opened(json);
  // A vocabulary of 150,000 tokens takes seconds to open, and is asked for by all that read a model.
  recent.unshift({ json, tokenizer });
  recent.length = Math.min(recent.length, 3);
  return tokenizer;
}

const recent: { readonly json: string; readonly tokenizer: Tokenizer }[] = [];

function opened(json: string): Tokenizer {
  const parts = openLibrary(json);
  const { model, added } = parts;
  const spelling = byteLevel(parts) ?? sentencePiece(parts);
  if (!spelling) {
    throw new EngineError(
      'tokenizer-unsupported',
      `expected a tokenizer.json of byte pairs with decoder ByteLevel, or of SentencePiece's pairs, found model ${parts.json.model.type}, decoder ${parts.json.decoder?.type ?? null}; use a tokenizer like Llama's or Qwen's`,
    );
  }
  const special = new Map<string, number>();
  const plain = new Map<string, number>();
  for (const { content, id, special: isSpecial } of added) {
    (isSpecial ? special : plain).set(content, id);
    // In the library a special token is an ordinary vocabulary entry too; without it, text cannot become one.
    if (isSpecial) model.tokens_to_ids.delete(content);
  }
  const sections = splitter(added.filter((token) => !token.special));

  const there = (token: string, id: number | undefined): number => {
    if (id !== undefined) return id;
    throw new EngineError(
      'token-unknown',
      `${JSON.stringify(token)} is not in this tokenizer's vocabulary of ${model.vocab.length}; use the model's own tokenizer.json`,
    );
  };
  const idOf = (token: string): number =>
    there(token, model.tokens_to_ids.get(token) ?? plain.get(token) ?? special.get(token));
  const tokenOf = (id: number): string => {
    const token = model.vocab[id];
    if (token !== undefined) return token;
    throw new EngineError(
      'token-unknown',
      `decode: expected ids below ${model.vocab.length}, found ${id}`,
    );
  };
  const decodeAll = (ids: readonly number[]): string => spelling.decode(ids.map(tokenOf));
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
      for (const section of sections(text)) {
        const whole = plain.get(section);
        if (whole !== undefined) ids.push(whole);
        else for (const token of spelling.encode(section)) ids.push(idOf(token));
      }
      return ids;
    },
    decode(ids) {
      let text = '';
      for (const id of ids) text += textOf(id);
      return text.includes('\ufffd') ? decodeAll(ids) : text;
    },
    id(token) {
      return there(token, special.get(token) ?? plain.get(token) ?? model.tokens_to_ids.get(token));
    },
    size: model.vocab.length,
    hash: createHash('sha256').update(json).digest('hex'),
  };
}

/** Cuts a text at added tokens that are no special ones, the longest first: in text too they are themselves. */
function splitter(tokens: readonly AddedToken[]): (text: string) => readonly string[] {
  if (tokens.length === 0) return (text) => (text === '' ? [] : [text]);
  const strict = tokens.find((token) => token.single_word || token.lstrip || token.rstrip);
  if (strict) {
    throw new EngineError(
      'tokenizer-unsupported',
      `the added token ${JSON.stringify(strict.content)} takes the spaces beside it, or whole words alone: this engine would lose text; use another tokenizer.json`,
    );
  }
  const spellings = tokens.map(({ content }) => content).sort((a, b) => b.length - a.length);
  const pattern = new RegExp(
    `(${spellings.map((one) => one.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')).join('|')})`,
  );
  return (text) => text.split(pattern).filter((section) => section !== '');
}
