export { writeModel } from './model.js';
export { availableProviders, checkProvider, type Provider, providers } from './provider.js';
export { type Feeds, Session, type SessionOptions, Tensor } from './session.js';
