/** A recipe: everything that a run's result depends on, read once from YAML and refused before any work if it is wrong. */
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import {
  adapterModules,
  addSpecialTokens,
  availableProviders,
  openTokenizer,
  readWholeSync,
} from '@glore/engine';
import { z } from 'zod';
import { createCodec, specialTokens } from '../codec/index.js';
import { nameShown, share, YamlFile } from '../files/index.js';
import { checkSettings, type HeldOut, WorldSettingError } from '../problem/index.js';
import { endpoints, models, plainName, wrongModel } from './endpoints.js';
import { count, type FileSet, filePath, gsm8k, jsonl, readGiven, svamp } from './files.js';
import { allServed, learns, trainer, wrongTrainer } from './trainer.js';

/** Whatever is made of it (a thousand times as much, and more) is exact too. */
export const seed = z.int().min(0).max(1e12);
/** How often something comes, against others. */
const weight = z.number().min(0).max(1e6);

const temperature = z.number().min(0).max(5);
export const range = z.tuple([z.int(), z.int()]).readonly();

/** Where models of this process compute, of what there is on this machine; the CPU if left out. */
export const provider = z.enum(availableProviders()).optional();

export const worldSettings = z.strictObject({
  steps: range,
  maxValue: z.int(),
  operands: range,
  factors: range,
  operations: z.strictObject({
    gain: weight,
    lose: weight,
    times: weight,
    share: weight,
  }),
  named: share,
  distractors: share,
  pronouns: share.optional(),
});

export const world = z.strictObject({
  source: z.literal('world'),
  settings: worldSettings,
  dev: count,
  test: count,
});

/** An adapter that is learned instead of all weights (LoRA): on the weights that the training starts from. */
const lora = z.strictObject({
  rank: count.max(4096),
  /** `alpha / rank` is the factor on what it adds; twice the rank if left out. */
  alpha: z.number().positive().optional(),
  /** Linear modules that it changes; all if left out. */
  targets: z.array(z.enum(adapterModules)).min(1).readonly().optional(),
  /** Layers that it changes, the last so many; all if left out. Less is computed where they are few. */
  layers: count.optional(),
});
export type Lora = z.infer<typeof lora>;

const wholeTraining = z.strictObject({
  /** Most examples; all of them if left out. */
  examples: count.optional(),
  epochs: count,
  /** Sequences in a batch. */
  batch: count,
  /** Highest learning rate. */
  rate: z.number().positive().max(1),
});
const training = wholeTraining.extend({ lora: lora.optional() });
export type Training = z.infer<typeof training>;

/** A checkpoint that training starts from: the student, as in the paper, or the base that the student started from. */
const start = z.enum(['student', 'base']).default('student');

const criticTraining = training.extend({
  /** Whether it learns from every token of a line, not from the line's tag alone; not if left out, as the paper's. */
  everyToken: z.boolean().optional(),
  /** Whether a batch is of whole problems, where they fit, or of any examples; of whole problems if left out. */
  together: z.boolean().optional(),
});

const refinerTraining = training.extend({
  start,
  /** Plain solving mixed in: student examples for each refinement example. */
  plain: z.number().min(0).max(10),
});

