/**
 * The vocabulary of a GGUF file as tokenizer.json and tokenizer_config.json: byte-level pairs (`gpt2`) with the cutting that
 * llama.cpp's name for it stands for, or SentencePiece's pairs (`llama`), whose merges follow from the scores.
 */
import { EngineError } from '../error.js';
import {
  addedTokenJson,
  bpeJson,
  byteLevelDecoder,
  byteLevelPreTokenizer,
  type Json,
  openTokenizer,
  space,
} from '../hf/index.js';
import { type Cutting, cuttings } from './patterns.js';
import type { GgufFile, MetadataValue } from './read.js';
import { tokenTypes } from './vocabulary.js';

/** The tokenizer of an imported model. */
export interface ImportedTokenizer {
  /** The text of tokenizer.json. */
  readonly tokenizer: string;
  readonly tokenizerConfig: Json;
  /** `bos_token_id`, `eos_token_id` and `pad_token_id`, as config.json and generation_config.json have them. */
  readonly tokens: Json;
}

/**
 * Reads the vocabulary of exactly `size` tokens. Throws `EngineError` "gguf-invalid" where it is damaged or of another size,
 * "gguf-unsupported" for a kind of tokenizer that is not imported.
 */
export function tokenizerOf(file: GgufFile, size: number): ImportedTokenizer {
  const facts = new Vocabulary(file);
  const { tokens, types } = facts;
  if (tokens.length !== size) {
    throw facts.invalid(
      'tokens',
      `one for each of the ${size} rows of token_embd.weight`,
      `${tokens.length}`,
    );
  }
  const model = facts.get('model');
  if (model !== 'gpt2' && model !== 'llama') {
    throw facts.unsupported(`model is ${JSON.stringify(model)}, imported are gpt2 and llama`);
  }
  const bos = facts.id('bos_token_id');
  const eos = facts.id('eos_token_id');
  const unknown = facts.id('unknown_token_id');
  const pad = facts.id('padding_token_id');
  // An end of turn ends a text too.
  const turn = facts.id('eot_token_id');
  const ends = [...new Set([eos, turn].filter((id) => id !== undefined))];
  const pieces = model === 'llama' ? tokens.map(respelt) : tokens;
  const parts =
    model === 'llama' ? sentencePiece(facts, pieces, unknown) : byteLevel(facts, pieces);
  const addBos = facts.flag('add_bos_token', parts.addBos);
  const addEos = facts.flag('add_eos_token', false);
  const wrapped = [
    ...(addBos && bos !== undefined ? [bos] : []),
    undefined,
    ...(addEos && eos !== undefined ? [eos] : []),
  ];
  const json = {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: pieces.flatMap((content, id) => {
      const special = isSpecial(types[id]);
      if (!special && types[id] !== tokenTypes.userDefined) return [];
      return [addedTokenJson(content, id, special)];
    }),
    normalizer: parts.normalizer,
    pre_tokenizer: parts.preTokenizer,
    post_processor: wrapped.length > 1 ? template(wrapped, pieces) : null,
    decoder: parts.decoder,
    model: parts.model,
  };
  const tokenizer = `${JSON.stringify(json)}\n`;
  openTokenizer(tokenizer);
  const spelt = (id: number | undefined) => (id === undefined ? null : pieces[id]!);
  const chat = file.metadata.get('tokenizer.chat_template');
  return {
    tokenizer,
    tokenizerConfig: {
      tokenizer_class: 'PreTrainedTokenizerFast',
      clean_up_tokenization_spaces: false,
      add_bos_token: addBos,
      add_eos_token: addEos,
      bos_token: spelt(bos),
      eos_token: spelt(eos),
      unk_token: spelt(unknown),
      pad_token: spelt(pad),
      ...(typeof chat === 'string' && { chat_template: chat }),
    },
    tokens: {
      bos_token_id: bos ?? null,
      eos_token_id: ends.length > 1 ? ends : (ends[0] ?? null),
      pad_token_id: pad ?? null,
    },
  };
}

interface Parts {
  readonly normalizer: Json | null;
  readonly preTokenizer: Json | null;
  readonly decoder: Json;
  readonly model: Json;
  /** What llama.cpp assumes where the file does not say. */
  readonly addBos: boolean;
}

