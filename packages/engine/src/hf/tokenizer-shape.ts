// What a tokenizer.json must look like before the library opens it: that says nothing of what is wrong, or goes on with it.

import { EngineError } from '../error.js';
import type { Json } from './json.js';

/** A part of tokenizer.json: its kind, and what that kind has. */
export interface PartJson {
  readonly type: string;
  readonly content?: unknown;
  readonly pattern?: { readonly String?: unknown };
  readonly split?: boolean;
  readonly normalizers?: readonly PartJson[];
  readonly decoders?: readonly PartJson[];
}

/** The parts of a tokenizer.json as it has them. */
export interface PartsJson {
  readonly normalizer: PartJson | null;
  readonly pre_tokenizer: PartJson | null;
  readonly decoder: PartJson | null;
  readonly model: PartJson;
}

/** More than any vocabulary has. */
const mostTokens = 2 ** 24;

/** Throws `EngineError` "tokenizer-invalid" naming the first field of a parsed tokenizer.json that is not as it should be. */
export function checkTokenizerShape(value: unknown): asserts value is PartsJson {
  const json = map('', value);
  const model = map('model', json.model);
  if ((model.type ?? 'BPE') !== 'BPE') throw wrong('model.type', '"BPE"', model.type);
  checkSettings('model', model);
  for (const [token, id] of Object.entries(map('model.vocab', model.vocab))) {
    if (!isId(id)) throw wrong(`model.vocab[${JSON.stringify(token)}]`, 'a token id', id);
  }
  for (const [i, merge] of list('model.merges', model.merges).entries()) {
    const pair =
      Array.isArray(merge) && merge.length === 2 && merge.every((part) => typeof part === 'string');
    if (!pair && typeof merge !== 'string') throw wrong(`model.merges[${i}]`, 'a pair', merge);
  }
  for (const [i, entry] of list('added_tokens', json.added_tokens ?? []).entries()) {
    const at = `added_tokens[${i}]`;
    const token = map(at, entry);
    checkSettings(at, token);
    const { id, content } = token;
    if (!isId(id)) throw wrong(`${at}.id`, 'a token id', id);
    if (typeof content !== 'string' || content === '') {
      throw wrong(`${at}.content`, 'text', content);
    }
  }
  checkPart('normalizer', json.normalizer, 'normalizers');
  checkPart('pre_tokenizer', json.pre_tokenizer, 'pretokenizers');
  checkPart('decoder', json.decoder, 'decoders');
}

const flags = [
  ...['ignore_merges', 'byte_fallback', 'fuse_unk', 'invert', 'add_prefix_space', 'use_regex'],
  ...['trim_offsets', 'single_word', 'lstrip', 'rstrip', 'normalized', 'special'],
];
const texts = ['unk_token', 'continuing_subword_prefix', 'end_of_word_suffix'];

/** Settings of a part, which may be absent or null. */
function checkSettings(at: string, part: Json): void {
  for (const [keys, type, expected] of [
    [flags, 'boolean', 'true or false'],
    [texts, 'string', 'text'],
  ] as const) {
    for (const key of keys) {
      const value = part[key] ?? undefined;
      if (value !== undefined && typeof value !== type)
        throw wrong(`${at}.${key}`, expected, value);
    }
  }
}

const behaviours = [
  'Removed',
  'Isolated',
  'MergedWithPrevious',
  'MergedWithNext',
  'Contiguous',
].flatMap((name) => [name, name.toLowerCase()]);

/** A part that may be absent, or a sequence of such parts in its field `parts`. */
function checkPart(at: string, value: unknown, parts: string): void {
  if (value === undefined || value === null) return;
  const part = map(at, value);
  if (typeof part.type !== 'string') throw wrong(`${at}.type`, 'text', part.type);
  checkSettings(at, part);
  if (part.type === 'Sequence') {
    const inner = list(`${at}.${parts}`, part[parts]);
    for (const [i, one] of inner.entries()) {
      if (one === null) throw wrong(`${at}.${parts}[${i}]`, 'a part', one);
      checkPart(`${at}.${parts}[${i}]`, one, parts);
    }
  }
  if (part.type === 'Split') {
    const { Regex, String: text } = map(`${at}.pattern`, part.pattern);
    if (typeof (Regex ?? text) !== 'string') throw wrong(`${at}.pattern`, 'a pattern', Regex);
    if (typeof Regex === 'string' && !compiles(Regex)) {
      throw wrong(`${at}.pattern.Regex`, 'a regular expression', Regex);
    }
    if (!behaviours.some((name) => name === part.behavior)) {
      throw wrong(`${at}.behavior`, '"Isolated" or another one', part.behavior);
    }
  }
}

/** Whether it is a regular expression at least as far as brackets go; groups with flags are Rust's alone. */
function compiles(pattern: string): boolean {
  try {
    new RegExp(pattern.replaceAll(/\(\?[a-z-]+:/g, '(?:').replaceAll(/[*+?]\+/g, '+'), 'u');
    return true;
  } catch {
    return false;
  }
}

const isId = (id: unknown): boolean =>
  Number.isSafeInteger(id) && Number(id) >= 0 && Number(id) < mostTokens;

function map(at: string, value: unknown): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw wrong(at, 'an object', value);
  }
  return value as Json;
}

function list(at: string, value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw wrong(at, 'a list', value);
  return value;
}

function wrong(at: string, expected: string, found: unknown): EngineError {
  const text = JSON.stringify(found) ?? 'nothing';
  const shown = text.length > 60 ? `${text.slice(0, 60)}...` : text;
  return new EngineError(
    'tokenizer-invalid',
    `tokenizer.json: expected ${expected}${at === '' ? '' : ` in ${at}`}, found ${shown}; use the tokenizer that the model was trained with`,
  );
}
