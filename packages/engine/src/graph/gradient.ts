/** Reverse-mode differentiation: walks the nodes backwards and adds the nodes that compute the gradients. */
import { EngineError } from '../error.js';
import { add } from './operations.js';
import { type Node, topological, type Value } from './value.js';

/**
 * The gradient of the scalar `loss` with respect to each of `inputs`, as new values of the graph.
 * @throws EngineError `gradient` if a value between them has no gradient, or `loss` does not depend on an input.
 */
export function gradients(loss: Value, inputs: readonly Value[], seed: Value): Value[] {
  const order = topological([loss]);
  const needed = new Set<Value>(inputs);
  const neededNodes = new Set<Node>();
  for (const node of order) {
    if (node.inputs.some((value) => value && needed.has(value))) {
      neededNodes.add(node);
      for (const output of node.outputs) needed.add(output);
    }
  }
  const total = new Map<Value, Value>([[loss, seed]]);
  for (const node of order.reverse()) {
    const [output] = node.outputs;
    const upstream = output && total.get(output);
    if (!upstream || !neededNodes.has(node)) continue;
    if (!node.backward) throw new EngineError('gradient', `${node.operator} has no gradient`);
    const { to, vjp } = node.backward;
    if (!to.some((value) => needed.has(value))) continue;
    vjp(upstream).forEach((gradient, index) => {
      const value = to[index];
      if (!value || !needed.has(value)) return;
      const sum = total.get(value);
      total.set(value, sum ? add(sum, gradient) : gradient);
    });
  }
  return inputs.map((value) => {
    const gradient = total.get(value);
    if (!gradient)
      throw new EngineError('gradient', 'the loss does not depend on one of the inputs');
    return gradient;
  });
}
