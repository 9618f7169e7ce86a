/** What every stage works with: the recipe, the run folder and the codec. */
import { join } from 'node:path';
import { type Checkpoint, loadCheckpoint, openTokenizer } from '@glore/engine';
import { type Codec, createCodec } from '../codec/index.js';
import type { Recipe } from '../recipe/index.js';

export interface Run {
  readonly folder: string;
  readonly recipe: Recipe;
  readonly base: Checkpoint;
  readonly codec: Codec;
}

/** Opens a run folder on its recipe and base checkpoint; the codec is the base tokenizer's. @param loaded the base, if it is read already */
export async function openRunFolder(
  folder: string,
  recipe: Recipe,
  loaded?: Checkpoint,
): Promise<Run> {
  const base = loaded ?? (await loadCheckpoint(recipe.base));
  return { folder, recipe, base, codec: createCodec(openTokenizer(base.tokenizer)) };
}

export const pathIn = (run: Run, ...parts: string[]): string => join(run.folder, ...parts);
