/** Models behind servers that speak OpenAI's interface: vLLM, SGLang, llama.cpp, Ollama and the like. */
export { type Budget, nothingSpent, type Price, type Spent } from './budget.js';
export { Endpoint, type EndpointOptions } from './endpoint.js';
export { readKey } from './key.js';
export { type Capabilities, type Capability, listModels, probe, tokenize } from './probe.js';
export { type Template, type TemplateRole, templateOf } from './template.js';
export { ServedText, type TextOptions } from './text.js';
export { type Scoring, type ServedOptions, ServedTokens } from './tokens.js';
