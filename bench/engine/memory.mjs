/** Peak memory of training in a process of its own, ours and PyTorch's, whole processes with all they load. */
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { loadCheckpoint, nextTokenExample, saveCheckpoint, Trainer } from '@glore/engine';
import { startPython } from '../python.mjs';

const STEPS = 3;

/** Bytes by side. */
export async function measureMemory({ checkpoint, examples, workers, folder, torch }) {
  const model = join(folder, 'model');
  await saveCheckpoint(model, checkpoint);
  const file = join(folder, 'memory.json');
  await writeFile(file, JSON.stringify({ model, examples, workers }));
  const { stdout } = await promisify(execFile)(process.execPath, [
    fileURLToPath(import.meta.url),
    file,
  ]);
  const found = { ours: Number(stdout) };
  if (!torch) return found;
  const side = startPython(new URL('torch_side.py', import.meta.url));
  const data = { examples, prompts: [[1, 2]], texts: [[1, 2]], more: 1, workers };
  await side.call({ do: 'open', folder: model, peers: ['eager'], works: ['train'], ...data });
  for (let i = 0; i < STEPS; i++) {
    await side.call({ do: 'run', peer: 'eager', work: 'train', seconds: 0 });
  }
  found.eager = (await side.call({ do: 'memory' })).bytes;
  side.close();
  return found;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { model, examples, workers } = JSON.parse(await readFile(process.argv[2], 'utf8'));
  const trainer = await Trainer.open(await loadCheckpoint(model), { workers });
  const batch = examples.map((tokens) => nextTokenExample(tokens, 1));
  for (let i = 0; i <= STEPS; i++) await trainer.step(batch, 1e-3);
  await trainer.close();
  console.log(process.resourceUsage().maxRSS * 1024);
}
