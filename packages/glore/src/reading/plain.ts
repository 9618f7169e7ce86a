/** Takes the markup off an answer, so that only one spelling of numbers, minus signs and units has to be read. */
import { asciiCharacters } from './characters.js';

/** What has no markup at all. */
const unmarked = /^[A-Za-z0-9.,:;%/+=()!? -]*$/;

const figure = String.raw`\{\s*(-?[\d.,]+)\s*\}|(\d)`;
const latexFraction = new RegExp(
  String.raw`(\d?)\s*\\(?:[dtc]?frac|nicefrac|sfrac)\s*(?:\{\s*(-?[\d.,]+)(\s*[\p{L}][^{}\d\\]*)?\}|(\d))\s*(?:${figure})(?!\d)`,
  'gu',
);
const latexOver =
  /(\d?)(?:\s*\{\s*|(?<![\d.,]))(-?[\d.,]+)\s*\\over(?![a-z])\s*(-?[\d.,]+)\s*\}?(?!\d)/g;
const latexWrapper =
  /\\(?:text(?:bf|it|rm|sf|tt|normal)?|math(?:rm|bf|it|sf|tt|normal)|boldsymbol|underline|operatorname|emph|[mh]box|boxed|fbox)\s*\{([^{}]*)\}(?=(\d?))/g;
const symbols: Record<string, string> = {
  approx: '≈',
  times: '×',
  cdot: '·',
  div: '/',
  pm: '±',
  degree: '°',
  percent: '%',
};
const symbol = new RegExp(String.raw`\\(${Object.keys(symbols).join('|')})(?![a-zA-Z])`, 'g');
const wordFraction = /(\d) and (?:a|one)[ -](half|third|quarter|fourth|fifth)\b/g;
const wordDenominator: Record<string, number> = {
  half: 2,
  third: 3,
  quarter: 4,
  fourth: 4,
  fifth: 5,
};

/**
 * One answer on one line, without Markdown, HTML and LaTeX and with ASCII digits, signs and fractions: "**\$1{,}000**" ->
 * "$1,000". The answer is short: whoever calls bounds it.
 *
 * It never joins or drops digits, but for what is struck out: what it does not know it leaves, and the answer is then read as
 * text.
 */
export function plain(answer: string): string {
  // Markup can enclose markup, so this goes on until nothing changes: plain(plain(x)) = plain(x).
  let text = answer;
  for (let round = 0; round < mostRounds; round++) {
    const before = text;
    text = unmarked.test(before) ? tidy(before) : unwrap(before);
    if (text === before) break;
  }
  return text;
}

/** Nobody encloses an answer more often; it bounds the work. */
const mostRounds = 24;

function unwrap(answer: string): string {
  let text = withoutLatex(withoutHtml(asciiCharacters(answer)));
  text = text.replace(/~~[^~]*~~/g, ' ');
  // Not between two words: 2**3 is a power.
  text = text.replace(/(?<![\w)])(?:\*\*|__)+|(?:\*\*|__)+(?![\w(])|`/g, ' ');
  text = text.replace(/\s+/g, ' ').trim();
  text = text.replace(/^(["'“*_])([^"'“”*_]+)["'”*_]$/, '$2').replace(/^\[([^[\]]+)\]$/, '$1');
  return tidy(text);
}

function tidy(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .trim()
    .replace(wordFraction, (_, digit, word) => `${digit} 1/${wordDenominator[word]}`);
}

function withoutHtml(answer: string): string {
  if (!/[<&]/.test(answer)) return answer;
  return answer
    .replace(/<sup>\s*([^<>]*)<\/sup>/gi, '^{$1}')
    .replace(/<\/?(?:b|strong|i|em|u|mark|span|p|div|br|code)\b[^<>]*>/gi, ' ')
    .replace(/&nbsp;/g, ' ');
}

function withoutLatex(answer: string): string {
  if (!/[\\${~]/.test(answer)) return answer;
  const text = answer.replace(/\\[()[\]]|(?<!\\)\$\$|\\\\(?![a-zA-Z])/g, ' ');
  // $72$ is mathematics, $72 is money.
  return text
    .replace(/^\s*\$((?:\\\$|[^$])+)(?<!\\)\$(?!\d)/, '$1')
    .replace(/\\([$%#&_])/g, '$1')
    .replace(
      /\\(?:left|right|displaystyle|q?quad)(?![a-z])|\\[,;:! ]|(?<=[\w}])~(?=[\w\\])|(?<=\{)~(?=[a-zA-Z\\])/g,
      ' ',
    )
    .replace(/\{,\}/g, ',')
    .replace(/\^\s*\{?\s*\\circ\s*\}?/g, '°')
    .replace(symbol, (_, name) => symbols[name]!)
    .replace(latexFraction, fraction)
    .replace(latexOver, (_, whole, above, below) => `${whole && `${whole} `}${above}/${below}`)
    .replace(latexWrapper, (_, content, next) => ` ${content}${next && ' '}`);
}

function fraction(
  _: string,
  whole: string,
  numerator: string | undefined,
  unit: string | undefined,
  digit: string,
  denominator: string | undefined,
  lastDigit: string,
): string {
  const before = whole && `${whole} `;
  return `${before}${numerator ?? digit}/${denominator ?? lastDigit}${unit ? ` ${unit.trim()}` : ''}`;
}
