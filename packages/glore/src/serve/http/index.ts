/** The server: its routes, who may ask, how much at once, what is counted and logged. */

export { passThrough } from './pass.js';
export { playgroundOf, type Seen } from './playground.js';
export {
  type Running,
  seenOf,
  serveRun,
  serverDefaults,
  startServer,
  startService,
  startViewer,
} from './server.js';
export type { ServerOptions, Service } from './service.js';
export { startTracing } from './tracing.js';
