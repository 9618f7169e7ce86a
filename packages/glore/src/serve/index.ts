/** The models of a run behind OpenAI's interface. */
export { type Hosted, hostBase, hostRun } from './batch/index.js';
export {
  type Running,
  type ServerOptions,
  serveRun,
  serverDefaults,
  startServer,
  startTracing,
} from './http/index.js';
