/** A study: one recipe on several seeds, and variants of it, each a run of its own. Read once, refused before any work. */
import { basename, dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { YamlFile } from '../files/index.js';
import { type StageName, stageNames } from '../pipeline/index.js';
import { type Recipe, readRecipeWith, seed } from '../recipe/index.js';
import { variantFigures } from './figures.js';

/** The run that a study is about, and that its variants are compared with. */
export const MAIN = 'main';

const values = z.record(z.string(), z.unknown()).default({});
const seeds = z.array(seed).min(1);

const variant = z.strictObject({
  /** What is different, and what for, in a sentence for the page. */
  about: z.string().min(1),
  /** Values laid over the recipe. */
  recipe: values,
  /** The run whose stages it takes over where they are the same, and that it is compared with. */
  against: z.string().default(MAIN),
  /** Stages that it takes over though what they are made of would change. */
  keep: z.array(z.enum(stageNames)).default([]),
  /** The last stage that is of interest; all if left out. */
  until: z.enum(stageNames).optional(),
  /** All seeds of the study if left out. */
  seeds: seeds.optional(),
  /** The figures that it is about. */
  figures: z.array(z.enum(variantFigures)).default(['rerank', 'global', 'local']),
});

const file = z.strictObject({
  /** The recipe, from the study's folder, and the preset or presets laid over it. */
  recipe: z.string().min(1),
  preset: z.union([z.string(), z.array(z.string())]).optional(),
  seeds,
  /** The page, from the study's folder. */
  page: z.string().min(1).optional(),
  /** Values laid over the recipe of every variant, before its own. */
  overlay: values,
  /** Variants whose ORM stands beside the critics of the main run. */
  critics: z.array(z.string()).default([]),
  variants: z.record(z.string().regex(/^[a-z0-9][a-z0-9-]*$/), variant).default({}),
});

export interface Variant extends Omit<z.output<typeof variant>, 'recipe' | 'seeds'> {
  readonly name: string;
  readonly seeds: readonly number[];
}

/** One run of a study. */
export interface StudyRun {
  readonly variant: string;
  readonly seed: number;
  readonly recipe: Recipe;
  readonly keep: readonly StageName[];
  readonly until: StageName | undefined;
  /** The variant that it builds on; undefined for the main run. */
  readonly against: string | undefined;
}

export interface Study {
  /** The file's name without its ending, which is the name of the folder of its runs. */
  readonly name: string;
  readonly path: string;
  readonly page: string | undefined;
  readonly seeds: readonly number[];
  readonly critics: readonly string[];
  readonly variants: readonly Variant[];
  /** In the order in which they are done: the main run on every seed, then the variants. */
  readonly runs: readonly StudyRun[];
}

/** Reads a study with the recipes of all its runs. @throws GloreError `recipe` naming the file, line and key */
export function readStudy(path: string): Study {
  const source = YamlFile.read(path);
  const { variants: given, ...study } = source.check(file, source.value());
  const from = (name: string) => resolve(dirname(path), name);
  const distinct = (keys: string[], list: readonly number[]) => {
    if (new Set(list).size < list.length)
      throw source.error(keys, 'each seed once', JSON.stringify(list));
  };
  distinct(['seeds'], study.seeds);
  const variants: Variant[] = [];
  const runs: StudyRun[] = study.seeds.map((seed) => ({
    variant: MAIN,
    seed,
    recipe: readRecipeWith(from(study.recipe), study.preset, [{ seed }], source),
    keep: [],
    until: undefined,
    against: undefined,
  }));
  for (const [name, { recipe, seeds = study.seeds, ...rest }] of Object.entries(given)) {
    const keys = ['variants', name];
    if (name === MAIN) throw source.error(keys, `a name that is not "${MAIN}"`, 'this one');
    distinct([...keys, 'seeds'], seeds);
    const before = new Map([
      [MAIN, study.seeds],
      ...variants.map((v) => [v.name, v.seeds] as const),
    ]);
    const there = before.get(rest.against);
    if (!there) {
      const known = [...before.keys()].join(', ');
      throw source.error(
        [...keys, 'against'],
        `${MAIN} or a variant before it (${known})`,
        `"${rest.against}"`,
      );
    }
    const missing = seeds.find((seed) => !there.includes(seed));
    if (missing !== undefined) {
      throw source.error(
        [...keys, 'seeds'],
        `seeds of "${rest.against}" (${there.join(', ')})`,
        String(missing),
      );
    }
    variants.push({ ...rest, name, seeds });
    const over = source.under('overlay').under(...keys, 'recipe');
    for (const seed of seeds) {
      const laid = readRecipeWith(
        from(study.recipe),
        study.preset,
        [study.overlay, recipe, { seed }],
        over,
      );
      runs.push({
        variant: name,
        seed,
        recipe: laid,
        keep: rest.keep,
        until: rest.until,
        against: rest.against,
      });
    }
  }
  for (const [i, name] of study.critics.entries()) {
    if (!Object.hasOwn(given, name))
      throw source.error(['critics', String(i)], 'the name of a variant', `"${name}"`);
  }
  return {
    name: basename(path)
      .replace(/\.ya?ml$/, '')
      .replace(/^\.*$/, 'study'),
    path,
    page: study.page && from(study.page),
    seeds: study.seeds,
    critics: study.critics,
    variants,
    runs,
  };
}

/** The folder of a run in the study's. */
export const folderOf = (folder: string, variant: string, seed: number): string =>
  join(folder, String(seed), variant);
