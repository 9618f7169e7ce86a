/** How text is cut before byte-pair merges, by llama.cpp's names, as tokenizer.json spells it. */

const contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
const rest = '[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+';
const words = '[^\\r\\n\\p{L}\\p{N}]?\\p{L}+';
const [upper, lower] = ['\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}', '\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}'];
const cased = (end: string) =>
  `[^\\r\\n\\p{L}\\p{N}]?[${upper}]*[${lower}]+${end}|[^\\r\\n\\p{L}\\p{N}]?[${upper}]+[${lower}]*${end}`;
const casedRest = ' ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+';

/** Llama 3's pattern: words with the sign or space before them, digits in threes. */
export const llama3Pattern = `${contractions}|${words}|\\p{N}{1,3}| ?${rest}`;
/** Qwen's, with single digits. */
export const qwen2Pattern = `${contractions}|${words}|\\p{N}| ?${rest}`;
/** Digits one by one, before GPT-2's own pattern: SmolLM, StarCoder. */
export const digitPattern = '\\p{N}';

/** A way of cutting: the stages before bytes, whether GPT-2's pattern follows, and what else goes with it. */
export interface Cutting {
  readonly splits: readonly string[];
  readonly gpt2: boolean;
  /** Whole pieces are looked up before anything is merged. */
  readonly whole?: true;
  /** Text is composed first (NFC), which files do not say: their models' own tokenizers do it. */
  readonly compose?: true;
}

const llama3: Cutting = { splits: [llama3Pattern], gpt2: false };
const llama3Whole: Cutting = { ...llama3, whole: true };
const qwen2: Cutting = { splits: [qwen2Pattern], gpt2: false };
const digits: Cutting = { splits: [digitPattern], gpt2: true };
const gpt2: Cutting = { splits: [], gpt2: true };
const gpt4o: Cutting = {
  splits: [`${cased(`${contractions}?`)}|\\p{N}{1,3}|${casedRest}`],
  gpt2: false,
};

/** By `tokenizer.ggml.pre` (llama-vocab.cpp): those that models of the imported architectures have. */
export const cuttings: ReadonlyMap<string, Cutting> = new Map([
  ['llama-bpe', llama3Whole],
  ['llama3', llama3Whole],
  ['llama-v3', llama3Whole],
  ['falcon3', llama3Whole],
  ['pixtral', llama3Whole],
  ['smaug-bpe', llama3],
  ['dbrx', llama3],
  ['qwen2', { ...qwen2, compose: true }],
  ['deepseek-r1-qwen', { ...qwen2, compose: true }],
  ['megrez', qwen2],
  ['smollm', digits],
  ['starcoder', digits],
  ['refact', digits],
  ['codeshell', digits],
  ['minerva-7b', digits],
  ['gpt-2', gpt2],
  ['olmo', gpt2],
  ['mellum', gpt2],
  ['tekken', { splits: [`${cased('')}|\\p{N}|${casedRest}`], gpt2: false, whole: true }],
  ['gpt-4o', gpt4o],
  ['llama4', gpt4o],
]);
