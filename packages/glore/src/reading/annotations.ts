/** GSM8K's calculator annotations: `Fay has 37+148=<<37+148=185>>185.` */

const lineEnd = /[\n\r\u2028\u2029]/g;

/** The text without annotations, `Fay has 37+148=185.`; what `text.replace(/<<.*?>>/g, '')` gives, in linear time. */
export function stripAnnotations(text: string): string {
  let open = text.indexOf('<<');
  if (open === -1) return text;
  const kept: string[] = [];
  let [from, close, end] = [0, 0, 0];
  while (open !== -1) {
    // Neither is searched for again until it is passed, so that each character is looked at once.
    if (close < open + 2) {
      close = text.indexOf('>>', open + 2);
      if (close === -1) break;
    }
    if (end <= open) {
      lineEnd.lastIndex = open;
      end = lineEnd.exec(text)?.index ?? text.length;
    }
    if (close < end) {
      kept.push(text.slice(from, open));
      from = close + 2;
      open = text.indexOf('<<', from);
    } else {
      open = text.indexOf('<<', end);
    }
  }
  return kept.join('') + text.slice(from);
}
