/** Servers and endpoints that end with the test that has opened them, the last first. */
import { onTestFinished } from 'vitest';
import { Endpoint, type EndpointOptions } from '../../src/model/openai/index.js';
import { Server, type ServerOptions } from './server.js';

export function ending<T extends { stop?(): Promise<void>; close?(): Promise<void> }>(one: T): T {
  onTestFinished(async () => {
    await (one.stop?.() ?? one.close?.());
  });
  return one;
}

export const serve = async (options: ServerOptions = {}): Promise<Server> =>
  ending(await Server.start(options));

export const connect = (
  server: { readonly url: string },
  more: Partial<EndpointOptions> = {},
): Endpoint => ending(new Endpoint({ name: 'test', url: server.url, ...more }));
