/** What is used of @huggingface/tokenizers, whose own declarations do not resolve under NodeNext (its imports lack extensions). */
import { Tokenizer as Library } from '@huggingface/tokenizers';
import { EngineError } from '../error.js';

/** A token that is in a text as it is spelt, or a special one. */
export interface AddedToken {
  readonly id: number;
  readonly content: string;
  readonly special: boolean;
  readonly single_word: boolean;
  readonly lstrip: boolean;
  readonly rstrip: boolean;
}

export interface Part {
  readonly config: {
    readonly type: string;
    readonly normalizers?: readonly Record<string, unknown>[];
    readonly decoders?: readonly Record<string, unknown>[];
    readonly [key: string]: unknown;
  };
}

export interface Cutter {
  readonly config?: Part['config'];
  pre_tokenize(text: string | readonly string[]): string[];
}

interface Parts {
  readonly normalizer: Part | null;
  readonly pre_tokenizer: (Cutter & { readonly tokenizers?: readonly Cutter[] }) | null;
  readonly model: {
    readonly config: Part['config'];
    readonly vocab: readonly string[];
    readonly tokens_to_ids: Map<string, number>;
    encode(words: readonly string[]): string[];
  };
  readonly decoder: (Part & { decode(tokens: readonly string[]): string }) | null;
  get_added_tokens_decoder(): Map<number, AddedToken>;
}

/** The parts of a tokenizer.json. */
export interface Opened {
  readonly normalizer: Parts['normalizer'];
  readonly pre: NonNullable<Parts['pre_tokenizer']>;
  readonly hasPre: boolean;
  readonly model: Parts['model'];
  readonly decoder: Parts['decoder'];
  readonly added: readonly AddedToken[];
}

/** Throws `EngineError` "tokenizer-invalid" for what is no tokenizer.json. */
export function openLibrary(json: string): Opened {
  try {
    const parts: Parts = new Library(JSON.parse(json), {});
    return {
      normalizer: parts.normalizer,
      pre: parts.pre_tokenizer ?? {
        pre_tokenize: (text) => (typeof text === 'string' ? [text] : [...text]),
      },
      hasPre: parts.pre_tokenizer !== null,
      model: parts.model,
      decoder: parts.decoder,
      added: [...parts.get_added_tokens_decoder().values()],
    };
  } catch (cause) {
    throw new EngineError(
      'tokenizer-invalid',
      'expected the text of a Hugging Face tokenizer.json',
      { cause },
    );
  }
}
