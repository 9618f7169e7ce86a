/** What every stage works with: the recipe, the run folder and the codec. */
import { join } from 'node:path';
import {
  type Checkpoint,
  loadCheckpoint,
  loadSpelling,
  openTokenizer,
  withSpecialTokens,
} from '@glore/engine';
import { type Codec, createCodec, lackOf, specialTokens, spellings } from '../codec/index.js';
import type { RoleName } from '../model/index.js';
import { allServed, type Recipe } from '../recipe/index.js';
import type { Waiting } from './served.js';

export interface Run {
  readonly folder: string;
  readonly recipe: Recipe;
  /** Without weights where every role is served. */
  readonly base: Checkpoint;
  readonly codec: Codec;
  /** What of special tokens the base's own tokenizer lacks, in words. */
  readonly lack?: string | undefined;
  /**
   * Sees to it that a role that was trained is served, or what one of its trainings has made (its folder) in the place of
   * whatever is; only the process that works on the whole run starts anything.
   */
  readonly offer?: (role: RoleName, waiting: Waiting, training?: string) => Promise<void>;
}

/** Opens a run folder on its recipe and base checkpoint; the codec is the base tokenizer's. @param loaded the base, if it is read already */
export async function openRunFolder(
  folder: string,
  recipe: Recipe,
  loaded?: Checkpoint,
): Promise<Run> {
  const found = loaded ?? (await baseOf(recipe));
  const base = asBase(found);
  const codec = createCodec(openTokenizer(base.tokenizer));
  const lack = base === found ? undefined : lackOf(openTokenizer(found.tokenizer));
  return { folder, recipe, base, codec, lack };
}

/** Where every role is served only the base's tokenizer is used, and weights may be more than this machine holds. */
const baseOf = async (recipe: Recipe): Promise<Checkpoint> =>
  allServed(recipe)
    ? { ...(await loadSpelling(recipe.base)), weights: new Map() }
    : loadCheckpoint(recipe.base);

/**
 * Any model that the engine runs, as a base: where it lacks the codec's special tokens it gets them, with rows that are
 * always the same, and texts begin and end with the codec's from then on, which take over what the model's own have learned.
 */
function asBase(found: Checkpoint): Checkpoint {
  const { bosToken, eosToken } = found.config;
  const heirs = { [spellings.bos]: bosToken, [spellings.eos]: eosToken };
  const base = withSpecialTokens(found, specialTokens, 0, heirs);
  if (base === found) return base;
  const { ids } = createCodec(openTokenizer(base.tokenizer));
  const { otherEosTokens: _, ...config } = base.config;
  return {
    ...base,
    config: { ...config, bosToken: ids.bos, eosToken: ids.eos, padToken: ids.pad },
  };
}

export const pathIn = (run: Run, ...parts: string[]): string => join(run.folder, ...parts);
