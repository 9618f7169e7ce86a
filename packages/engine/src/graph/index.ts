export { type AttentionGrid, type AttentionShape, causalAttention } from './attention.js';
export { gradients } from './gradient.js';
export * from './operations.js';
export {
  constant,
  type Dimension,
  type ElementType,
  input,
  integers,
  type Node,
  node,
  scalar,
  topological,
  type Value,
} from './value.js';
