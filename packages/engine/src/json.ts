/** JSON from others, no deeper than can be written again. */

/** Nobody's data is nested as deeply; writing JSON of a hundred times as much overflows the stack. */
const mostLevels = 1000;

/** As `JSON.parse`; throws a SyntaxError also for what is nested more than 1,000 levels deep. */
export function parseJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  if (text.length > 2 * mostLevels && isDeep(text)) {
    throw new SyntaxError(`values within values, more than ${mostLevels} levels deep`);
  }
  return value;
}

/** Whether JSON has more levels; `text` is known to be JSON. */
function isDeep(text: string): boolean {
  let levels = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x22) at = endOfString(text, at);
    else if (code === 0x5b || code === 0x7b) {
      if (++levels > mostLevels) return true;
    } else if (code === 0x5d || code === 0x7d) levels--;
  }
  return false;
}

/** Where the quote is that ends a string; an odd number of backslashes before one makes it a part of it. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); ; end = text.indexOf('"', end + 1)) {
    let slashes = 0;
    while (text.charCodeAt(end - 1 - slashes) === 0x5c) slashes++;
    if (slashes % 2 === 0) return end;
  }
}
