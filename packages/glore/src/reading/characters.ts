/** Characters of any script as ASCII where they mean the same: digits, signs, stops, superscripts; and none that nobody sees. */

const ascii = /^[\x20-\x7E]*$/;
const invisible = /\p{Cf}|\uFE0F/gu;
const hyphensAndMinuses = /[\u2010-\u2013\u2212\uFE63]/g;
const slashes = /[\u2044\u2215\u00F7]/g;
const vulgarFractions = /[\u00BC-\u00BE\u2150-\u215E]/g;
const fullWidth = /[\uFF01-\uFF5E]/g;
const stops = /[\u3002\uFF61\u0964\u0965\u06D4]/g;
const otherDigit = /(?![0-9])\p{Nd}/gu;
const superscripts = /[\u2070\u00B9\u00B2\u00B3\u2074-\u207B]+(?=(\d?))/g;
const subscripts = /[\u2080-\u208B]+(?=(\d?))/g;
const others: Record<string, string> = {
  '\u066A': '%',
  '\u066B': '.',
  '\u066C': ',',
  '\u060C': ',',
  '\u3001': ',',
  '\u2018': "'",
  '\u2019': "'",
  '\u2032': "'",
  '\u2026': '...',
};
const other = new RegExp(`[${Object.keys(others).join('')}]`, 'g');

/**
 * `text` with ASCII digits, minus signs, slashes and stops; "5²" becomes "5^2" and "204₅" "204_5". Digits that stood apart
 * stay apart.
 */
export function asciiCharacters(text: string): string {
  if (ascii.test(text)) return text;
  return (
    text
      .normalize('NFC')
      .replace(invisible, '')
      .replace(fullWidth, (c) => String.fromCharCode(c.charCodeAt(0) - 0xfee0))
      .replace(hyphensAndMinuses, '-')
      // The spaces keep "1½" from becoming "11/2".
      .replace(vulgarFractions, (c) => ` ${c.normalize('NFKC')} `)
      .replace(slashes, '/')
      // In these scripts nothing need follow a full stop.
      .replace(stops, '. ')
      .replace(superscripts, (run, next) => `^${together(run, next)}`)
      .replace(subscripts, (run, next) => `_${together(run, next)}`)
      .replace(otherDigit, (c) => String(digitOf(c.codePointAt(0)!)))
      .replace(other, (c) => others[c]!)
  );
}

/** Small digits as others; in braces if they are several, or another digit follows. */
function together(run: string, next: string): string {
  const digits = run.normalize('NFKC').replace('\u2212', '-');
  return digits.length > 1 || next !== '' ? `{${digits}}` : digits;
}

/** The value of a decimal digit: Unicode has those of each script in a row from zero to nine. */
function digitOf(code: number): number {
  let zero = code;
  while (/\p{Nd}/u.test(String.fromCodePoint(zero - 1))) zero--;
  return (code - zero) % 10;
}