export const recipe = z.strictObject({
  seed,
  /** Worker threads. Training sums gradients in an order that depends on it. */
  workers: count.max(256),
  provider,
  /**
   * Bits of the numbers that are multiplied where weights stay as they are: in sampling, scoring, and beside an adapter that
   * is learned. 32 if left out; 8 is faster and gives other, nearly as good, numbers.
   */
  bits: z.literal([8, 32]).optional(),
  /** Folder of the base checkpoint, from the recipe's folder. */
  base: filePath,
  problems: z.discriminatedUnion('source', [world, gsm8k, svamp, jsonl], {
    error: '"world" or "gsm8k" or "svamp" or "jsonl"',
  }),
  maxTokens: count,
  student: z.strictObject({
    /** With 0 problems the student begins as the base is. */
    sft: training.extend({ problems: z.int().min(0) }),
    expertIteration: training.extend({
      /** Most rounds. */
      rounds: z.int().min(0),
      /** A round that adds less than this to the share of dev problems solved greedily is the last; all are done if left out. */
      until: share.optional(),
      /** Fresh problems for each round, or those of the drafts, the same for each, as in the paper. */
      problems: z.union([count, z.literal('drafts')], {
        error: 'a whole number of at least 1, or "drafts"',
      }),
      samples: count,
      temperature,
    }),
  }),
  /** Samples of the student on training problems: the ORM's data and the drafts of everything else. */
  drafts: z
    .strictObject({
      problems: count,
      samples: count,
      temperature,
      /** A problem of which none of these is right is sampled on until one is, `most` times in all; null for no further ones. */
      further: z.strictObject({ most: count, temperature }).nullish(),
    })
    .refine(({ samples, further }) => !further || further.most > samples, {
      path: ['further', 'most'],
      error: 'more than samples',
    }),
  /**
   * Rollouts from the prefixes of `samples` wrong drafts, and equally many right drafts labelled. Adaptive: at most `count`
   * from the prefixes on which a label hangs; brute, as in the paper: `count` from every prefix. With either, other samples
   * of the problem that pass through a prefix count as rollouts from it too (ours).
   */
  rollouts: z.strictObject({
    method: z.enum(['adaptive', 'brute']).default('adaptive'),
    samples: count,
    count,
    temperature,
    /** Whether these other samples count; they do if left out, the paper's do not. */
    others: z.boolean().optional(),
    /** Whether wrong drafts of problems that no draft solves are labelled too; they are not if left out. */
    unsolved: z.boolean().optional(),
  }),
  labels: z.strictObject({
    propagation: z.boolean(),
    consistency: z.boolean(),
    balance: z.boolean(),
  }),
  /** Most local pairs cut from one wrong draft. */
  localPairs: count,
  /** Drafts of local pairs: failing rollouts, and the wrong draft itself, which the paper's are not (`rollouts`). */
  localDrafts: z.enum(['all', 'rollouts']).optional(),
  /** The right sample that a wrong one is paired with for the global refiner: the nearest by edit distance, or any. */
  pairing: z.enum(['nearest', 'random']).default('nearest'),
  /** Right drafts which the global refiner learns to leave as they are, for each wrong one; none if left out, as the paper's. */
  kept: z.number().min(0).max(10).optional(),
  training: z.strictObject({
    orm: criticTraining.extend({
      /** The checkpoint it starts from: the student, or the SORM, which has learned to check steps. */
      start: z.enum(['student', 'sorm', 'base']),
      /** Further problems whose drafts and refinements it learns from too; 0 for the paper's ORM, which has seen none. */
      candidates: z.int().min(0),
      /** Of what there are equally many: right and wrong samples, over all or of each problem, and labels at each length. */
      balance: z.enum(['answer', 'problem', 'prefix']).default('problem'),
    }),
    sorm: criticTraining.extend({
      start,
      /** What it learns first: whether the student would have written what it reads; nothing if left out, as the paper's. */
      expected: wholeTraining
        .extend({
          /** New layers, on top of the student's: comparing comes behind expecting. */
          layers: z.int().min(0),
          /** Of a sample's digits, in the copy that is read beside it. */
          replaced: share,
        })
        .optional(),
      /**
       * What it learns before the labels of steps: the outcomes of the student's samples, as the ORM; nothing if left out. An
       * adapter, if it learns one, learns them too.
       */
      outcomes: wholeTraining.optional(),
      /** A first SORM, of one epoch, leaves out the positive labels that it values below this; 0 if left out, as the paper's. */
      doubt: share.optional(),
    }),
    global: refinerTraining,
    local: refinerTraining,
  }),
  evaluation: z.strictObject({
    samples: z.int().min(3),
    temperature,
    /** Most rounds of refinement; the first is `rerank`, which is always measured. */
    rounds: count.default(1),
    /** Most test problems, the first of them; all if left out. */
    problems: count.optional(),
    /** Most dev problems that thresholds are fitted on, the first of them; all if left out. */
    dev: count.optional(),
  }),
  /** Servers by name, and the roles whose models they have; roles left out are trained and run in this process. */
  endpoints: endpoints.optional(),
  models: models.optional(),
  /** Trains served roles outside this process, by a command. */
  trainer: trainer.optional(),
});

