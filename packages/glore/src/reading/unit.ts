/** The words after a number: which of them are its unit, where prose begins, and what makes another number of it. */
import { numberWords } from './words.js';

/** The unit words at the start of a text that follows a number. */
export interface Unit {
  /** Each in one spelling, singular and lower-case: "(Feet per second)" -> ["foot", "second"]. */
  readonly words: readonly string[];
  /** Characters read. */
  readonly end: number;
}

const gapPattern = /[\s/()-]*/y;
const wordPattern = /[\p{L}°¢][\p{L}\p{M}°'’.]*(?:\^\{?[23]\}?)?/uy;

/** No unit has more words; what follows is prose. */
const mostWords = 8;

const setOf = (words: string): ReadonlySet<string> => new Set(words.split(' '));

// "5 or six", "2 thirds", "3 squared", "2 pi", "11 base 2": another number, whatever comes next.
const changing = setOf(
  'or plus minus divided multiplied remainder squared cubed factorial sqrt pi base mod modulo half halves third thirds' +
    ' quarter quarters fourth fourths fifth fifths sixth sixths seventh sevenths eighth eighths ninth ninths tenth tenths' +
    ' raised ish gross score hundredth hundredths thousandth thousandths dozens tens hundreds thousands millions billions' +
    ' trillions lac lacs mln bln trn approx approximately roughly phi theta infinity π √',
);
// "3 twelfths", "5 sextillion".
const changingEnd =
  /(?:eleven|twelf|teen|tie|illion)ths?$|^(?:quadr|quint|sext|sept|oct|non|dec|z)illions?$/;
// Hundreds, thousands and more in the languages whose word for "answer" is known, and in those whose digits are.
const changingAbroad = setOf(
  'hundert tausend tsd million millionen mio milliarde milliarden mrd mil mille millón millones milhão milhões milliard' +
    ' milliards mila milione milioni miliardo miliardi elfu laki milioni сто сотен тыс тысяча тысячи тысяч млн' +
    ' миллион миллиона миллионов млрд миллиард миллиарда миллиардов ألف الف آلاف ألفا مليون ملايين مئة مائة सौ' +
    ' हज़ार हजार लाख करोड़ करोड़ শত হাজার লাখ লক্ষ কোটি వందల వేల వేలు లక్ష లక్షల కోట్ల',
);
// Words of these scripts stand together: 5万円 is 50000, 5成 is 50%, 5个半小时 are five and a half; 千克 are kilograms.
const changingTogether =
  /^(?:[十万萬亿億兆割成又]|百(?!分)|千(?![克米卡瓦赫帕焦])|[십백천만억]|조(?!각)|ร้อย|พัน|หมื่น|แสน|ล้าน)|半/u;
const aNumber = new RegExp(`^(?:${numberWords})$`);
// These change it where a number follows: "5 to 6", "5 dollars and 50 cents", "3 out of 5".
const joining = setOf('to and by of over times through thru into x');
const numberNext = new RegExp(
  String.raw`^[\s(]*(?:[-+]\s*)?(?:\p{Sc}\s*)?(?:\.?\d|an?\s+(?:half|third|quarter)|(?:an?\s+)?(?:${numberWords})\b)`,
  'iu',
);
// So do these with certain others: "5 degrees below zero".
const turning = new Map([
  ['out', /^\s+of\b/],
  ['too', /^\s+(?:high|low|many|much|few|little|big|small|large)\b/],
  ['at', /^\s+(?:most|least)\b/],
  ['grand', /^\s*(?:$|[.,;)])/],
  ['and', /^\s+(?:up|above|over|older|below|under)\b/],
  ['than', /^\s+(?:\p{L}(?!\p{L})|(?:twice|thrice|half|double|triple)\b)/u],
  ['to', /^\s+the\s+(?:\w+\s+)?power\b/],
  ['below', /^\s+(?:zero|freezing|sea)\b/],
]);
// Here prose begins: no unit holds these.
const prose = setOf(
  'across after again also although among an and and/or any are around as assuming at based because been before being' +
    ' below between both but by calculated can considering could did do does during due every for from given had has have' +
    ' he hence her here his how however i if in into is it its just leaving made makes making may me meaning might must my' +
    ' no not nothing now on once only our rather see she should shown since so some still such than that their them then' +
    ' there therefore these they this those though through thus to too under unless until upon us via wait was we well were' +
    ' what when where whereas which while who whose why will with within without would yes you your',
);
const fillers = setOf(
  'a an the of total altogether all more each per left remaining overall extra additional',
);

