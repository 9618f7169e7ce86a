/** Takes the markup off an answer, so that only one spelling of numbers, minus signs and units has to be read. */

const hyphensAndMinuses = /[\u2010-\u2013\u2212\uFE63\uFF0D]/g;
const vulgarFractions = /[\u00BC-\u00BE\u2150-\u215E]/g;
const groupSpace = /(\d)(?:[\u00A0\u2009\u202F]|\\[,;:! ])(?=\d{3}(?!\d))/g;
const latexFraction = /(\d?)\s*\\[dt]?frac\s*\{\s*(-?[\d.,]+)\s*\}\s*\{\s*(-?[\d.,]+)\s*\}(?!\d)/g;
const latexShortFraction = /(\d?)\s*\\[dt]?frac\s*(\d)\s*(\d)(?!\d)/g;
const latexWrapper =
  /\\(?:text|textbf|textit|textrm|mathrm|mathbf|mathit|mbox|boxed|fbox)\s*\{([^{}]*)\}(?=(\d?))/g;
const wordFraction = /(\d) and (?:a|one)[ -](half|third|quarter|fourth|fifth)\b/g;
const wordDenominator: Record<string, number> = {
  half: 2,
  third: 3,
  quarter: 4,
  fourth: 4,
  fifth: 5,
};

/**
 * One answer on one line, without Markdown and LaTeX and with ASCII minus signs and fractions: "**\$1{,}000**" -> "$1,000".
 *
 * It never joins or drops digits: what it does not know it leaves, and the answer is then read as text.
 */
export function plain(answer: string): string {
  // Markup can enclose markup, so this goes on until nothing changes: plain(plain(x)) = plain(x).
  for (let before = answer; ; ) {
    const text = unwrap(before);
    if (text === before) return text;
    before = text;
  }
}

function unwrap(answer: string): string {
  let text = answer.normalize('NFC').replace(hyphensAndMinuses, '-');
  // The spaces keep "1½" from becoming "11/2".
  text = text.replace(vulgarFractions, (c) => ` ${c.normalize('NFKC').replace('\u2044', '/')} `);
  text = withoutLatex(text.replace(groupSpace, '$1,'));
  // Not between two words: 2**3 is a power.
  text = text.replace(/(?<![\w)])(?:\*\*|__)|(?:\*\*|__)(?![\w(])|`/g, ' ');
  text = text.replace(/\s+/g, ' ').trim();
  text = text.replace(/^(["'“‘*_])([^"'“”‘’*_]+)["'”’*_]$/, '$2');
  return text.replace(wordFraction, (_, digit, word) => `${digit} 1/${wordDenominator[word]}`);
}

function withoutLatex(answer: string): string {
  if (!/[\\${]/.test(answer)) return answer;
  const text = answer.replace(/\\[()[\]]|(?<!\\)\$\$/g, ' ');
  // $72$ is mathematics, $72 is money.
  return text
    .replace(/^\s*\$((?:\\\$|[^$])+)(?<!\\)\$(?!\d)/, '$1')
    .replace(/\\([$%#&_])/g, '$1')
    .replace(/\\(?:left|right|displaystyle)(?![a-z])|\\[,;:! ]|(?<=\S)~(?=\S)/g, ' ')
    .replace(/\{,\}/g, ',')
    .replace(/\\approx/g, '≈')
    .replace(/\\times/g, '×')
    .replace(/\\cdot/g, '·')
    .replace(/\^\s*\{?\s*\\circ\s*\}?|\\degree/g, '°')
    .replace(latexFraction, fraction)
    .replace(latexShortFraction, fraction)
    .replace(latexWrapper, (_, content, next) => ` ${content}${next && ' '}`);
}

function fraction(_: string, whole: string, numerator: string, denominator: string): string {
  return `${whole && `${whole} `}${numerator}/${denominator}`;
}
