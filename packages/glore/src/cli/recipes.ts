/** Recipes by their path, or by the name of one that comes with glore. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, join, parse } from 'node:path';
import { GloreError } from '../error.js';
import { inPackage } from '../package.js';

/** The build puts them there, and beside them the base checkpoint that they name. */
const shipped = inPackage('recipes');

export interface Found {
  readonly path: string;
  /** Whether it came with glore: beside those nothing is written. */
  readonly shipped: boolean;
}

/**
 * The recipe file at a path, or where none is the one that came with glore: `tiny`, `tiny.yaml` and `recipes/tiny.yaml` all
 * name the same.
 * @throws GloreError `recipe` listing those that came with glore
 */
export function findRecipe(given: string): Found {
  if (existsSync(given) && !statSync(given).isDirectory()) return { path: given, shipped: false };
  const [, name] = /^(?:\.[/\\])?(?:recipes[/\\])?([\w-]+)(?:\.ya?ml)?$/.exec(given) ?? [];
  const path = join(shipped, `${name}.yaml`);
  if (name !== undefined && existsSync(path)) return { path, shipped: true };
  const names = readdirSync(shipped).map((file) => parse(file).name);
  throw new GloreError(
    'recipe',
    `${given}: expected a recipe file, or the name of one that came with glore (${names.join(', ')}), found neither`,
  );
}

/** Where a recipe's run is, unless it is told: `runs/` and the names of recipe and presets. */
export const runFolderOf = (path: string, presets: readonly string[] = []): string =>
  join('runs', [nameOf(path), ...presets].join('-'));

/** A file's name without its ending; of dots alone it would be another folder's. */
export const nameOf = (path: string): string =>
  basename(path)
    .replace(/\.ya?ml$/, '')
    .replace(/^\.*$/, 'recipe');