// Two letters and one are a variable (5x, 5ab) unless they are a unit.
const letterUnits = setOf('m g s h l L t C F V W J N K ° ¢');
const shortUnits = setOf(
  'km cm mm dm nm kg mg lb oz ft yd mi in ml cl dl hr am pm kw gb mb kb tb hz pt qt sq cu fl rs kr usd eur gbp inr php mph kph lbs hrs min sec pts pcs yrs kwh rpm fps cal atm',
);

/** The unit that `text`, which follows a number, starts with; undefined if it makes another number of it. */
export function readUnit(text: string): Unit | undefined {
  const words: string[] = [];
  let end = 0;
  for (let at = 0; words.length < mostWords; at = end) {
    gapPattern.lastIndex = at;
    const gap = gapPattern.exec(text)![0];
    wordPattern.lastIndex = at + gap.length;
    const written = wordPattern.exec(text)?.[0];
    // "3x" and "3 -x", but "3 clips- and": after the first word something parts the words.
    if (written === undefined || (words.length > 0 && gap === '')) break;
    const next = text.slice(wordPattern.lastIndex);
    const word = written.toLowerCase().replaceAll('.', '');
    if (changesNumber(word)) return undefined;
    if (joining.has(word) && numberNext.test(next.replace(/^\s+of\b/, ''))) return undefined;
    if (turning.get(word)?.test(next)) return undefined;
    if (isArticle(written, gap, next)) break;
    if (isVariable(written, word, gap)) return undefined;
    if (prose.has(word) && !(word === 'in' && /^\s*(?:$|[.,;)])/.test(next))) break;
    words.push(word === 'in' ? 'inch' : word);
    end = wordPattern.lastIndex;
    const closed = /^\s*\)/.exec(next);
    if (closed && gap.includes('(')) end += closed[0].length;
    if (/\.$/.test(written) && !shortUnits.has(word)) break;
  }
  if (end > 0 && /^\s*(?:[-+]\s*)?(?:\p{Sc}\s*)?\d/u.test(text.slice(end))) return undefined;
  return {
    words: [...new Set(words.filter((word) => !fillers.has(word)).map(inOneSpelling))],
    end,
  };
}

const changesNumber = (word: string): boolean =>
  changing.has(word) ||
  aNumber.test(word) ||
  changingEnd.test(word) ||
  changingAbroad.has(word.normalize('NFC')) ||
  changingTogether.test(word);

/** "5 a day", "18 I think". */
const isArticle = (written: string, gap: string, next: string): boolean =>
  /^[aAI]$/.test(written) && /^\s+$/.test(gap) && /^\s+\p{L}/u.test(next);

function isVariable(written: string, word: string, gap: string): boolean {
  if (!/^[\p{Script=Latin}\p{Script=Greek}]{1,3}$/u.test(word)) return false;
  if (word.length === 1) return !letterUnits.has(written.charAt(0));
  if (shortUnits.has(word)) return false;
  if (word.length === 3) return gap === '';
  return gap === '' || !(prose.has(word) || fillers.has(word) || /[A-Z]/.test(written));
}

const aliases = new Map<string, string>([
  ...spellings('foot', 'feet ft'),
  ...spellings('inch', 'inches in'),
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
  ...spellings('rupee', 'rs inr'),
  ...spellings('peso', 'php'),
  ...spellings('cent', '¢'),
  ...spellings('person', 'people'),
  ...spellings('child', 'children'),
  ...spellings('square', 'sq'),
]);

function inOneSpelling(word: string): string {
  return aliases.get(word) ?? singular(word);
}

function singular(word: string): string {
  if (/(?:ch|sh|x|ss|z)es$/.test(word)) return word.slice(0, -2);
  if (/[^aeiou]ies$/.test(word)) return `${word.slice(0, -3)}y`;
  return /[^s]s$/.test(word) && word.length > 2 ? word.slice(0, -1) : word;
}

function spellings(unit: string, others: string): [string, string][] {
  return others.split(' ').map((other) => [other, unit]);
}