type Given = z.infer<typeof recipe>;

/** A recipe as it is used: problems from files with the contents of their files. */
export type Recipe = Omit<Given, 'problems'> & {
  readonly problems: z.infer<typeof world> | FileSet;
};

/** Whether models of this process multiply in 8 bits: nothing where they do not, or where none is in it. */
export const bitsIn = (recipe: Recipe): { readonly bits?: 8 } =>
  recipe.bits === 8 && !allServed(recipe) ? { bits: 8 } : {};

const file = recipe.extend({
  presets: z.record(plainName, z.record(z.string(), z.unknown())).default({}),
});

/**
 * Reads a recipe, with the values of presets laid over it in their order.
 * @throws GloreError `recipe` naming the file, line and key; of two presets that say different things of one key, both
 */
export function readRecipe(path: string, preset: string | readonly string[] = []): Recipe {
  const source = YamlFile.read(path);
  const { presets, ...plain } = source.check(file, source.value());
  const names = typeof preset === 'string' ? [preset] : preset;
  let laid: unknown = plain;
  let over = source;
  for (const [i, name] of names.entries()) {
    if (!Object.hasOwn(presets, name)) {
      const known = Object.keys(presets).join(', ') || 'it has none';
      throw source.error(['presets'], `a preset of the recipe (${known})`, nameShown(name));
    }
    for (const before of names.slice(0, i)) {
      const keys = clash(presets[before], presets[name]);
      if (keys && before !== name) {
        const expected = `what the preset ${before} says, or nothing: they cannot be laid over each other`;
        throw source.error(['presets', name, ...keys], expected, 'something else');
      }
    }
    laid = overlay(laid, presets[name]);
    over = over.under('presets', name);
  }
  return checked(names.length === 0 ? plain : over.check(recipe, laid), over, path);
}

/** Where two values laid over each other say different things: the first keys; undefined where they agree. */
function clash(a: unknown, b: unknown): string[] | undefined {
  if (!isMap(a) || !isMap(b)) return isDeepStrictEqual(a, b) ? undefined : [];
  for (const [key, value] of Object.entries(b)) {
    if (!Object.hasOwn(a, key)) continue;
    const inner = clash(a[key], value);
    if (inner) return [key, ...inner];
  }
  return undefined;
}

/** What a recipe says, before anything is looked up: paths as they are written, defaults left out. */
export type RecipeValues = z.input<typeof recipe>;

/**
 * A recipe made of values instead of a file.
 * @param folder paths are from here; the current folder if left out
 * @throws GloreError `recipe` naming the key
 */
export function makeRecipe(values: RecipeValues, folder = process.cwd()): Recipe {
  const source = YamlFile.named('recipe');
  return checked(source.check(recipe, values), source, join(folder, 'recipe'));
}

/**
 * Reads a recipe with values of another file laid over it, the last ones over the others.
 * @param over the file of the values, which is named where they are wrong
 * @throws GloreError `recipe` naming file, line and key
 */
export function readRecipeWith(
  path: string,
  preset: string | readonly string[] | undefined,
  values: readonly unknown[],
  over: YamlFile,
): Recipe {
  const laid = values.reduce(overlay, readRecipe(path, preset));
  return checked(over.check(recipe, laid), over, path);
}

/** Reads a recipe of another kind. @throws GloreError `recipe` naming the file, line and key */
export function parseRecipe<S extends z.ZodObject>(path: string, schema: S): z.output<S> {
  const source = YamlFile.read(path);
  return source.check(schema, source.value());
}

