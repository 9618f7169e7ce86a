/**
 * SentencePiece's pairs as Hugging Face keeps them (Llama 2, Mistral, Gemma): spaces become the letter U+2581, pairs are merged
 * over the whole text, signs that the vocabulary lacks are spelt in bytes.
 *
 * The space that some put before a whole text is left out: texts are tokenised in parts here and joined. So U+2581 in a text is
 * the one sign that does not come back.
 */
import { EngineError } from '../error.js';
import type { Spelling } from './bytelevel.js';
import type { Opened } from './library.js';
import { space } from './tokenizer-parts.js';
import type { PartJson } from './tokenizer-shape.js';

/** Whether a tokenizer.json is of this kind; throws `EngineError` "tokenizer-unsupported" if texts would not survive it. */
export function sentencePiece({ json, model }: Opened): Spelling | undefined {
  const { normalizer, pre_tokenizer: pre, decoder } = json;
  const spaced =
    decoder?.type === 'Metaspace' || (decoder?.decoders ?? []).some(isReplaced(space, ' '));
  if (!spaced) return undefined;
  const normalizers = normalizer ? (normalizer.normalizers ?? [normalizer]) : [];
  const replaces = normalizers.some(isReplaced(' ', space));
  const understood =
    normalizers.every((one) => one.type === 'Prepend' || isReplaced(' ', space)(one)) &&
    // Cutting at spaces is none where there are none any more, as in Gemma's.
    (pre?.type === 'Metaspace'
      ? pre.split === false
      : replaces && (!pre || (pre.type === 'Split' && pre.pattern?.String === ' ')));
  if (!understood) {
    throw new EngineError(
      'tokenizer-unsupported',
      "expected a SentencePiece tokenizer.json whose normalizer or pre_tokenizer makes spaces U+2581 and no more, found another; use a tokenizer like Llama 2's, Mistral's or Gemma's",
    );
  }
  const known = new Map<string, readonly string[]>();
  const bytesOf = (token: string): Buffer => {
    const byte = /^<0x([0-9A-F]{2})>$/.exec(token)?.[1];
    return byte === undefined
      ? Buffer.from(token.replaceAll(space, ' '))
      : Buffer.of(Number.parseInt(byte, 16));
  };
  return {
    encode(text) {
      const short = text.length <= longestKnown;
      let tokens = short ? known.get(text) : undefined;
      if (tokens === undefined) {
        tokens = model.encode([text.replaceAll(' ', space)]);
        if (short && known.size < maxKnown) known.set(text, tokens);
      }
      return [...tokens];
    },
    decode: (tokens) => Buffer.concat(tokens.map(bytesOf)).toString('utf8'),
  };
}

/** Lines are what is encoded again and again. */
const longestKnown = 200;
const maxKnown = 20_000;

const isReplaced =
  (from: string, to: string) =>
  ({ type, content, pattern }: PartJson): boolean =>
    type === 'Replace' && content === to && pattern?.String === from;
