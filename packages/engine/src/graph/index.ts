/** Symbolic values, the operations on them with their gradients, and reverse-mode differentiation. */
export { type AttentionGrid, type AttentionShape, causalAttention } from './attention.js';
export { type EightBits, timesBytes, timesEight } from './eight.js';
export { gradients } from './gradient.js';
export * from './layout.js';
export * from './operations.js';
export { type PathAngles, type PathBlock, type PathGrid, pathAttention } from './paths.js';
export {
  constant,
  type Dimension,
  type ElementType,
  input,
  integers,
  type Node,
  type Numbers,
  node,
  scalar,
  sizeAt,
  stored,
  topological,
  type Value,
} from './value.js';
