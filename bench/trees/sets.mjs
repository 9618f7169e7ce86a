/** The training sets of a finished run as examples. */

import { join } from 'node:path';
import { z } from 'zod';
import {
  globalExample,
  localExample,
  rewardExample,
  studentExample,
} from '../../packages/glore/dist/dataset/index.js';
import { readJsonl } from '../../packages/glore/dist/files/index.js';
import { examplesOf } from '../../packages/glore/dist/pipeline/training.js';

export const roles = {
  sorm: rewardExample,
  local: localExample,
  global: globalExample,
  plain: studentExample,
};

/** Lists of what is of one group, in order. */
export function byGroup(list) {
  const groups = new Map();
  for (const one of list) {
    const own = groups.get(one.group);
    if (own) own.push(one);
    else groups.set(one.group, [one]);
  }
  return [...groups.values()];
}

export const examplesIn = async (run, role, codec) =>
  examplesOf(codec, await readJsonl(join(run, `datasets/${role}.jsonl`), z.any()), roles[role]);
