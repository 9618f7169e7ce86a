/** The prompts of the roles, in files that can be read and replaced: one YAML file for each role. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EngineError, readWholeSync } from '@glore/engine';
import { LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { GloreError } from '../../error.js';
import { stepKinds } from '../../reading/index.js';
import { type RoleName, roleNames } from '../roles.js';
import type { GivenTemplate } from './wording.js';

/** Those that are shipped. */
export const shippedPrompts = fileURLToPath(new URL('../../../prompts', import.meta.url));

const texts = z.array(z.string().min(1));
const shape = z.strictObject({
  prompt: z.string().min(1),
  system: z.string().min(1).optional(),
  stop: texts.max(4).optional(),
  tag: z.string().optional(),
  labels: z.strictObject({ positive: texts.min(1), negative: texts.min(1) }).optional(),
  steps: z.enum(stepKinds).optional(),
  examples: z
    .array(z.looseObject({ answer: z.string().min(1) }).catchall(z.string()))
    .max(64)
    .optional(),
});

/** What a prompt must hold, and may. */
const places: Record<
  RoleName,
  { readonly one: readonly string[]; readonly may: readonly string[] }
> = {
  student: { one: ['question'], may: [] },
  orm: { one: ['solution', 'steps', 'lines'], may: ['question'] },
  sorm: { one: ['steps', 'lines', 'solution'], may: ['question'] },
  global: { one: ['question'], may: ['draft'] },
  local: { one: ['question'], may: ['draft', 'kept', 'wrong'] },
};

export type Prompts = Readonly<Partial<Record<RoleName, GivenTemplate>>>;

/**
 * The prompts of a folder: `student.yaml`, `orm.yaml`, .. Roles without a file are asked with what is shipped.
 *
 * @throws GloreError `prompts` naming the file, and the line where it is no YAML
 */
export function readPrompts(folder: string): Prompts {
  const files = existsSync(folder)
    ? readdirSync(folder).filter((name) => /\.ya?ml$/.test(name))
    : [];
  const known = files.flatMap((name) => {
    const role = roleNames.find((one) => one === name.replace(/\.ya?ml$/, ''));
    return role === undefined ? [] : [{ name, role }];
  });
  const odd = files.find((file) => !known.some(({ name }) => name === file));
  if (odd !== undefined || known.length === 0) {
    throw new GloreError(
      'prompts',
      `${odd === undefined ? folder : join(folder, odd)}: expected the prompts of roles (${roleNames.map((role) => `${role}.yaml`).join(', ')}), found ${odd === undefined ? 'none' : 'another file'}; write out those that are built in: glore prompts FOLDER`,
    );
  }
  return Object.fromEntries(
    known.map(({ name, role }) => [role, readPrompt(join(folder, name), role)]),
  );
}

/** Bytes of a file, as of a recipe. */
const most = 2 ** 18;

function readText(path: string): string {
  try {
    return readWholeSync(path, most).toString('utf8');
  } catch (cause) {
    if (cause instanceof EngineError) throw new GloreError('prompts', cause.message, { cause });
    throw new GloreError(
      'prompts',
      `${path}: expected the prompt of a role, found none to read (${(cause as Error).message})`,
      { cause },
    );
  }
}

function readPrompt(path: string, role: RoleName): GivenTemplate {
  const lines = new LineCounter();
  const document = parseDocument(readText(path), { lineCounter: lines });
  const [broken] = document.errors;
  if (broken) {
    const [what] = broken.message.split(/ at line \d+/);
    throw wrong(`${path}:${lines.linePos(broken.pos[0]).line}`, 'YAML', `an error: ${what}`);
  }
  const { success, data, error } = shape.safeParse(document.toJS({ maxAliasCount: 0 }));
  if (!success) {
    const [issue] = error.issues;
    throw wrong(
      path,
      'the keys prompt, system, stop, tag, labels, steps, examples, of their kinds',
      `${issue!.path.join('.') || 'the file'}: ${issue!.message}`,
    );
  }
  const { one, may } = places[role];
  const found = [...data.prompt.matchAll(/\{([a-z]+)\}/g)].map(([, name]) => name!);
  const used = one.filter((name) => found.includes(name));
  const strange = found.find((name) => ![...one, ...may].includes(name));
  if (used.length !== 1 || strange !== undefined) {
    const named = (names: readonly string[]) => names.map((name) => `{${name}}`).join(', ');
    throw wrong(
      path,
      `a prompt with ${one.length > 1 ? 'one of ' : ''}${named(one)}${may.length > 0 ? `, and perhaps ${named(may)}` : ''}`,
      strange === undefined ? named(used) || 'none of them' : `{${strange}}`,
    );
  }
  for (const example of data.examples ?? []) {
    const missing = found.find((name) => example[name] === undefined);
    if (missing !== undefined) {
      throw wrong(path, `examples with ${missing}, which the prompt has`, 'one without it');
    }
  }
  return data;
}

/** `where` is the file, with the line where it is known. */
const wrong = (where: string, expected: string, found: string): GloreError =>
  new GloreError(
    'prompts',
    `${where}: expected ${expected}, found ${found}; the prompts that are built in show how: glore prompts`,
  );

let shipped: Prompts | undefined;

/** The shipped prompt of a role for models that follow instructions. */
export function shippedPrompt(role: RoleName): GivenTemplate {
  shipped ??= readPrompts(shippedPrompts);
  return shipped[role]!;
}
