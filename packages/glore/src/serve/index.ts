/** The models of a run behind OpenAI's interface. */
export { type Hosted, hostBase, hostRun } from './batch/index.js';
export { type Running, type ServerOptions, startServer, startTracing } from './http/index.js';
