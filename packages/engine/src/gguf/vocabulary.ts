/**
 * A tokenizer.json as llama.cpp's vocabulary. llama.cpp cuts text by one of its own patterns, chosen by name, and cannot
 * be given another; the named patterns of Llama 3, Qwen and GPT-2 are passed on as they are.
 *
 * For a vocabulary of whole words (`buildTokenizer`) Llama 3's pattern is taken, which looks whole pieces up before it
 * merges (`ignore_merges`), and without merges spells all others in bytes, as here. It differs in joining signs to one
 * another and to the word after them. So signs, with their space where the vocabulary has that, are marked as
 * user-defined: llama.cpp cuts the text at these before its pattern sees it. What is left different: a known word right
 * after `#`, or after a sign beyond ASCII that is not in the vocabulary, is spelt in bytes.
 */
import { EngineError } from '../error.js';
import { byteSymbols, openTokenizer, splitPattern } from '../hf/index.js';
import { digitPattern, llama3Pattern, qwen2Pattern } from './patterns.js';

/** llama.cpp's kinds of tokens. */
export const tokenTypes = { normal: 1, unknown: 2, control: 3, userDefined: 4, unused: 5, byte: 6 };

export interface Vocabulary {
  /** The name of llama.cpp's pattern. */
  readonly pre: string;
  readonly tokens: readonly string[];
  readonly types: readonly number[];
  /** Pairs, joined by a space. */
  readonly merges: readonly string[];
  /** Whether a text starts with the beginning-of-text token. */
  readonly addBos: boolean;
}

/** A stage that cuts texts. */
interface Stage {
  readonly type: string;
  readonly use_regex?: boolean;
  readonly individual_digits?: boolean;
  readonly pattern?: { readonly Regex?: string };
}

/** What is read of a tokenizer.json; `openTokenizer` has checked it. */
interface TokenizerJson {
  readonly added_tokens: readonly { id: number; content: string; special: boolean }[];
  readonly pre_tokenizer: (Stage & { readonly pretokenizers?: readonly Stage[] }) | null;
  readonly post_processor: { readonly single?: readonly object[] } | null;
  readonly model: {
    readonly vocab: Readonly<Record<string, number>>;
    readonly merges: readonly (string | readonly [string, string])[];
    readonly ignore_merges?: boolean;
  };
}

/** Patterns that llama.cpp knows, by its names for them, and whether it looks whole pieces up first. */
const named = new Map([
  [splitPattern, { pre: 'llama-bpe', whole: true }],
  [llama3Pattern, { pre: 'llama-bpe', whole: true }],
  [qwen2Pattern, { pre: 'qwen2', whole: false }],
]);
const gpt2 = { pre: 'gpt-2', whole: false };
const smollm = { pre: 'smollm', whole: false };

/**
 * The vocabulary of a tokenizer.json, filled up to `size` ids.
 * Throws `EngineError` "gguf-unsupported" when llama.cpp has no such pattern.
 */
export function vocabularyOf(tokenizer: string, size: number): Vocabulary {
  openTokenizer(tokenizer);
  const json = JSON.parse(tokenizer) as TokenizerJson;
  const { vocab, merges, ignore_merges: ignoreMerges = false } = json.model;
  const { pre_tokenizer: pre } = json;
  const stages = pre ? (pre.pretokenizers ?? [pre]) : [];
  const pattern = stages.find((part) => part.pattern)?.pattern?.Regex;
  const known = cuttingOf(stages) ?? named.get(pattern ?? '');
  if (known === undefined || (known.whole !== ignoreMerges && merges.length > 0)) {
    throw new EngineError(
      'gguf-unsupported',
      `tokenizer.json cuts text by ${JSON.stringify(pattern ?? pre?.type ?? null)} (ignore_merges ${ignoreMerges}), which llama.cpp does not; export a model with a tokenizer of this engine, of Llama 3, Qwen2, SmolLM or GPT-2`,
    );
  }
  const tokens = Array.from({ length: size }, (_, id) => `[PAD${id}]`);
  const types = tokens.map(() => tokenTypes.unused);
  for (const [token, id] of Object.entries(vocab)) {
    tokens[id] = token;
    types[id] = tokenTypes.normal;
  }
  if (pattern === splitPattern) {
    for (const [id, text] of signs(vocab)) {
      tokens[id] = text;
      types[id] = tokenTypes.userDefined;
    }
  }
  for (const { id, content, special } of json.added_tokens) {
    tokens[id] = content;
    types[id] = special ? tokenTypes.control : tokenTypes.userDefined;
  }
  return {
    pre: known.pre,
    tokens,
    types,
    merges: merges.map((merge) => (typeof merge === 'string' ? merge : merge.join(' '))),
    addBos: Object.hasOwn(json.post_processor?.single?.[0] ?? {}, 'SpecialToken'),
  };
}

/** GPT-2's own pattern, which is part of the stage that spells bytes, alone or after digits are cut off one by one. */
function cuttingOf(stages: readonly Stage[]): { pre: string; whole: boolean } | undefined {
  const last = stages.at(-1);
  if (last?.type !== 'ByteLevel' || last.use_regex === false) return undefined;
  if (stages.length === 1) return gpt2;
  const [first] = stages;
  const digits =
    (first!.type === 'Digits' && first!.individual_digits === true) ||
    (first!.type === 'Split' && first!.pattern?.Regex === digitPattern);
  return digits && stages.length === 2 ? smollm : undefined;
}

/** The ids at which texts are cut before anything else, with their plain texts. */
function signs(vocab: Readonly<Record<string, number>>): Map<number, string> {
  const texts = new Map<string, number>();
  for (const [token, id] of Object.entries(vocab)) {
    const text = plainText(token);
    if (text !== undefined) texts.set(text, id);
  }
  const found = new Map<number, string>();
  for (const [text, id] of texts) {
    const sign = /^ ?([^\p{L}\p{N} #\0])$/u.exec(text)?.[1];
    if (sign === undefined) continue;
    // A sign of several bytes without its spaced form would lose the space that belongs to it.
    if (sign === text && sign > '\x7f' && !texts.has(` ${sign}`)) continue;
    // Plain text must not be the spelling of another token.
    if ((vocab[text] ?? id) === id) found.set(id, text);
  }
  return found;
}

const bytes = new Map(byteSymbols().map((symbol, byte) => [symbol, byte]));

/** The text that a token spells, or undefined where its bytes are no text. */
function plainText(token: string): string | undefined {
  const spelt = Array.from(token, (symbol) => bytes.get(symbol));
  if (spelt.some((byte) => byte === undefined)) return undefined;
  const raw = Buffer.from(spelt as number[]);
  const text = raw.toString('utf8');
  return Buffer.from(text).equals(raw) ? text : undefined;
}
