/** OpenAI's interface as the server speaks it: requests, what a route is, failures. */
export type { Answer, Exchange, Facts, Route } from './exchange.js';
export { refinement } from './extension.js';
export {
  ApiError,
  clientGone,
  clientStalled,
  invalid,
  overloaded,
  stopping,
  toApiError,
  tooLarge,
  tooSlow,
} from './failure.js';
export { checkLimit, type Limits } from './limits.js';
export { parseBody } from './measure.js';
export {
  type ChatRequest,
  type CompletionRequest,
  chatRequest,
  completionRequest,
  detokenizeRequest,
  listOf,
  poolingRequest,
  scoringRequest,
  tokenizeRequest,
} from './schema.js';
