/**
 * A symbolic computation: values joined by nodes. Building one computes nothing; `onnx/` compiles it.
 *
 * A dimension is a number, or a name where the size is only known when the graph runs: graphs are built once, for batches of
 * any shape.
 */
import { EngineError } from '../error.js';

export type ElementType = 'float32' | 'float64' | 'int32' | 'int64' | 'int8' | 'uint8' | 'bool';
export type Numbers =
  | Float32Array
  | Float64Array
  | BigInt64Array
  | Int32Array
  | Int8Array
  | Uint8Array;
export type Dimension = number | string;
export type Attribute = number | bigint | string | readonly bigint[] | readonly number[];

/** One tensor of the graph: an input, a constant, one that lies in a file, or the output of a node. */
export interface Value {
  readonly type: ElementType;
  readonly shape: readonly Dimension[];
  readonly source:
    | { readonly kind: 'input'; readonly name: string }
    | { readonly kind: 'constant'; readonly data: Numbers }
    | { readonly kind: 'stored'; readonly file: string; readonly start: number }
    | { readonly kind: 'node'; readonly node: Node; readonly output: number };
}

/** One ONNX operation; `undefined` inputs are optional ones left out. */
export interface Node {
  readonly operator: string;
  readonly domain: '' | 'com.microsoft';
  readonly inputs: readonly (Value | undefined)[];
  readonly attributes: Readonly<Record<string, Attribute>>;
  readonly outputs: Value[];
  /**
   * Vector-Jacobian product: the gradient of output 0 in, one gradient per value of `to` out. `to` may reach past
   * the node's own inputs, where several nodes together have one simple gradient. Absent: not differentiable.
   */
  backward?: { readonly to: readonly Value[]; readonly vjp: (upstream: Value) => readonly Value[] };
}

export function input(name: string, type: ElementType, shape: readonly Dimension[]): Value {
  return { type, shape, source: { kind: 'input', name } };
}

export function constant(data: Numbers, shape: readonly number[]): Value {
  const size = shape.reduce((product, dimension) => product * dimension, 1);
  if (size !== data.length) {
    throw new EngineError(
      'shape',
      `constant: shape [${shape}] holds ${size} elements, got ${data.length}`,
    );
  }
  return { type: typeOf(data), shape, source: { kind: 'constant', data } };
}

function typeOf(data: Numbers): ElementType {
  if (data instanceof Float32Array) return 'float32';
  if (data instanceof Float64Array) return 'float64';
  if (data instanceof Int32Array) return 'int32';
  if (data instanceof Int8Array) return 'int8';
  return data instanceof Uint8Array ? 'uint8' : 'int64';
}

/** Constant numbers in a file of the folder that a graph is compiled beside, from its byte `start` on. */
export const stored = (
  file: string,
  start: number,
  shape: readonly number[],
  type: 'float32' | 'int8' | 'uint8' = 'float32',
): Value => ({
  type,
  shape,
  source: { kind: 'stored', file, start },
});

export const scalar = (value: number): Value => constant(Float32Array.of(value), []);
export const integers = (...values: number[]): Value =>
  constant(BigInt64Array.from(values, BigInt), [values.length]);

/** Adds a node and returns its outputs, one per shape in `shapes`. */
export function node<const Shapes extends readonly (readonly Dimension[])[]>(
  operator: string,
  inputs: readonly (Value | undefined)[],
  shapes: Shapes,
  options: {
    attributes?: Record<string, Attribute>;
    domain?: '' | 'com.microsoft';
    types?: readonly ElementType[];
  } = {},
): { readonly [Output in keyof Shapes]: Value } {
  const made: Node = {
    operator,
    domain: options.domain ?? '',
    inputs,
    attributes: options.attributes ?? {},
    outputs: [],
  };
  shapes.forEach((shape, output) => {
    made.outputs.push({
      type: options.types?.[output] ?? 'float32',
      shape,
      source: { kind: 'node', node: made, output },
    });
  });
  return made.outputs as readonly Value[] as { readonly [Output in keyof Shapes]: Value };
}

/** The nodes that `outputs` depend on, each after the nodes that it reads from. */
export function topological(outputs: readonly Value[]): Node[] {
  const order: Node[] = [];
  const seen = new Set<Node>();
  // An explicit stack: a backward pass of a deep model is deeper than the call stack likes.
  const stack: { node: Node; next: number }[] = [];
  const push = (value: Value | undefined) => {
    if (value?.source.kind === 'node' && !seen.has(value.source.node)) {
      seen.add(value.source.node);
      stack.push({ node: value.source.node, next: 0 });
    }
  };
  for (const output of outputs) {
    push(output);
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      if (top.next < top.node.inputs.length) push(top.node.inputs[top.next++]);
      else {
        order.push(top.node);
        stack.pop();
      }
    }
  }
  return order;
}

/** The size of an axis, counted from the end where negative. */
export function sizeAt(value: Value, axis: number): Dimension {
  const size = value.shape.at(axis);
  if (size !== undefined) return size;
  throw new EngineError('shape', `expected a shape with an axis ${axis}, got [${value.shape}]`);
}

/** The shape as numbers, for an operation or a gradient that is built from every size. */
export function staticShape(value: Value, operator: string): number[] {
  return value.shape.map((dimension) => known(value, dimension, operator));
}

/** The size of an axis as a number. */
export function staticSize(value: Value, axis: number, operator: string): number {
  return known(value, sizeAt(value, axis), operator);
}

function known(value: Value, dimension: Dimension, operator: string): number {
  if (typeof dimension === 'number') return dimension;
  throw new EngineError(
    'shape',
    `${operator}: needs a known size, got dimension "${dimension}" in [${value.shape}]`,
  );
}
