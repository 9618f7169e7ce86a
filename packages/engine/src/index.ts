export { EngineError } from './error.js';
export * from './gguf/index.js';
export * from './hf/index.js';
export { availableProviders, type Provider, providers } from './onnx/index.js';
export { type AdamWOptions, adamWDefaults, rateAt, type Schedule } from './optimizer/index.js';
export * from './sample/index.js';
export * from './train/index.js';
