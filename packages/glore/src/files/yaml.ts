/** A YAML file that knows where each key is written, and refuses wrong values by file, line and key. */
import { EngineError, readWholeSync } from '@glore/engine';
import {
  CST,
  Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  parseDocument,
  visit,
} from 'yaml';
import { z } from 'zod';
import { GloreError } from '../error.js';
import { expectation, pathShown, valueAt, valueShown } from './issue.js';

type Key = PropertyKey;

/** What a file is, and the code of its errors. */
export interface YamlKind {
  readonly code: 'recipe' | 'prompts';
  readonly name: string;
  /** What else to do about what is wrong in it. */
  readonly cure?: string;
}

const recipeFile: YamlKind = { code: 'recipe', name: 'recipe' };

export class YamlFile {
  private readonly path: string;
  private readonly document: Document;
  private readonly lines: LineCounter;
  private readonly kind: YamlKind;
  /** Roots to look keys up under, the one that goes over the others first; none stands for the file itself. */
  private readonly overlays: readonly (readonly Key[])[];

  private constructor(
    path: string,
    document: Document,
    lines: LineCounter,
    kind: YamlKind,
    overlays: readonly (readonly Key[])[] = [],
  ) {
    this.path = path;
    this.document = document;
    this.lines = lines;
    this.kind = kind;
    this.overlays = overlays;
  }

  /** @throws GloreError `recipe`, or the kind's code, if the file cannot be read or is no YAML. */
  static read(path: string, kind: YamlKind = recipeFile): YamlFile {
    const { code, name } = kind;
    let text: string;
    try {
      text = readWholeSync(path, most.bytes).toString('utf8');
    } catch (cause) {
      if (cause instanceof EngineError) throw new GloreError(code, cause.message, { cause });
      throw new GloreError(
        code,
        `${path}: expected a ${name} file, found none to read (${(cause as Error).message})`,
        { cause },
      );
    }
    checkSize(path, text, kind);
    const lines = new LineCounter();
    const document = parseDocument(text, { lineCounter: lines });
    const [broken] = document.errors;
    if (broken) {
      const line = lines.linePos(broken.pos[0]).line;
      const what = saidOf(broken.message);
      throw new GloreError(code, `${path}:${line}: expected YAML, found an error: ${what}`);
    }
    visit(document, {
      Pair(_, { key }) {
        // Whoever copies objects drops it without a word.
        if (!isScalar(key) || key.value !== '__proto__') return;
        const line = lines.linePos(key.range?.[0] ?? 0).line;
        throw new GloreError(code, `${path}:${line}: expected another name, found __proto__`);
      },
    });
    return new YamlFile(path, document, lines, kind);
  }

  /** For values that are in no file: errors name `name`, and no lines. */
  static named(name: string): YamlFile {
    return new YamlFile(name, new Document(), new LineCounter(), recipeFile);
  }

  /** The same file, with the keys under `root` laid over the others. */
  under(...root: Key[]): YamlFile {
    return new YamlFile(this.path, this.document, this.lines, this.kind, [root, ...this.overlays]);
  }

  /** The file's content. @throws GloreError `recipe` for an alias of nothing. */
  value(): unknown {
    try {
      return this.document.toJS();
    } catch (cause) {
      throw this.error([], 'YAML', `an error: ${saidOf((cause as Error).message)}`, cause);
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
      const known = knownKeys(schema, issue.path, value);
      const expected = known ? `one of the keys ${known.join(', ')}` : 'a key that is known';
      throw this.error([...issue.path, issue.keys[0]!], expected, 'this one');
    }
    const found =
      issue.code === 'invalid_key'
        ? 'another name'
        : valueShown(valueAt(value, issue.path), issue.path);
    throw this.error(issue.path, expectation(issue), found);
  }

  /** `recipe.yaml:7: rollouts.count: expected .., found ..` */
  error(keys: readonly Key[], expected: string, found: string, cause?: unknown): GloreError {
    const line = this.lineOf(keys);
    const where = line === undefined ? this.path : `${this.path}:${line}`;
    const key = keys.length === 0 ? '' : `${pathShown(keys)}: `;
    const { code, cure } = this.kind;
    const message = `${where}: ${key}expected ${expected}, found ${found}${cure ? `; ${cure}` : ''}`;
    return new GloreError(code, message, { cause });
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

/** The keys of the map that a path of map keys and list indices leads to in a value; undefined where it has no shape. */
function knownKeys(
  schema: z.ZodObject,
  path: readonly Key[],
  value: unknown,
): string[] | undefined {
  let at: z.core.$ZodType | undefined = schema;
  for (const [depth, key] of path.entries()) {
    const child: z.core.$ZodType | undefined =
      at instanceof z.ZodArray
        ? at.element
        : at instanceof z.ZodRecord
          ? at.valueType
          : at instanceof z.ZodObject
            ? at.shape[String(key)]
            : undefined;
    at = child && unwrapped(child, valueAt(value, path.slice(0, depth + 1)));
  }
  return at instanceof z.ZodObject ? Object.keys(at.shape) : undefined;
}

/** The schema of a value that is there: of several kinds of map the one that its discriminator names. */
function unwrapped(schema: z.core.$ZodType, value: unknown): z.core.$ZodType | undefined {
  if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodDefault
  ) {
    return unwrapped(schema.unwrap(), value);
  }
  if (!(schema instanceof z.ZodDiscriminatedUnion)) return schema;
  const { discriminator } = schema.def;
  return schema.options.find(
    (option) =>
      option instanceof z.ZodObject &&
      option.shape[discriminator].safeParse(valueAt(value, [discriminator])).success,
  );
}

/** What a file has far less of; each of these costs time with every other. */
const most = { bytes: 2 ** 18, keys: 4096, aliases: 256, depth: 64 };

/** Refuses what would take long to read, before it is read. */
function checkSize(path: string, text: string, { code, name }: YamlKind): void {
  let [keys, aliases, depth, line, deep] = [0, 0, 0, 1, 0];
  const refuse = (what: string, most: number) => {
    const message = `${path}:${line}: expected at most ${most} ${what}, found more; a ${name} is smaller`;
    throw new GloreError(code, message);
  };
  for (const token of new Lexer().lex(text)) {
    switch (CST.tokenType(token)) {
      case 'newline':
        line++;
        deep = 0;
        break;
      case 'map-value-ind':
        if (++keys > most.keys) refuse('keys', most.keys);
        break;
      case 'alias':
        if (++aliases > most.aliases) refuse('aliases', most.aliases);
        break;
      case 'flow-map-start':
      case 'flow-seq-start':
        depth++;
        break;
      case 'flow-map-end':
      case 'flow-seq-end':
        depth--;
        break;
      case 'seq-item-ind':
      case 'explicit-key-ind':
        deep++;
        break;
      default:
        break;
    }
    if (depth + deep > most.depth) refuse('lists and maps in one another', most.depth);
  }
}

/** What the parser says is wrong, without what it found there. */
const saidOf = (message: string): string => message.split(/ at line \d+|: |\\/)[0]!;
