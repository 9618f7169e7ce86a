/** The entry point of a worker thread: one service, called by messages, one call at a time. */
import { parentPort, workerData } from 'node:worker_threads';
import { Decoder } from '../sample/decoder.js';
import { Replica } from '../train/replica.js';
import type { Call, Reply, Services } from './protocol.js';

const port = parentPort;
if (port) {
  const { service } = workerData as { service: keyof Services };
  const instance = service === 'replica' ? new Replica() : new Decoder();
  const methods = instance as unknown as Record<string, (...values: unknown[]) => Promise<unknown>>;
  let turn: Promise<void> = Promise.resolve();
  port.on('message', ({ id, method, values, hear }: Call) => {
    const emit = (event: unknown) => port.postMessage({ id, event } satisfies Reply);
    const given = hear ? [...values, emit] : values;
    turn = turn.then(async () => {
      let reply: Reply;
      try {
        reply = { id, result: await methods[method]!.apply(instance, [...given]) };
      } catch (error) {
        const { message, code } = error as Error & { code?: string };
        reply = { id, error: { message, ...(typeof code === 'string' && { code }) } };
      }
      port.postMessage(reply);
    });
  });
}
