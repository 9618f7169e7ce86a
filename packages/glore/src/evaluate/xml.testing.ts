/** Reads pictures again, for the tests of what draws them. */

/** An element: its attributes, what is in it, and the text directly in it. */
export interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: Element[];
  text: string;
}

/** Reads XML without comments, declarations and CDATA, and refuses whatever is not well-formed. */
export function parseXml(source: string): Element {
  const root: Element = { name: '', attributes: {}, children: [], text: '' };
  const open = [root];
  const token = /<(\/?)([A-Za-z][\w-]*)((?:\s+[A-Za-z][\w:-]*="[^"<]*")*)\s*(\/?)>|([^<]+)/y;
  while (token.lastIndex < source.length) {
    const at = token.lastIndex;
    const match = token.exec(source);
    if (!match) throw new Error(`no XML at ${source.slice(at, at + 40)}`);
    const [, closing, name, attributes, empty, text] = match;
    const current = open.at(-1)!;
    if (/&(?!(?:amp|lt|gt|quot);)/.test(match[0])) throw new Error(`bare & in ${match[0]}`);
    if (text !== undefined) current.text += unescapeText(text);
    else if (closing) {
      if (current.name !== name) throw new Error(`</${name}> closes <${current.name}>`);
      open.pop();
    } else {
      const pairs = [...attributes!.matchAll(/([\w:-]+)="([^"]*)"/g)];
      const keys = pairs.map(([, key]) => key);
      if (new Set(keys).size < keys.length) throw new Error(`attribute twice in <${name}>`);
      const child: Element = {
        name: name!,
        attributes: Object.fromEntries(pairs.map(([, key, value]) => [key, unescapeText(value!)])),
        children: [],
        text: '',
      };
      current.children.push(child);
      if (!empty) open.push(child);
    }
  }
  if (open.length > 1) throw new Error(`<${open.at(-1)!.name}> is not closed`);
  if (root.children.length !== 1 || root.text.trim() !== '') throw new Error('not one root');
  return root.children[0]!;
}

const unescapeText = (text: string): string =>
  text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&');
