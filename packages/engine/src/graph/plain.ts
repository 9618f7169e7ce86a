/** What operations are made of: plain nodes, which broadcast as ONNX does it and have no gradient, and the tie to one. */
import { EngineError } from '../error.js';
import { type Dimension, integers, node, type Value } from './value.js';

/** Throws `EngineError` "shape" where two values of an operation differ in shape. */
export function sameShape(name: string, a: Value, b: Value): void {
  if (a.shape.join() !== b.shape.join()) {
    throw new EngineError(
      'shape',
      `${name}: shapes must be equal, got [${a.shape}] and [${b.shape}]`,
    );
  }
}

/** Gives the node that made `value` its gradient with respect to the values `to`. */
export function differentiable(
  value: Value,
  to: readonly Value[],
  vjp: (upstream: Value) => readonly Value[],
): Value {
  if (value.source.kind === 'node') value.source.node.backward = { to, vjp };
  return value;
}

/** The domain of operators that ONNX Runtime has beside ONNX's own. */
export const contrib = { domain: 'com.microsoft' } as const;

/** A node of one float32 output. */
export const plain = (operator: string, shape: readonly Dimension[], ...inputs: Value[]): Value =>
  node(operator, inputs, [shape])[0];
/** a * b by element. */
export const times = (a: Value, b: Value): Value => plain('Mul', a.shape, a, b);
/** a - b by element. */
export const minus = (a: Value, b: Value): Value => plain('Sub', a.shape, a, b);
/** The elements of a in the shape that the value `to` holds. */
export const reshapeTo = (a: Value, to: Value, shape: readonly Dimension[]): Value =>
  node('Reshape', [a, to], [shape])[0];
/** The sums over the last axis, which stays with size 1. */
export const lastSum = (a: Value): Value =>
  node('ReduceSum', [a, integers(-1)], [[...a.shape.slice(0, -1), 1]])[0];
/** A product of matrices, transposed or with a factor as `attributes` say. */
export const fusedProduct = (
  a: Value,
  b: Value,
  shape: readonly Dimension[],
  attributes: Record<string, number | bigint>,
): Value => node('FusedMatMul', [a, b], [shape], { ...contrib, attributes })[0];
/** The entries of x's first axis at some indices. */
export const gather = (x: Value, indices: Value): Value =>
  node('Gather', [x, indices], [[...indices.shape, ...x.shape.slice(1)]], {
    attributes: { axis: 0n },
  })[0];
/** As many zeros as x has elements, in its shape. */
export const zerosLike = (x: Value): Value => {
  const shape = node('Shape', [x], [[x.shape.length]], { types: ['int64'] })[0];
  return node('ConstantOfShape', [shape], [x.shape])[0];
};
