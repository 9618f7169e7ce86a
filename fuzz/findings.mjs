/** What was found: once for each fault, with the input that showed it and the command that shows it again. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';

/** What findings of one fault have in common: digits, names and quoted text differ. */
function signatureOf({ target, finding, message }) {
  const place = /\((?:at )?[^()]*\(?(packages\/[^\s:)]+:\d+)/.exec(message)?.[1];
  const words = message
    .replace(/"(?:\\.|[^"\\])*"?/g, '""')
    .replace(/\/\S*\//g, '/')
    .replace(/\d+/g, '0');
  return [target, finding, place ?? words.slice(0, 80)].join(' | ');
}

export class Findings {
  #seed;
  #folder;
  #onFirst;
  #found = new Map();

  /** `onFirst` is told the first of each fault. */
  constructor({ seed, out, onFirst }) {
    this.#seed = seed;
    this.#folder = resolve(out);
    this.#onFirst = onFirst;
  }

  get all() {
    return [...this.#found.values()];
  }

  /** `seed` is the run's, unless a case of another one is run again. */
  add({ target, number, finding, message, input, seed = this.#seed }) {
    const signature = signatureOf({ target, finding, message });
    const known = this.#found.get(signature);
    if (known) {
      known.count++;
      return;
    }
    const name = `${target}-${seed}-${number}`;
    const again = `npm run fuzz -- --target ${target} --seed ${seed} --case ${number}`;
    const one = { target, finding, count: 1, message, seed, case: number, again };
    if (input !== undefined) {
      mkdirSync(this.#folder, { recursive: true });
      const file = join(this.#folder, `${name}.json`);
      const kept = { target, seed, number, finding, message, input };
      writeFileSync(file, `${JSON.stringify(kept)}\n`);
      one.file = relative(process.cwd(), file);
    }
    this.#found.set(signature, one);
    this.#onFirst(one);
  }
}

/** Fit for a terminal: what is odd in it is spelt out. */
export function escaped(text, most = 600) {
  const spelt = JSON.stringify(text)
    .slice(1, -1)
    .replace(/[^\x20-\x7e]/gu, (one) => `\\u{${one.codePointAt(0).toString(16)}}`);
  return spelt.length > most ? `${spelt.slice(0, most)}..` : spelt;
}

export const rendered = ({ target, finding, count, message, file, again }) =>
  [
    `found in ${target}: ${finding}${count > 1 ? ` (${count} times)` : ''}`,
    `  ${escaped(message)}`,
    ...(file ? [`  input   ${file}`] : []),
    `  again   ${again}`,
  ].join('\n');
