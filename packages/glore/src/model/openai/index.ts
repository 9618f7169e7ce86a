/** Models behind servers that speak OpenAI's interface: vLLM, SGLang, llama.cpp, Ollama and the like. */

export type { Message } from './answers.js';
export { type Budget, nothingSpent, type Price, type Spent, spentShape } from './budget.js';
export { cardNames, cardShape, type RewardModelName, type RewardReader } from './cards.js';
export {
  Endpoint,
  EndpointError,
  type EndpointOptions,
  type PostOptions,
} from './endpoint.js';
export type { Asked } from './kept.js';
export { readKey } from './key.js';
export {
  lackingOf,
  openServed,
  probeOptions,
  probeText,
  type ServedModel,
  type ServedRole,
  type Wants,
  wantsOf,
} from './open.js';
export {
  type Capabilities,
  type Capability,
  capabilities,
  listModels,
  type Probed,
  probe,
  tokenize,
} from './probe.js';
export { type Prompts, readPrompts, shippedPrompts } from './prompts.js';
export { Unreadable } from './reading.js';
export { cardOf, type GivenReward, ServedReward } from './reward.js';
export type { Circumstances } from './served.js';
export {
  hostOf,
  type OpenServerOptions,
  openServer,
  openTextRoles,
  type Place,
  rolesInText,
  type TextModel,
} from './server.js';
export { type GivenTemplate, type Template, type TemplateRole, templateOf } from './template.js';
export { ServedText } from './text.js';
export { type Scoring, ServedTokens } from './tokens.js';
export type { Passing } from './transport.js';
export { addHeard, type Heard, heardShape, nothingHeard } from './watch.js';
