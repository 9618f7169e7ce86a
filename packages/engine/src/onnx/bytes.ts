/** Whether products of bytes are right here where one side has a sign. */
import { constant, input, node, timesBytes } from '../graph/index.js';
import { floats, Session, Tensor } from './session.js';

let known: Promise<boolean> | undefined;

/**
 * ONNX Runtime multiplies bytes without a sign by bytes with one fastest, and on x64 processors without VNNI adds two such
 * products in 16 bits, which the largest do not fit into: it gives another number then, without a word.
 */
export function signedBytesAreExact(): Promise<boolean> {
  known ??= multiplied().catch((error) => {
    known = undefined;
    throw error;
  });
  return known;
}

async function multiplied(): Promise<boolean> {
  const [rows, inner, columns] = [8, 64, 32];
  const x = input('x', 'float32', [rows, inner]);
  const bytes = node('Cast', [x], [x.shape], { attributes: { to: 2n }, types: ['uint8'] })[0];
  const largest = constant(new Int8Array(inner * columns).fill(127), [inner, columns]);
  const scales = constant(new Float32Array(columns).fill(1), [columns]);
  const session = await Session.compile({ y: timesBytes(bytes, largest, scales) });
  const given = new Tensor('float32', new Float32Array(rows * inner).fill(255), [rows, inner]);
  const found = floats(await session.run({ x: given }), 'y');
  await session.release();
  return found.every((value) => value === inner * (255 - 128) * 127);
}
