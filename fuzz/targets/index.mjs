/** All that is fuzzed. A target opens what it tests, makes inputs of a stream of chance, and runs one; see CONTRIBUTING.md. */
import { checkpoints } from './checkpoints.mjs';
import { commands, options } from './commands.mjs';
import { grade, problems, recipes } from './files.mjs';
import { gguf } from './gguf.mjs';
import { http } from './http.mjs';
import { prompts } from './prompts.mjs';
import { answers, long, pairs, texts } from './reading.mjs';
import { journals, locks, records } from './runs.mjs';
import { servers } from './servers.mjs';
import { upstream } from './upstream.mjs';

export const targets = [
  texts,
  answers,
  pairs,
  long,
  problems,
  grade,
  recipes,
  prompts,
  records,
  journals,
  locks,
  checkpoints,
  gguf,
  servers,
  http,
  upstream,
  options,
  commands,
];
