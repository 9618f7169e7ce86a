/** A command as a recipe has it: words, of which some have places that are filled in. Nothing of it goes through a shell. */

/** The words of a command on one line: parted by white space, joined by quotes; a backslash is a backslash. Undefined where a quote is left open. */
export function wordsOf(line: string): string[] | undefined {
  const words = line.match(/(?:[^\s"']|"[^"]*"|'[^']*')+/g) ?? [];
  const bare = words.map((word) => word.replaceAll(/"([^"]*)"|'([^']*)'/g, '$1$2'));
  const left = line.replaceAll(/"[^"]*"|'[^']*'/g, '');
  return /["']/.test(left) ? undefined : bare;
}

/** What stands in a place: text within a word, or words where the place is a word of its own. */
export type Places = Readonly<Record<string, string | readonly string[]>>;

const place = /\{([a-z]+)\}/g;

/** The places of a command. */
export const placesIn = (command: readonly string[]): string[] =>
  command.flatMap((word) => [...word.matchAll(place)].map(([, name]) => name!));

/** A command with its places filled; each stays in its word, whatever it holds. */
export function filled(command: readonly string[], places: Places): string[] {
  return command.flatMap((word) => {
    const [, name] = /^\{([a-z]+)\}$/.exec(word) ?? [];
    const whole = name === undefined ? undefined : places[name];
    if (whole !== undefined) return whole;
    return word.replaceAll(place, (found, inner: string) =>
      [places[inner] ?? found].flat().join(' '),
    );
  });
}
