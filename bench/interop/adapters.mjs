/**
 * LoRA adapters pass between the engine and PEFT in both directions with the same logits. Needs GLORE_PYTHON with peft.
 * Prints a table; ends with 1 if anything differs.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { adapterModules, loadAdapter, saveAdapter, saveCheckpoint } from '@glore/engine';
import {
  logitsOf,
  relativeError,
  strongAdapter,
  strongWeights,
} from '../../packages/engine/dist/golden/index.js';
import { python, startPython } from '../python.mjs';
import { table } from '../table.mjs';
import { configs, tokenizer, tokensOf } from './configs.mjs';

const TOLERANCE = 1e-4;
const cases = [
  { name: 'plain', rank: 4, alpha: 8, modules: ['q_proj', 'v_proj'] },
  { name: 'plain', rank: 8, alpha: 4, modules: adapterModules },
  { name: 'plain', rank: 4, alpha: 8, modules: adapterModules, peft: { use_rslora: true } },
  { name: 'Qwen2: biases', rank: 2, alpha: 16, modules: ['k_proj', 'up_proj', 'down_proj'] },
  { name: 'Qwen3: head norms', rank: 3, alpha: 3, modules: ['q_proj', 'o_proj', 'gate_proj'] },
];

if (!python) {
  console.error('GLORE_PYTHON: expected the path of a Python with torch, transformers and peft');
  process.exit(1);
}
const reference = startPython(new URL('reference.py', import.meta.url));
const work = await mkdtemp(join(tmpdir(), 'glore-adapters-'));
const rows = [];
try {
  for (const [i, { name, rank, alpha, modules, peft = {} }] of cases.entries()) {
    const config = configs[name];
    const weights = strongWeights(config, i);
    const folder = join(work, `model ${i}`);
    await saveCheckpoint(folder, { config, weights, tokenizer });
    const tokens = tokensOf(60, config.vocabSize, i);
    const compare = async (direction, path, adapter) => {
      const request = { do: 'compute adapted', folder, adapter: path, tokens };
      const { logits } = await reference.call(request);
      const found = await logitsOf(config, weights, tokens, adapter);
      const plain = await logitsOf(config, weights, tokens);
      rows.push({
        line: [`${name}, rank ${rank}, alpha ${alpha}: ${modules.join(', ')}`, direction],
        error: relativeError(found, logits),
        change: relativeError(found, plain),
      });
    };

    const ours = strongAdapter(config, { rank, alpha, modules }, i);
    await saveAdapter(join(work, `ours ${i}`), ours, folder);
    await compare('ours -> PEFT', join(work, `ours ${i}`), ours);

    const theirs = join(work, `theirs ${i}`);
    const adapter = { r: rank, lora_alpha: alpha, target_modules: modules, ...peft };
    await reference.call({ do: 'save adapter', folder, target: theirs, seed: i, adapter });
    const label =
      Object.keys(peft).length > 0 ? `PEFT -> ours, ${JSON.stringify(peft)}` : 'PEFT -> ours';
    await compare(label, theirs, await loadAdapter(theirs, config));
  }
} finally {
  reference.close();
  await rm(work, { recursive: true, force: true });
}
console.log(
  table(
    ['adapter', 'direction', 'logits, relative error', 'what the adapter changes'],
    rows.map(({ line, error, change }) => [
      ...line,
      error.toExponential(1),
      change.toExponential(1),
    ]),
  ),
);
if (!rows.every(({ error, change }) => error < TOLERANCE && change > 0.01)) process.exitCode = 1;
