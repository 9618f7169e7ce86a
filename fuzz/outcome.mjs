/** What a case came to: a kind that is counted, or a finding. */
import { EngineError } from '@glore/engine';
import { CommanderError } from 'commander';
import { reportFailure } from '../packages/glore/dist/cli/failure.js';
import { GloreError } from '../packages/glore/dist/error.js';

/** What must always hold did not. */
export class Violation extends Error {
  constructor(kind, message) {
    super(message);
    this.kind = kind;
  }
}

/** @throws Violation unless it holds */
export function holds(condition, kind, message) {
  if (!condition) throw new Violation(kind, typeof message === 'function' ? message() : message);
}

/** Characters that a terminal obeys, or that turn what follows. */
const obeyed =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/;

/** @throws Violation if a terminal would obey something in what is shown */
export function checkShown(text, where) {
  holds(!obeyed.test(text), 'unescaped', () => `${where}: ${JSON.stringify(text.slice(0, 400))}`);
}

/** What the command line says of an error. */
function printed(error) {
  const { write } = process.stderr;
  let said = '';
  process.stderr.write = (text) => {
    said += text;
    return true;
  };
  try {
    reportFailure(error);
  } finally {
    process.stderr.write = write;
  }
  return said;
}

/** The kind of what was thrown, or of a finding in it. */
export function outcomeOf(error) {
  if (error instanceof Violation) return { finding: error.kind, message: error.message };
  if (error instanceof CommanderError) return { kind: error.code };
  if (error instanceof GloreError || error instanceof EngineError) {
    const shown = printed(error);
    if (typeof error.code !== 'string' || error.code === '') {
      return { finding: 'unnamed', message: `an error without a code: ${shown}` };
    }
    try {
      checkShown(shown, error.code);
    } catch ({ kind, message }) {
      return { finding: kind, message };
    }
    if (shown.length > 10_000) {
      return { finding: 'long', message: `${error.code}: a message of ${shown.length} characters` };
    }
    return { kind: error.code };
  }
  const { name, message, stack = '', code } = Object(error);
  const at = stack.split('\n').find((line) => /packages\/(?:glore|engine)\/dist/.test(line));
  return {
    finding: 'unnamed',
    message: `${name}${code ? ` ${code}` : ''}: ${String(message ?? error).slice(0, 300)}${at ? ` (${at.trim().replace(/file:\/\/.*\/packages\//, 'packages/')})` : ''}`,
  };
}