function byteLevel(facts: Vocabulary, pieces: readonly string[]): Parts {
  const pre = facts.get('pre') ?? 'default';
  const cutting: Cutting | undefined = typeof pre === 'string' ? cuttings.get(pre) : undefined;
  if (!cutting) {
    throw facts.unsupported(
      `pre is ${JSON.stringify(pre)}, imported are ${[...cuttings.keys()].join(', ')}`,
    );
  }
  const vocab = vocabularyOf(facts, pieces);
  const merges = facts.texts('merges').map((merge, i) => {
    const pair = merge.split(' ');
    if (pair.length === 2 && Object.hasOwn(vocab, pair.join(''))) return pair;
    throw facts.invalid(
      'merges',
      `two pieces of a token as merge ${i + 1}`,
      JSON.stringify(merge.slice(0, 100)),
    );
  });
  return {
    normalizer: cutting.compose ? { type: 'NFC' } : null,
    preTokenizer: byteLevelPreTokenizer(cutting.splits, cutting.gpt2),
    decoder: byteLevelDecoder(),
    model: bpeJson(vocab, merges, { ignore_merges: cutting.whole === true }),
    addBos: cutting.whole === true,
  };
}

/** Gemma's and Llama 2's kind: spaces become a letter, pairs are merged over whole texts, unknown signs are bytes. */
function sentencePiece(facts: Vocabulary, pieces: readonly string[], unknown?: number): Parts {
  const { types } = facts;
  const vocab = vocabularyOf(facts, pieces);
  const scores = facts.numbers('scores', pieces.length);
  const replace = { type: 'Replace', pattern: { String: ' ' }, content: space };
  const prefix = facts.flag('add_space_prefix', true);
  const fallback = types.includes(tokenTypes.byte);
  return {
    normalizer: prefix
      ? { type: 'Sequence', normalizers: [{ type: 'Prepend', prepend: space }, replace] }
      : replace,
    preTokenizer: null,
    decoder: {
      type: 'Sequence',
      decoders: [
        { type: 'Replace', pattern: { String: space }, content: ' ' },
        ...(fallback ? [{ type: 'ByteFallback' }] : []),
        { type: 'Fuse' },
        ...(prefix ? [{ type: 'Strip', content: ' ', start: 1, stop: 0 }] : []),
      ],
    },
    model: bpeJson(vocab, mergesFrom(pieces, types, scores), {
      unk_token: unknown === undefined ? null : pieces[unknown]!,
      fuse_unk: true,
      byte_fallback: fallback,
    }),
    addBos: true,
  };
}

/**
 * The merges of a SentencePiece vocabulary: every cut of a piece into two pieces, those of better pieces first. Scores fall
 * with the ids where they say anything; pieces that were added by hand have none, and their place says it for them.
 */
function mergesFrom(
  pieces: readonly string[],
  types: readonly number[],
  scores: readonly number[],
): string[][] {
  const usable = new Map<string, number>();
  pieces.forEach((piece, id) => {
    if (types[id] === tokenTypes.normal || types[id] === tokenTypes.userDefined)
      usable.set(piece, id);
  });
  let falling = true;
  let last = Infinity;
  for (const [, id] of usable) {
    if (types[id] !== tokenTypes.normal) continue;
    if (scores[id]! > last) falling = false;
    last = scores[id]!;
  }
  const found: { left: string; right: string; rank: number; ids: [number, number] }[] = [];
  for (const [piece, id] of usable) {
    for (let cut = 1; cut < piece.length; cut++) {
      const [left, right] = [piece.slice(0, cut), piece.slice(cut)];
      const [first, second] = [usable.get(left), usable.get(right)];
      if (first === undefined || second === undefined) continue;
      found.push({ left, right, rank: falling ? -id : scores[id]!, ids: [first, second] });
    }
  }
  // As Hugging Face's converter orders them.
  found.sort(
    (a, b) =>
      b.rank - a.rank ||
      b.left.length - a.left.length ||
      b.right.length - a.right.length ||
      a.ids[0] - b.ids[0] ||
      a.ids[1] - b.ids[1],
  );
  return found.map(({ left, right }) => [left, right]);
}