/** The recipe with its base's full path, if its problems can be had and the base is a model of this codec. */
function checked(result: Given, source: YamlFile, path: string): Recipe {
  const folder = dirname(path);
  const wrong = wrongModel(result) ?? wrongTrainer(result) ?? wrongLora(result);
  if (wrong) throw source.error(wrong.keys, wrong.expected, wrong.found);
  if (result.rollouts.method === 'adaptive' && !result.labels.propagation) {
    const expected = 'true, since adaptive rollouts only find the flip (or rollouts.method: brute)';
    throw source.error(['labels', 'propagation'], expected, 'false');
  }
  if (result.training.sorm.expected && result.models?.student && !result.models.sorm) {
    const expected = 'none, since what a served student expects of each token is not asked for';
    throw source.error(['training', 'sorm', 'expected'], expected, 'one');
  }
  if (result.problems.source === 'world') checkWorld(result.problems.settings, source);
  const base = resolve(folder, result.base);
  checkBase(base, source);
  const paths = {
    base,
    ...(result.trainer && {
      trainer: { ...result.trainer, folder: resolve(folder, result.trainer.folder) },
    }),
  };
  if (result.problems.source === 'world') return { ...result, problems: result.problems, ...paths };
  const { set, held } = readGiven(result.problems, folder, (key, ...rest) =>
    source.error(['problems', key], ...rest),
  );
  checkTraining(result, held, source);
  return { ...result, problems: set, ...paths };
}

/** What is wrong with the adapters of roles, which stand on weights in the run's folder. */
function wrongLora({ training }: Given) {
  for (const role of ['orm', 'sorm', 'global', 'local'] as const) {
    const { lora, start } = training[role];
    if (!lora || start !== 'base') continue;
    const expected = `student${role === 'orm' ? ' or sorm' : ''}, since an adapter stands on weights that the run has`;
    return { keys: ['training', role, 'start'], expected, found: '"base"' };
  }
  const { orm, sorm } = training;
  if (sorm.lora && sorm.expected) {
    const expected = 'none, since the layers in which it is learned are learned whole';
    return { keys: ['training', 'sorm', 'expected'], expected, found: 'one' };
  }
  if (orm.lora && sorm.lora && orm.start === 'sorm' && !isDeepStrictEqual(orm.lora, sorm.lora)) {
    const expected = 'that of the sorm, since the orm goes on from its adapter (or start: student)';
    return { keys: ['training', 'orm', 'lora'], expected, found: 'another' };
  }
  return undefined;
}

function checkWorld(settings: z.infer<typeof worldSettings>, source: YamlFile): void {
  try {
    checkSettings(settings);
  } catch (error) {
    if (!(error instanceof WorldSettingError)) throw error;
    const keys = ['problems', 'settings', ...error.setting.split('.')];
    throw source.error(keys, error.expected, error.found, error);
  }
}

function checkBase(base: string, source: YamlFile): void {
  for (const name of ['config.json', 'tokenizer.json']) {
    if (existsSync(join(base, name))) continue;
    throw source.error(['base'], 'the folder of a base checkpoint', `no ${name} in ${base}`);
  }
  try {
    const tokenizer = readWholeSync(join(base, 'tokenizer.json')).toString('utf8');
    createCodec(openTokenizer(addSpecialTokens(tokenizer, specialTokens)));
  } catch (error) {
    const found = `${base} with another (${(error as Error).message})`;
    throw source.error(['base'], 'a base checkpoint whose tokenizer can be used', found, error);
  }
}

/** Whether the training problems of a file can be what the recipe has them for. */
function checkTraining(given: Given, { train }: HeldOut, source: YamlFile) {
  const { student, training } = given;
  const worked = train.some(({ steps }) => steps.length > 0);
  if (!worked && learns(given, 'student') && student.sft.problems > 0) {
    throw source.error(
      ['student', 'sft', 'problems'],
      '0, since no training problem has a worked solution to learn from (or a served student)',
      String(student.sft.problems),
    );
  }
  if (training.orm.candidates > 0 && train.length < 2) {
    const expected = '0, since there is but one training problem';
    throw source.error(['training', 'orm', 'candidates'], expected, `${training.orm.candidates}`);
  }
}

/** Maps are merged key by key; everything else is replaced, and so are problems by those of another source. */
function overlay(under: unknown, over: unknown): unknown {
  if (!isMap(under) || !isMap(over)) return over;
  if (over.source !== undefined && over.source !== under.source) return over;
  const result: Record<string, unknown> = { ...under };
  for (const [key, value] of Object.entries(over)) {
    result[key] = Object.hasOwn(under, key) ? overlay(under[key], value) : value;
  }
  return result;
}

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
