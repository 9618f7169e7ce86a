/** Operations that put elements elsewhere or repeat them and compute nothing, each with its gradient. */
import { differentiable, reshapeTo } from './plain.js';
import {
  type Dimension,
  integers,
  node,
  sizeAt,
  staticShape,
  staticSize,
  type Value,
} from './value.js';

/** The same elements in another shape. */
export function reshape(a: Value, shape: readonly number[]): Value {
  const value = node('Reshape', [a, integers(...shape)], [shape])[0];
  return differentiable(value, [a], (up) => [reshape(up, staticShape(a, 'reshape'))]);
}

/** The same elements in `rows` rows of `width`, where the number of rows has a name. */
export function regroup(x: Value, rows: Dimension, width: number): Value {
  const own = staticSize(x, -1, 'regroup');
  const value = reshapeTo(x, integers(-1, width), [rows, width]);
  return differentiable(value, [x], (up) => [reshapeTo(up, integers(-1, own), x.shape)]);
}

/** The columns of the parts [N, ..] one after the other. */
export function sideBySide(parts: readonly [Value, ...Value[]]): Value {
  const rows = sizeAt(parts[0], 0);
  const widths = parts.map((part) => staticSize(part, -1, 'sideBySide'));
  const width = widths.reduce((a, b) => a + b, 0);
  const value = node('Concat', parts, [[rows, width]], { attributes: { axis: 1n } })[0];
  return differentiable(value, parts, (up) =>
    node(
      'Split',
      [up, integers(...widths)],
      widths.map((size) => [rows, size]),
      { attributes: { axis: 1n } },
    ),
  );
}

/** Axes permuted: output axis i is input axis `order[i]`. */
export function transpose(a: Value, order: readonly number[]): Value {
  const shape = order.map((axis) => sizeAt(a, axis));
  const value = node('Transpose', [a], [shape], {
    attributes: { perm: order.map((axis) => BigInt(axis)) },
  })[0];
  return differentiable(value, [a], (up) => [
    transpose(
      up,
      order.map((_, axis) => order.indexOf(axis)),
    ),
  ]);
}

/** Each head `groups` times in a row, for grouped-query attention: x [B, H, T, D] -> [B, H * groups, T, D]. */
export function repeatHeads(x: Value, groups: number): Value {
  if (groups === 1) return x;
  const sizeOf = (axis: number) => staticSize(x, axis, 'repeatHeads');
  const [batch, heads, time, size] = [sizeOf(0), sizeOf(1), sizeOf(2), sizeOf(3)];
  const column = node(
    'Reshape',
    [x, integers(batch, heads, 1, time, size)],
    [[batch, heads, 1, time, size]],
  )[0];
  const wide = [batch, heads, groups, time, size];
  const repeated = node('Expand', [column, integers(...wide)], [wide])[0];
  const shape = [batch, heads * groups, time, size];
  return differentiable(node('Reshape', [repeated, integers(...shape)], [shape])[0], [x], (up) => {
    const apart = node('Reshape', [up, integers(...wide)], [wide])[0];
    return [
      node('ReduceSum', [apart, integers(2)], [[batch, heads, time, size]], {
        attributes: { keepdims: 0n },
      })[0],
    ];
  });
}
