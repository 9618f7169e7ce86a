/**
 * The models of a run behind OpenAI's interface, the refining model among them.
 *
 * @packageDocumentation
 */
export { type Running, type ServerOptions, serveRun } from '../serve/index.js';
