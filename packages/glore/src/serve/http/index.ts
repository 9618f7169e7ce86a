/** The server: its routes, who may ask, how much at once, what is counted and logged. */

export { passThrough } from './pass.js';
export {
  type Running,
  serveRun,
  serverDefaults,
  startServer,
  startService,
} from './server.js';
export type { ServerOptions, Service } from './service.js';
export { startTracing } from './tracing.js';
