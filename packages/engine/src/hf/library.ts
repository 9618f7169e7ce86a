/** What is used of @huggingface/tokenizers, whose own declarations do not resolve under NodeNext (its imports lack extensions). */
import { Tokenizer as Library } from '@huggingface/tokenizers';
import { EngineError } from '../error.js';
import { parseJson } from '../json.js';
import { checkTokenizerShape, type PartsJson } from './tokenizer-shape.js';

/** A token that is in a text as it is spelt, or a special one. */
export interface AddedToken {
  readonly id: number;
  readonly content: string;
  readonly special: boolean;
  readonly single_word: boolean;
  readonly lstrip: boolean;
  readonly rstrip: boolean;
}

interface Cutter {
  pre_tokenize(text: string | readonly string[]): string[];
}

interface Parts {
  readonly pre_tokenizer: (Cutter & { readonly tokenizers?: readonly Cutter[] }) | null;
  readonly model: {
    readonly vocab: readonly string[];
    readonly tokens_to_ids: Map<string, number>;
    encode(words: readonly string[]): string[];
  };
  readonly decoder: { decode(tokens: readonly string[]): string } | null;
  get_added_tokens_decoder(): Map<number, AddedToken>;
}

/** A tokenizer.json, and what the library has made of it. */
export interface Opened {
  readonly json: PartsJson;
  /** The stages that cut a text, in turn. */
  readonly stages: readonly Cutter[];
  readonly model: Parts['model'];
  readonly decoder: Parts['decoder'];
  readonly added: readonly AddedToken[];
}

/** Pieces after some stages, each of which cuts what those before it gave. */
export const pieces = (stages: readonly Cutter[], text: string): readonly string[] =>
  stages.reduce<readonly string[]>((words, stage) => stage.pre_tokenize(words), [text]);

/** Throws `EngineError` "tokenizer-invalid" for what is no tokenizer.json. */
export function openLibrary(text: string): Opened {
  try {
    const json = parseJson(text);
    checkTokenizerShape(json);
    const parts: Parts = new Library(json, {});
    const { pre_tokenizer: pre, model, decoder } = parts;
    const stages = pre ? (pre.tokenizers ?? [pre]) : [];
    // What is wrong with a pattern shows when it is used.
    pre?.pre_tokenize('Ann has 3 pens.\n');
    return { json, stages, model, decoder, added: [...parts.get_added_tokens_decoder().values()] };
  } catch (cause) {
    if (cause instanceof EngineError) throw cause;
    throw new EngineError(
      'tokenizer-invalid',
      'expected the text of a Hugging Face tokenizer.json',
      { cause },
    );
  }
}
