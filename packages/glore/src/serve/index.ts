export { openBaseModel, openRunModels, type Served } from './served.js';
export { type Running, type ServerOptions, startServer } from './server.js';
export { startTracing } from './trace.js';
