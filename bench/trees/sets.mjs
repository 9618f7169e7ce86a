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

export const examplesIn = async (run, role, codec) =>
  examplesOf(codec, await readJsonl(join(run, `datasets/${role}.jsonl`), z.any()), roles[role]);
