/** The machine's own rate of float32 matrix products: ONNX Runtime in as many single-threaded workers as the trainer. */
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import * as g from '../../packages/engine/dist/graph/index.js';
import { Session, Tensor } from '../../packages/engine/dist/onnx/index.js';

/** Products in one run: outputs are copied to JavaScript, so a run is a chain of products with one number as output. */
const CHAIN = 8;

/**
 * Starts the workers; `measure` gives their summed rate in FLOP/s for [rows, inner] by [inner, outer] and back again.
 * @param {number} workers
 */
export function startPeak(workers) {
  const threads = Array.from({ length: workers }, () => new Worker(new URL(import.meta.url)));
  const ask = (thread, request) =>
    new Promise((resolve, reject) => {
      thread.once('message', resolve);
      thread.once('error', reject);
      thread.postMessage(request);
    });
  return {
    async measure(shape, seconds) {
      const rates = await Promise.all(threads.map((thread) => ask(thread, { shape, seconds })));
      return rates.reduce((a, b) => a + b, 0);
    },
    close: () => Promise.all(threads.map((thread) => thread.terminate())),
  };
}

/** Compiles the chain and fills its inputs; the scale keeps every product's values near 1. */
async function compile([rows, inner, outer]) {
  const shapes = { x: [rows, inner], up: [inner, outer], down: [outer, inner] };
  const inputs = Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => [name, g.input(name, 'float32', shape)]),
  );
  let x = inputs.x;
  for (let i = 0; i < CHAIN / 2; i++) x = g.product(g.product(x, inputs.up), inputs.down);
  const session = await Session.compile({ total: g.sum(x) });
  const feeds = Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => {
      const scale = name === 'x' ? 1 : 1 / Math.sqrt(shape[0]);
      const data = Float32Array.from({ length: shape[0] * shape[1] }, () =>
        Math.random() < 0.5 ? -scale : scale,
      );
      return [name, new Tensor('float32', data, shape)];
    }),
  );
  return { run: () => session.run(feeds), operations: CHAIN * 2 * rows * inner * outer };
}

if (!isMainThread) {
  const compiled = new Map();
  parentPort.on('message', async ({ shape, seconds }) => {
    const key = shape.join();
    if (!compiled.has(key)) {
      compiled.set(key, await compile(shape));
      await compiled.get(key).run();
    }
    const { run, operations } = compiled.get(key);
    const start = performance.now();
    let runs = 0;
    do {
      await run();
      runs++;
    } while (performance.now() - start < 1000 * seconds);
    parentPort.postMessage((1000 * runs * operations) / (performance.now() - start));
  });
}
