/** The prompts of the roles, in files that can be read and replaced: one YAML file for each role. */
import { join } from 'node:path';
import { z } from 'zod';
import { GloreError } from '../../error.js';
import { namesIn, YamlFile } from '../../files/index.js';
import { inPackage } from '../../package.js';
import { stepKinds } from '../../reading/index.js';
import { type RoleName, roleNames } from '../roles.js';
import type { GivenTemplate } from './wording.js';

/** Those that are shipped. */
export const shippedPrompts = inPackage('prompts');

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
  const files = namesIn(folder).filter((name) => /\.ya?ml$/.test(name));
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

const kind = {
  code: 'prompts',
  name: 'prompt',
  cure: 'the prompts that are built in show how: glore prompts',
} as const;

function readPrompt(path: string, role: RoleName): GivenTemplate {
  const file = YamlFile.read(path, kind);
  const data = file.check(shape, file.value());
  const { one, may } = places[role];
  const found = [...data.prompt.matchAll(/\{([a-z]+)\}/g)].map(([, name]) => name!);
  const used = one.filter((name) => found.includes(name));
  const strange = found.find((name) => ![...one, ...may].includes(name));
  if (used.length !== 1 || strange !== undefined) {
    const named = (names: readonly string[]) => names.map((name) => `{${name}}`).join(', ');
    throw file.error(
      ['prompt'],
      `a text with ${one.length > 1 ? 'one of ' : ''}${named(one)}${may.length > 0 ? `, and perhaps ${named(may)}` : ''}`,
      strange === undefined ? named(used) || 'none of them' : `{${strange}}`,
    );
  }
  for (const [at, example] of (data.examples ?? []).entries()) {
    const missing = found.find((name) => example[name] === undefined);
    if (missing !== undefined) {
      throw file.error(['examples', at], `${missing}, which the prompt has`, 'none');
    }
  }
  return data;
}

let shipped: Prompts | undefined;

/** The shipped prompt of a role for models that follow instructions. */
export function shippedPrompt(role: RoleName): GivenTemplate {
  shipped ??= readPrompts(shippedPrompts);
  return shipped[role]!;
}
