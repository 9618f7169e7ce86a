/** Text of others, fit to be shown: with nothing in it that a terminal would obey, or that is not seen. */

/** Text in which what is not seen (control characters, turns of direction, halves of characters) is spelt as in JSON. */
export const visible = (text: string): string =>
  text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, (found) =>
    Array.from(
      { length: found.length },
      (_, i) => `\\u${found.charCodeAt(i).toString(16).padStart(4, '0')}`,
    ).join(''),
  );

/** The same of text in lines, which stay lines. */
export const visibleLines = (text: string): string => text.split('\n').map(visible).join('\n');

/** A value as JSON on one line, of which a terminal obeys nothing. */
export const visibleJson = (value: unknown): string => visible(JSON.stringify(value));
