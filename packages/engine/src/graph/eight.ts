/** Products with weights that stay as they are, in 8 bits: both sides are rounded, their sums are exact. */
import { EngineError } from '../error.js';
import { differentiable, plain, times } from './plain.js';
import { constant, integers, node, scalar, sizeAt, type Value } from './value.js';

/** A matrix [in, out] as `scale[column] * number[row, column]`. */
export interface EightBits {
  /** [in / B, out] each: B blocks of rows, one after the other; int8, or uint8 counted from 128. */
  readonly blocks: readonly Value[];
  /** float32 [out]; 1 where there are none. */
  readonly scales?: Value;
}

/**
 * x [.., in] by the matrix -> [.., out]. Each row of x is rounded to 8 bits by its own largest number, block by block: one
 * number that is much larger than the others takes the bits of its own block alone. `back` is what turns the gradient of the
 * product into that of x; the matrix has none.
 */
export function timesEight(
  x: Value,
  { blocks, scales = constant(Float32Array.of(1), [1]) }: EightBits,
  back: (upstream: Value) => Value,
): Value {
  const [first] = blocks;
  const [width, count] = [Number(sizeAt(x, -1)), blocks.length];
  if (!first || width !== count * Number(sizeAt(first, 0))) {
    const rows = blocks.map(({ shape }) => `[${shape}]`).join(', ');
    throw new EngineError('shape', `timesEight: cannot multiply [${x.shape}] by ${rows}`);
  }
  const rest = x.shape.slice(0, -1);
  const apart = blocked(x, count);
  const column = [...rest, count, 1];
  const largest = plain('ReduceMax', column, plain('Abs', apart.shape, apart), integers(-1));
  // What is no number would be rounded to one, and the largest overlooks it: of such a block nothing is a number.
  const broken = times(node('ReduceL1', [apart, integers(-1)], [column])[0], scalar(0));
  // Zeros alone have a scale too.
  const scale = plain(
    'Add',
    column,
    plain('Add', column, times(largest, scalar(1 / 127)), scalar(1e-30)),
    broken,
  );
  const numbers = node(
    'QuantizeLinear',
    [plain('Div', apart.shape, apart, scale), scalar(1), middle()],
    [apart.shape],
    { types: ['uint8'] },
  )[0];
  const shape = [...rest, sizeAt(first, 1)];
  const products = blocks.map((block, i) => {
    const at = (of: Value) =>
      node('Gather', [of, constant(BigInt64Array.of(BigInt(i)), [])], [[...rest, sizeAt(of, -1)]], {
        attributes: { axis: BigInt(rest.length) },
        types: [of.type],
      })[0];
    return times(timesBytes(at(numbers), block, scales), at(scale));
  });
  const value = products.length === 1 ? products[0]! : plain('Sum', shape, ...products);
  return differentiable(value, [x], (up) => [back(up)]);
}

/**
 * numbers uint8 [.., in], counted from 128, by bytes [in, out], int8 or uint8 counted from 128, each column times its scale.
 * Numbers with a sign on the left are multiplied many times slower than these.
 */
export function timesBytes(numbers: Value, bytes: Value, scales: Value): Value {
  const one = constant(Float32Array.of(1), [1]);
  const from = bytes.type === 'uint8' ? middle() : undefined;
  return node(
    'MatMulIntegerToFloat',
    [numbers, bytes, one, scales, middle(), from],
    [[...numbers.shape.slice(0, -1), sizeAt(bytes, 1)]],
    { domain: 'com.microsoft' },
  )[0];
}

const middle = () => constant(Uint8Array.of(128), []);

/** [.., in] -> [.., count, in / count] */
function blocked(x: Value, count: number): Value {
  const rest = x.shape.slice(0, -1);
  const width = Number(sizeAt(x, -1)) / count;
  const sizes = [...rest.map(() => 0), count, width];
  return node('Reshape', [x, integers(...sizes)], [[...rest, count, width]])[0];
}
