/** A YAML file that knows where each key is written, and refuses wrong values by file, line and key. */
import { readFileSync } from 'node:fs';
import { Document, isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { GloreError } from '../error.js';

type Key = PropertyKey;

export class YamlFile {
  private readonly path: string;
  private readonly document: Document;
  private readonly lines: LineCounter;
  /** Roots to look keys up under, the one that goes over the others first; none stands for the file itself. */
  private readonly overlays: readonly (readonly Key[])[];

  private constructor(
    path: string,
    document: Document,
    lines: LineCounter,
    overlays: readonly (readonly Key[])[] = [],
  ) {
    this.path = path;
    this.document = document;
    this.lines = lines;
    this.overlays = overlays;
  }

  /** @throws GloreError `recipe` if the file cannot be read or is no YAML. */
  static read(path: string): YamlFile {
    let text: string;
    try {
      text = readFileSync(path, 'utf8');
    } catch (cause) {
      throw new GloreError(
        'recipe',
        `${path}: expected a recipe file, found none to read (${(cause as Error).message})`,
        { cause },
      );
    }
    const lines = new LineCounter();
    const document = parseDocument(text, { lineCounter: lines });
    const [broken] = document.errors;
    if (broken) {
      const line = lines.linePos(broken.pos[0]).line;
      const [what] = broken.message.split(/ at line \d+/);
      throw new GloreError('recipe', `${path}:${line}: expected YAML, found an error: ${what}`);
    }
    return new YamlFile(path, document, lines);
  }

  /** For values that are in no file: errors name `name`, and no lines. */
  static named(name: string): YamlFile {
    return new YamlFile(name, new Document(), new LineCounter());
  }

  /** The same file, with the keys under `root` laid over the others. */
  under(...root: Key[]): YamlFile {
    return new YamlFile(this.path, this.document, this.lines, [root, ...this.overlays]);
  }

  /** The file's content. @throws GloreError `recipe` for an alias of nothing. */
  value(): unknown {
    try {
      return this.document.toJS();
    } catch (cause) {
      throw this.error([], 'YAML', `an error: ${(cause as Error).message}`, cause);
    }
  }

  /** What `schema` makes of `value`. @throws GloreError `recipe` for the first value that is not as expected. */
  check<S extends z.ZodObject>(schema: S, value: unknown): z.output<S> {
    const parsed = schema.safeParse(value);
    if (parsed.success) return parsed.data;
    const { issues } = parsed.error;
    // A misspelt key is missing under its right name too: the misspelling says more.
    const issue = issues.find(({ code }) => code === 'unrecognized_keys') ?? issues[0]!;
    if (issue.code === 'unrecognized_keys') {
      const known = knownKeys(schema, issue.path, value).join(', ');
      throw this.error([...issue.path, issue.keys[0]!], `one of the keys ${known}`, 'this one');
    }
    throw this.error(issue.path, expectation(issue), shown(valueAt(value, issue.path)));
  }

  /** `recipe.yaml:7: rollouts.count: expected .., found ..` */
  error(keys: readonly Key[], expected: string, found: string, cause?: unknown): GloreError {
    const line = this.lineOf(keys);
    const where = line === undefined ? this.path : `${this.path}:${line}`;
    const key = keys.length === 0 ? '' : `${keys.join('.')}: `;
    const message = `${where}: ${key}expected ${expected}, found ${found}`;
    return new GloreError('recipe', message, { cause });
  }

  /** The line of a key where it was last laid over, or of the innermost map around a key that is not there. */
  private lineOf(keys: readonly Key[]): number | undefined {
    for (const root of this.overlays) {
      const { offset, missing } = this.seek([...root, ...keys]);
      if (missing === 0) return this.lines.linePos(offset!).line;
    }
    const { offset } = this.seek(keys);
    return offset === undefined ? undefined : this.lines.linePos(offset).line;
  }

  /** How far the keys lead: the last one's place in the text, and how many are missing. */
  private seek(keys: readonly Key[]): { offset: number | undefined; missing: number } {
    let node: unknown = this.document.contents;
    let offset: number | undefined;
    for (const [depth, key] of keys.entries()) {
      if (isAlias(node)) node = node.resolve(this.document);
      const pair = isMap(node)
        ? node.items.find((item) => isScalar(item.key) && item.key.value === key)
        : undefined;
      const named = pair ? pair.key : isSeq(node) ? node.items[key as number] : undefined;
      const range = (named as { range?: readonly number[] } | undefined)?.range;
      if (!range) return { offset, missing: keys.length - depth };
      offset = range[0];
      node = pair ? pair.value : named;
    }
    return { offset, missing: 0 };
  }
}

const kinds: Readonly<Record<string, string>> = {
  int: 'a whole number',
  number: 'a number',
  string: 'text',
  boolean: 'true or false',
  object: 'a map of keys',
  record: 'a map of keys',
  tuple: 'a list',
};

/** What would have been right, in words. */
function expectation(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return kinds[issue.expected] ?? issue.expected;
    case 'invalid_value':
      return issue.values.map((value) => JSON.stringify(value)).join(' or ');
    case 'too_small':
      if (issue.origin === 'string') return 'some text';
      return `${issue.inclusive ? 'at least' : 'more than'} ${issue.minimum}${unitOf(issue)}`;
    case 'too_big':
      return `at most ${issue.maximum}${unitOf(issue)}`;
    default:
      return issue.message;
  }
}

const unitOf = ({ origin }: { readonly origin: string }): string =>
  origin === 'array' ? ' items' : '';

/** The keys of the map that a path of map keys and list indices leads to in a value. */
function knownKeys(schema: z.ZodObject, path: readonly Key[], value: unknown): string[] {
  const map = path.reduce<z.core.$ZodType>((at, key, depth) => {
    const child =
      at instanceof z.ZodArray
        ? at.element
        : at instanceof z.ZodRecord
          ? at.valueType
          : (at as z.ZodObject).shape[key as string];
    return unwrapped(child, valueAt(value, path.slice(0, depth + 1)));
  }, schema);
  return Object.keys((map as z.ZodObject).shape);
}

/** The schema of a value that is there: of several kinds of map the one that its discriminator names. */
function unwrapped(schema: z.core.$ZodType, value: unknown): z.core.$ZodType {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault) {
    return unwrapped(schema.unwrap(), value);
  }
  if (!(schema instanceof z.ZodDiscriminatedUnion)) return schema;
  const { discriminator } = schema.def;
  const options = schema.options as z.ZodObject[];
  return options.find(
    ({ shape }) => shape[discriminator].safeParse(valueAt(value, [discriminator])).success,
  )!;
}

function valueAt(value: unknown, path: readonly Key[]): unknown {
  return path.reduce((map, key) => (map as Record<Key, unknown>)[key], value);
}

function shown(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  const text = typeof value === 'number' ? String(value) : JSON.stringify(value);
  return text.length <= 60 ? text : `${text.slice(0, 60)}...`;
}
