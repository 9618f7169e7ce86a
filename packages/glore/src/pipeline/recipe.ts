/** A recipe: everything that a run's result depends on, read once from YAML and refused before any work if it is wrong. */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { GloreError } from '../error.js';
import { checkSettings } from '../problem/index.js';

const count = z.int().min(1);
const share = z.number().min(0).max(1);
const temperature = z.number().min(0).max(5);
const range = z.tuple([z.int(), z.int()]);

const world = z.strictObject({
  source: z.literal('world'),
  settings: z.strictObject({
    steps: range,
    maxValue: z.int(),
    operands: range,
    factors: range,
    operations: z.strictObject({
      gain: z.number(),
      lose: z.number(),
      times: z.number(),
      share: z.number(),
    }),
    named: share,
    distractors: share,
  }),
  dev: count,
  test: count,
});

const training = z.strictObject({
  /** Most examples; all of them if left out. */
  examples: count.optional(),
  epochs: count,
  /** Sequences in a batch. */
  batch: count,
  /** Highest learning rate. */
  rate: z.number().positive(),
});
export type Training = z.infer<typeof training>;

const refinerTraining = training.extend({
  /** Plain solving mixed in: student examples for each refinement example. */
  plain: z.number().min(0).max(10),
});

const recipe = z.strictObject({
  seed: z.int().min(0),
  /** Worker threads. Training sums gradients in an order that depends on it. */
  workers: count.max(256),
  /** Folder of the base checkpoint, from the recipe's folder. */
  base: z.string().min(1),
  problems: world,
  maxTokens: count,
  student: z.strictObject({
    sft: training.extend({ problems: count }),
    expertIteration: training.extend({
      rounds: z.int().min(0),
      problems: count,
      samples: count,
      temperature,
    }),
  }),
  /** Samples of the student on fresh training problems: the ORM's data and the drafts of everything else. */
  drafts: z.strictObject({ problems: count, samples: count, temperature }),
  /** Rollouts from the prefixes of `samples` wrong drafts, and equally many right drafts labelled. */
  rollouts: z.strictObject({ samples: count, count, temperature }),
  labels: z.strictObject({
    propagation: z.boolean(),
    consistency: z.boolean(),
    balance: z.boolean(),
  }),
  /** Most local pairs cut from one wrong draft. */
  localPairs: count,
  training: z.strictObject({
    orm: training,
    sorm: training,
    global: refinerTraining,
    local: refinerTraining,
  }),
  evaluation: z.strictObject({ samples: z.int().min(3), temperature }),
});

export type Recipe = z.infer<typeof recipe>;

const file = recipe.extend({ presets: z.record(z.string(), z.unknown()).optional() });

/**
 * Reads a recipe, with a preset's values laid over it.
 * @throws GloreError `recipe` naming the file, line and key
 */
export function readRecipe(path: string, preset?: string): Recipe {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new GloreError(
      'recipe',
      `${path}: cannot read the recipe (${(cause as Error).message})`,
      { cause },
    );
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const [broken] = document.errors;
  if (broken) throw new GloreError('recipe', `${path}: ${broken.message}`);
  const raw = document.toJS() as Record<string, unknown> | null;
  const presets = raw?.presets as Record<string, unknown> | undefined;
  if (preset !== undefined && !(preset in (presets ?? {}))) {
    const known = Object.keys(presets ?? {}).join(', ') || 'none';
    throw new GloreError(
      'recipe',
      `${path}: expected a preset of the recipe (${known}), found "${preset}"`,
    );
  }
  const merged = preset === undefined ? raw : overlay(raw, presets?.[preset]);
  const parsed = file.safeParse(merged);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const keys = [
      ...issue!.path,
      ...(issue!.code === 'unrecognized_keys' ? issue!.keys.slice(0, 1) : []),
    ];
    const node = document.getIn(keys, true) as { range?: [number, number, number] } | undefined;
    const line = node?.range ? `:${lines.linePos(node.range[0]).line}` : '';
    throw new GloreError(
      'recipe',
      `${path}${line}: ${keys.join('.') || 'the recipe'}: ${issue!.message}`,
    );
  }
  const { presets: _, ...result } = parsed.data;
  checkSettings(result.problems.settings);
  return { ...result, base: resolve(dirname(path), result.base) };
}

/** Maps are merged key by key; everything else is replaced. */
function overlay(under: unknown, over: unknown): unknown {
  if (!isMap(under) || !isMap(over)) return over;
  const result: Record<string, unknown> = { ...under };
  for (const [key, value] of Object.entries(over)) {
    result[key] = key in under ? overlay(under[key], value) : value;
  }
  return result;
}

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
