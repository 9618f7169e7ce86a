/**
 * The models of a run behind OpenAI's interface, the refining model among them.
 *
 * @packageDocumentation
 */
export {
  type Hosted,
  hostBase,
  hostRun,
  type Running,
  type ServerOptions,
  startServer,
} from '../serve/index.js';
