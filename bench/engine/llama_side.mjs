/** llama.cpp's side of the benchmark: sampling from the engine's own model, float32, exported as GGUF. */
import { openLlama } from '../peers/llama.mjs';
import { TEMPERATURE } from './ours.mjs';

/** llama.cpp keeps at most this many sequences in one context. */
const MOST_SEQUENCES = 256;

/**
 * Opens the model, or gives undefined where node-llama-cpp is not installed. `sample` continues every prompt by `more`
 * tokens, in batches over all sequences at once, and gives the number of tokens made.
 */
export async function openLlamaSide({ file, prompts, more, workers }) {
  const llama = await openLlama({ maxThreads: workers });
  if (!llama) return undefined;
  const model = await llama.loadModel({ modelPath: file, gpuLayers: 0 });
  const length = prompts[0].length;
  const sequences = Math.min(MOST_SEQUENCES, prompts.length);
  const context = await model.createContext({
    contextSize: length + more,
    sequences,
    threads: workers,
    batchSize: Math.max(512, sequences),
  });
  const slots = Array.from({ length: sequences }, () => context.getSequence());

  async function one(slot, prompt, count) {
    await slot.clearHistory();
    let made = 0;
    const options = { temperature: TEMPERATURE, topK: 0, topP: 1, minP: 0, yieldEogToken: true };
    for await (const _ of slot.evaluate(prompt, options)) if (++made === count) break;
    return made;
  }
  async function sample(count) {
    let made = 0;
    for (let first = 0; first < prompts.length; first += sequences) {
      const group = prompts.slice(first, first + sequences);
      const counts = await Promise.all(group.map((prompt, i) => one(slots[i], prompt, count)));
      made += counts.reduce((a, b) => a + b, 0);
    }
    return made;
  }
  await sample(2);
  return {
    version: llama.llamaCppRelease.release,
    sample: () => sample(more),
    close: async () => {
      await context.dispose();
      await model.dispose();
      await llama.dispose();
    },
  };
}
