/** Byte-level pairs (GPT-2, Llama 3, Qwen): a text is cut by patterns, its pieces are spelt in bytes and merged. */
import { EngineError } from '../error.js';
import { type Opened, pieces } from './library.js';

/** Text between added tokens <-> tokens as the vocabulary spells them. */
export interface Spelling {
  /** Tokens of a text. */
  encode(text: string): string[];
  /** The text of tokens; bytes that are no UTF-8 become U+FFFD. */
  decode(tokens: readonly string[]): string;
}

/** Whether a tokenizer.json is of this kind; throws `EngineError` "tokenizer-unsupported" if texts would not survive it. */
export function byteLevel({ json, stages, model, decoder }: Opened): Spelling | undefined {
  if (!decoder || json.decoder?.type !== 'ByteLevel') return undefined;
  const compose = json.normalizer?.type === 'NFC';
  // The first stage cuts the text.
  const [cut, ...others] = stages;
  if ((json.normalizer && !compose) || !cut) {
    throw new EngineError(
      'tokenizer-unsupported',
      `expected a byte-level tokenizer.json with normalizer null or NFC and a pre_tokenizer, found normalizer ${json.normalizer?.type ?? null}, ${cut ? 'a' : 'no'} pre_tokenizer; use a tokenizer like Llama 3's or Qwen's`,
    );
  }
  // What follows the cut depends on the piece alone: a piece is worked out once.
  const known = new Map<string, readonly string[]>();
  const tokensOf = (piece: string): readonly string[] => model.encode(pieces(others, piece));
  return {
    encode(text) {
      const tokens: string[] = [];
      for (const piece of cut.pre_tokenize(compose ? text.normalize('NFC') : text)) {
        let found = known.get(piece);
        if (found === undefined) {
          found = tokensOf(piece);
          if (known.size < maxKnown) known.set(piece, found);
        }
        for (const token of found) tokens.push(token);
      }
      return tokens;
    },
    decode: (tokens) => decoder.decode(tokens),
  };
}

/** Pieces remembered by `encode`: far more than a task's words, yet bounded (about 10 MB). */
const maxKnown = 100_000;
