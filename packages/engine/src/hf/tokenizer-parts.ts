/** Parts of tokenizer.json as Python's tokenizers writes them, fields in its order, for tokenizers that are made here. */
import type { Json } from './json.js';

/** How SentencePiece spells a space. */
export const space = '\u2581';

/** A token that is in a text as it is spelt, or a special one. */
export const addedTokenJson = (content: string, id: number, special: boolean): Json => ({
  id,
  content,
  single_word: false,
  lstrip: false,
  rstrip: false,
  normalized: false,
  special,
});

/** `pre_tokenizer` of byte-level pairs: text is cut by each pattern in turn, then by GPT-2's own where `gpt2` says so. */
export function byteLevelPreTokenizer(patterns: readonly string[], gpt2: boolean): Json {
  const bytes = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: gpt2 };
  if (patterns.length === 0) return bytes;
  return {
    type: 'Sequence',
    pretokenizers: [
      ...patterns.map((Regex) => ({
        type: 'Split',
        pattern: { Regex },
        behavior: 'Isolated',
        invert: false,
      })),
      bytes,
    ],
  };
}

/** `decoder` of byte-level pairs. */
export const byteLevelDecoder = (): Json => ({
  type: 'ByteLevel',
  add_prefix_space: true,
  trim_offsets: true,
  use_regex: true,
});

/** `model` of pairs: the defaults, and what is other than these. */
export function bpeJson(vocab: Json, merges: readonly string[][], settings: Json): Json {
  return {
    type: 'BPE',
    dropout: null,
    unk_token: null,
    continuing_subword_prefix: null,
    end_of_word_suffix: null,
    fuse_unk: false,
    byte_fallback: false,
    ignore_merges: false,
    ...settings,
    vocab,
    merges,
  };
}
