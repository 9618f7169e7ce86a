/** Random texts for comparing tokenizers: known and unknown words, digits, signs and spaces in any order. */

/** A linear congruential generator (Numerical Recipes), good enough to mix words. */
function numbers(seed) {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const unknown = [
  'zebra',
  'Applesauce',
  'ap',
  "don't",
  "'s",
  "we'll",
  'naïve',
  'Ünder',
  '東京',
  'x',
];
const signs = ['!', '"', '$', '%', '&', "'", '(', ')', '*', '+', ',', '-', '.', '/', ':', ';', '<'];
const others = ['=', '>', '?', '@', '[', '\\', ']', '^', '_', '`', '{', '|', '}', '~', '<<', '>>'];
const breaks = [' ', '  ', '   ', '\n', '\n\n', '\t', '\r\n', ' \n', '\n '];
/** Runs of # and signs beyond ASCII, after which a word is another matter: a space or digit follows. */
const apart = ['#', '##', '####', '#####', '—', '€', '…', '½', '😀', 'e\u0301'];

/**
 * @param {{ decode(ids: number[]): string, size: number }} tokenizer its words are the known ones
 * @param {number} count
 * @param {number} seed
 */
export function randomTexts(tokenizer, count, seed) {
  const below = numbers(seed);
  const words = Array.from({ length: tokenizer.size }, (_, id) => tokenizer.decode([id])).filter(
    (word) => /^ ?\p{L}+$/u.test(word),
  );
  const pick = (list) => list[below(list.length)];
  const piece = () => {
    const kind = below(16);
    if (kind < 5) return pick(words);
    if (kind < 6) return pick(unknown);
    if (kind < 9) return String(below(10 ** (1 + below(4))));
    if (kind < 11) return pick(signs);
    if (kind < 13) return pick(others);
    if (kind < 15) return pick(breaks);
    return `${pick(apart)}${pick([' ', '\n', '7', '.'])}`;
  };
  return Array.from({ length: count }, () => Array.from({ length: 1 + below(14) }, piece).join(''));
}

const sentences = [
  'Natalia sold clips to 48 of her friends in April, and then she sold half as many clips in May.',
  "It's not what they'd have said; WE'LL see, won't we?",
  'In 1999, 3,141,592 people paid $19.99 (plus 7.5% tax) for 2 of them: 12 + 30 = 42.',
  'Der Käse kostet 3,50 €, naïve façade, Ærøskøbing, Żółć, ĳsberg, ﬁne.',
  'Привет, мир! Сколько будет 2 + 2? Ответ: четыре.',
  'مرحبا بالعالم ١٢٣ שלום עולם',
  '東京都の人口は約1400万人です。你好，世界！한국어 문장도 있습니다.',
  'हिन्दी में १२३ और বাংলা',
  'emoji 😀👩‍👩‍👧‍👦🇩🇪 ∑∫√≠½²³ ᚠᛇᚻ',
  '  leading spaces, trailing spaces   ',
  '\tindented\n\n\nthree breaks\r\nwindows\u00a0nbsp\u3000wide',
  '#### 42\n<<12+30=42>> [BAD] <|draft|> <think>',
];
const code = [
  'def f(x: int) -> int:\n    """Doubles."""\n    return x * 2  # ok\n',
  'for (let i = 0; i < 10; i++) { console.log(`i`); }\n\t\tif (a !== b) return null;',
  '#include <stdio.h>\nint main(void) {\n\tprintf("%d\\n", 0xFF);\n\treturn 0;\n}',
  'SELECT * FROM "t" WHERE a >= 1.5e-3 AND b IN (1,2,3);\n-- done',
  '{"key": [1, 2.50, null, true], "nested": {"a\\u00e9": "\\n"}}',
  '        deep = lambda *args, **kw: args[0][::-1] or {**kw}',
];

/**
 * Texts as people and programs write them: sentences, code, numbers and many scripts, joined and cut in any order.
 * @param {number} count
 * @param {number} seed
 */
export function writtenTexts(count, seed) {
  const below = numbers(seed);
  const all = [...sentences, ...code];
  const pick = (list) => list[below(list.length)];
  const piece = () => {
    const whole = Array.from(pick(all));
    const from = below(3) === 0 ? below(whole.length) : 0;
    return whole.slice(from, below(3) === 0 ? from + below(40) : undefined).join('');
  };
  const number = () => String(below(10 ** (1 + below(9)))) + pick(['', '.5', '%', ' 000', ',000']);
  const made = Array.from({ length: Math.max(0, count - all.length) }, () =>
    Array.from({ length: 1 + below(4) }, () => (below(4) === 0 ? number() : piece())).join(
      pick([' ', '', '\n', '  ', '\n\n', '\t']),
    ),
  );
  return [...all, ...made].filter((text) => text !== '');
}
