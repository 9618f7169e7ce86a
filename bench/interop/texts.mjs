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