/** Ids by piece, without the rows at the end that only fill the embedding up. */
function vocabularyOf(facts: Vocabulary, pieces: readonly string[]): Record<string, number> {
  let used = pieces.length;
  while (used > 0 && facts.types[used - 1] === tokenTypes.unused) used--;
  const vocab: Record<string, number> = Object.create(null);
  for (let id = 0; id < used; id++) {
    const piece = pieces[id]!;
    if (piece in vocab) {
      throw facts.invalid(
        'tokens',
        'each once',
        `${JSON.stringify(piece.slice(0, 100))} at ${vocab[piece]} and ${id}`,
      );
    }
    vocab[piece] = id;
  }
  return vocab;
}

/** Runs of spaces, which llama.cpp keeps as they are, as SentencePiece spells them. */
const respelt = (token: string): string =>
  /^ {2,}$/.test(token) ? space.repeat(token.length) : token;

const isSpecial = (type: number | undefined): boolean =>
  type === tokenTypes.control || type === tokenTypes.unknown;

/** A post-processor that puts special tokens around a text (`undefined`) or a pair of texts. */
function template(around: readonly (number | undefined)[], pieces: readonly string[]): Json {
  const place = (sequence: string, type: number) =>
    around.map((id) =>
      id === undefined
        ? { Sequence: { id: sequence, type_id: type } }
        : { SpecialToken: { id: pieces[id]!, type_id: type } },
    );
  const special = around.filter((id) => id !== undefined);
  return {
    type: 'TemplateProcessing',
    single: place('A', 0),
    pair: [...place('A', 0), ...place('B', 1)],
    special_tokens: Object.fromEntries(
      special.map((id) => [pieces[id]!, { id: pieces[id]!, ids: [id], tokens: [pieces[id]!] }]),
    ),
  };
}

/** Values under `tokenizer.ggml`, with errors that name the file. */
class Vocabulary {
  readonly tokens: readonly string[];
  readonly types: readonly number[];
  private readonly file: GgufFile;

  constructor(file: GgufFile) {
    this.file = file;
    this.tokens = this.texts('tokens');
    const types = this.get('token_type');
    this.types =
      types === undefined
        ? this.tokens.map(() => tokenTypes.normal)
        : this.numbers('token_type', this.tokens.length);
  }

  get(key: string): MetadataValue | undefined {
    return this.file.metadata.get(`tokenizer.ggml.${key}`);
  }

  texts(key: string): readonly string[] {
    const value = this.get(key);
    const right = (one: MetadataValue): one is string => typeof one === 'string';
    if (Array.isArray(value) && value.every(right)) return value;
    throw this.invalid(key, 'a list of texts', value === undefined ? 'none' : 'something else');
  }

  numbers(key: string, length: number): readonly number[] {
    const value = this.get(key);
    const right = (one: MetadataValue): one is number => typeof one === 'number';
    if (Array.isArray(value) && value.length === length && value.every(right)) return value;
    const found = Array.isArray(value) ? `${value.length} values` : 'none';
    throw this.invalid(key, `${length} numbers, one for each token`, found);
  }

  flag(key: string, fallback: boolean): boolean {
    const value = this.get(key) ?? fallback;
    if (typeof value === 'boolean') return value;
    throw this.invalid(key, 'true or false', JSON.stringify(value).slice(0, 100));
  }

  /** A token's id, if the file has one. */
  id(key: string): number | undefined {
    const value = this.get(key);
    if (value === undefined) return undefined;
    if (
      typeof value === 'number' &&
      Number.isSafeInteger(value) &&
      this.tokens[value] !== undefined
    )
      return value;
    throw this.invalid(
      key,
      `a token below ${this.tokens.length}`,
      JSON.stringify(value).slice(0, 100),
    );
  }

  invalid(key: string, expected: string, found: string): EngineError {
    return new EngineError(
      'gguf-invalid',
      `${this.file.path}: expected tokenizer.ggml.${key} as ${expected}, found ${found}; convert the model again`,
    );
  }

  unsupported(what: string): EngineError {
    return new EngineError(
      'gguf-unsupported',
      `${this.file.path}: tokenizer.ggml.${what}; import a model with a tokenizer of Llama, SmolLM, Qwen, GPT-2 or Gemma`,
    );
  }
}
