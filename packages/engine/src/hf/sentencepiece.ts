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

const space = '\u2581';

/** Whether a tokenizer.json is of this kind; throws `EngineError` "tokenizer-unsupported" if texts would not survive it. */
export function sentencePiece({
  normalizer,
  pre,
  hasPre,
  model,
  decoder,
}: Opened): Spelling | undefined {
  const decoders = decoder?.config.decoders ?? [];
  const spaced = decoder?.config.type === 'Metaspace' || decoders.some(isReplaced(space, ' '));
  if (!spaced || model.config.type !== 'BPE') return undefined;
  const normalizers = normalizer ? (normalizer.config.normalizers ?? [normalizer.config]) : [];
  const metaspace = pre.config?.type === 'Metaspace';
  const understood =
    normalizers.every((one) => one.type === 'Prepend' || isReplaced(' ', space)(one)) &&
    (metaspace ? pre.config?.split === false : !hasPre || isSplitAtSpaces(pre.config)) &&
    (metaspace || normalizers.some(isReplaced(' ', space)));
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
  (part: Record<string, unknown>): boolean =>
    part.type === 'Replace' &&
    part.content === to &&
    (part.pattern as { String?: unknown } | undefined)?.String === from;

/** Gemma's, after whose normalizer there are none. */
const isSplitAtSpaces = (config: Record<string, unknown> | undefined): boolean =>
  config?.type === 'Split' && (config.pattern as { String?: unknown } | undefined)?.String === ' ';
