/** The models of a run behind OpenAI's interface. */
export { type Hosted, hostBase, hostRun } from './batch/index.js';
export {
  type Running,
  type ServerOptions,
  type Service,
  seenOf,
  serveRun,
  serverDefaults,
  startServer,
  startService,
  startTracing,
  startViewer,
} from './http/index.js';
export { type HostUpstreamOptions, hostUpstream } from './upstream/index.js';
