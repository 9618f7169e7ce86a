/** The entry point of a worker thread: one service, called by messages, one call at a time. */
import { parentPort, workerData } from 'node:worker_threads';
import { Decoders } from '../sample/index.js';
import { Replica } from '../train/index.js';
import type { Call, Reply, Services } from './protocol.js';

type Methods = Record<string, (...values: unknown[]) => unknown>;

const services: Services = { replica: Replica, decoders: Decoders };

const port = parentPort;
if (port) {
  const { service } = workerData as { service: keyof Services };
  let opened: Methods = {};
  const answer = async (method: string, values: readonly unknown[]): Promise<unknown> => {
    if (method !== 'open') return opened[method]!(...values);
    opened = (await services[service].open(values[0] as never)) as unknown as Methods;
    return undefined;
  };
  let turn: Promise<void> = Promise.resolve();
  port.on('message', ({ id, method, values, hear }: Call) => {
    const emit = (event: unknown) => port.postMessage({ id, event } satisfies Reply);
    turn = turn.then(async () => {
      let reply: Reply;
      try {
        reply = { id, result: await answer(method, hear ? [...values, emit] : values) };
      } catch (error) {
        const { message, code } = error as Error & { code?: string };
        reply = { id, error: { message, ...(typeof code === 'string' && { code }) } };
      }
      port.postMessage(reply);
    });
  });
}
