export { writeModel } from './model.js';
export { type Feeds, Session, type SessionOptions, Tensor } from './session.js';
