/** Graphs as ONNX models, and ONNX Runtime, which runs them. */
export { signedBytesAreExact } from './bytes.js';
export { writeModel } from './model.js';
export { availableProviders, checkProvider, type Provider, providers } from './provider.js';
export { type Feeds, floats, Session, type SessionOptions, Tensor } from './session.js';
