/** The words after a number: are they its unit, and is it the same unit as another answer's? */

const unitWord = String.raw`[\p{L}°¢][\p{L}\p{M}°'’.]*(?:\^\{?[23]\}?|[²³])?`;
const unitPhrase = new RegExp(
  String.raw`^[\s/(-]*${unitWord}(?:[\s/()-]+${unitWord})*(?:\s*\))?`,
  'u',
);

// Words after a number that make it another number: "5 or six", "2 thirds", "3 squared", "2 pi".
const changesTheNumber = new RegExp(
  String.raw`\b(?:or|plus|minus|divided|multiplied|remainder|squared|cubed|factorial|sqrt|pi` +
    '|half|halves|thirds?|quarter|fourths?|fifths?|sixths?|sevenths?|eighths?|ninths?|tenths?|hundredths?|thousandths?' +
    '|zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen' +
    String.raw`|eighteen|nineteen|(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)\w*|dozens?|hundreds?` +
    String.raw`|thousands?|millions?|billions?|trillions?)\b|π|√`,
  'iu',
);
// A single letter is a variable (5x) unless it is a unit.
const variable = /^[\s/(-]*(?![mgshlLtCFVWJN¢°](?!\p{L}))[\p{L}](?![\p{L}\p{M}.])/u;

/** The length of the unit words that `text`, which follows a number, starts with; undefined if they alter the number. */
export function unitLength(text: string): number | undefined {
  const phrase = unitPhrase.exec(text)?.[0] ?? '';
  return changesTheNumber.test(phrase) || variable.test(phrase) ? undefined : phrase.length;
}

const unitAliases: Record<string, string> = {
  ...spellings('foot', 'feet ft'),
  ...spellings('inch', 'inches'),
  ...spellings('pound', 'lb lbs gbp'),
  ...spellings('ounce', 'oz'),
  ...spellings('hour', 'h hr hrs'),
  ...spellings('minute', 'min mins'),
  ...spellings('second', 's sec secs'),
  ...spellings('gram', 'g'),
  ...spellings('kilogram', 'kg kgs'),
  ...spellings('meter', 'm metre metres'),
  ...spellings('centimeter', 'cm'),
  ...spellings('kilometer', 'km'),
  ...spellings('liter', 'l litre litres'),
  ...spellings('milliliter', 'ml'),
  ...spellings('dollar', 'usd'),
  ...spellings('euro', 'eur'),
  ...spellings('cent', '¢'),
  ...spellings('person', 'people'),
  ...spellings('child', 'children'),
};
const fillers = new Set([
  'a',
  'an',
  'the',
  'of',
  'in',
  'total',
  'altogether',
  'all',
  'more',
  'each',
  'per',
]);

/** The words of a unit in one spelling, "(Feet per second)" -> ["foot", "second"]. */
export function unitWords(phrase: string): string[] {
  const words = phrase.toLowerCase().match(new RegExp(unitWord, 'gu')) ?? [];
  return words
    .map((word) => word.replace(/\.$/, ''))
    .filter((word) => !fillers.has(word))
    .map((word) => unitAliases[word] ?? singular(word));
}

function singular(word: string): string {
  if (/(?:ch|sh|x|ss|z)es$/.test(word)) return word.slice(0, -2);
  if (/[^aeiou]ies$/.test(word)) return `${word.slice(0, -3)}y`;
  return /[^s]s$/.test(word) && word.length > 2 ? word.slice(0, -1) : word;
}

function spellings(unit: string, others: string): Record<string, string> {
  return Object.fromEntries(others.split(' ').map((other) => [other, unit]));
}
