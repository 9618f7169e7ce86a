/** Writes a graph as an ONNX model (field numbers from onnx/onnx.proto). */
import { EngineError } from '../error.js';
import {
  type Dimension,
  type ElementType,
  type Node,
  topological,
  type Value,
} from '../graph/index.js';
import { ProtobufWriter } from './protobuf.js';

const IR_VERSION = 10;
const OPSET = 18;
const DATA_TYPES: Record<ElementType, number> = {
  float32: 1,
  float64: 11,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  bool: 9,
};

/** ONNX bytes that compute `outputs` (names to values) from the graph's inputs. */
export function writeModel(outputs: Readonly<Record<string, Value>>): Uint8Array {
  const nodes = topological(Object.values(outputs));
  const names = new Map<Value, string>();
  const graph = new ProtobufWriter();
  const inputs = new Map<string, Value>();
  let counter = 0;

  const nameOf = (value: Value): string => {
    let name = names.get(value);
    if (name !== undefined) return name;
    name = value.source.kind === 'input' ? value.source.name : `%${counter++}`;
    names.set(value, name);
    if (value.source.kind === 'input') {
      const known = inputs.get(name);
      if (known) throw new EngineError('graph', `two inputs of the graph are named "${name}"`);
      inputs.set(name, value);
    }
    if (value.source.kind === 'constant' || value.source.kind === 'stored') {
      graph.bytes(5, tensor(name, value));
    }
    return name;
  };

  // An output is written by its node under its own name: a copy would lose the update of a cache in place. Only an
  // output that is no node's, or that has a name already, needs an Identity.
  for (const [name, value] of Object.entries(outputs)) {
    if (value.source.kind === 'node' && !names.has(value)) names.set(value, name);
  }
  for (const node of nodes) graph.bytes(1, nodeMessage(node, nameOf));
  graph.bytes(2, 'graph');
  for (const [name, value] of Object.entries(outputs)) {
    const from = nameOf(value);
    if (from === name) continue;
    graph.bytes(1, new ProtobufWriter().bytes(1, from).bytes(2, name).bytes(4, 'Identity'));
  }
  for (const [name, value] of inputs) graph.bytes(11, valueInfo(name, value.type, value.shape));
  for (const [name, value] of Object.entries(outputs)) {
    graph.bytes(12, valueInfo(name, value.type, value.shape));
  }
  return new ProtobufWriter()
    .integer(1, IR_VERSION)
    .bytes(2, 'glore')
    .bytes(7, graph)
    .bytes(8, new ProtobufWriter().bytes(1, '').integer(2, OPSET))
    .bytes(8, new ProtobufWriter().bytes(1, 'com.microsoft').integer(2, 1))
    .finish();
}

function nodeMessage(node: Node, nameOf: (value: Value) => string): ProtobufWriter {
  const message = new ProtobufWriter();
  for (const value of node.inputs) message.bytes(1, value ? nameOf(value) : '');
  for (const value of node.outputs) message.bytes(2, nameOf(value));
  message.bytes(4, node.operator);
  for (const [name, value] of Object.entries(node.attributes)) {
    const attribute = new ProtobufWriter().bytes(1, name);
    if (typeof value === 'bigint') attribute.integer(3, value).integer(20, 2);
    else if (typeof value === 'number') attribute.float(2, value).integer(20, 1);
    else if (typeof value === 'string') attribute.bytes(4, value).integer(20, 3);
    else {
      for (const item of value) {
        if (typeof item === 'bigint') attribute.integer(8, item);
        else attribute.float(7, item);
      }
      attribute.integer(20, typeof value[0] === 'number' ? 6 : 7);
    }
    message.bytes(5, attribute);
  }
  if (node.domain) message.bytes(7, node.domain);
  return message;
}

function tensor(name: string, { type, shape, source }: Value): ProtobufWriter {
  const message = new ProtobufWriter();
  for (const dimension of shape) message.integer(1, Number(dimension));
  message.integer(2, DATA_TYPES[type]).bytes(8, name);
  if (source.kind === 'constant') {
    const { buffer, byteOffset, byteLength } = source.data;
    return message.bytes(9, new Uint8Array(buffer, byteOffset, byteLength));
  }
  if (source.kind !== 'stored') return message;
  const bytes = type === 'int8' || type === 'uint8' ? 1 : 4;
  const size = shape.reduce((product: number, dimension) => product * Number(dimension), bytes);
  const entry = (key: string, text: string) => new ProtobufWriter().bytes(1, key).bytes(2, text);
  return message
    .bytes(13, entry('location', source.file))
    .bytes(13, entry('offset', String(source.start)))
    .bytes(13, entry('length', String(size)))
    .integer(14, 1);
}

function valueInfo(name: string, type: ElementType, shape: readonly Dimension[]): ProtobufWriter {
  const dimensions = new ProtobufWriter();
  for (const dimension of shape) {
    dimensions.bytes(
      1,
      typeof dimension === 'number'
        ? new ProtobufWriter().integer(1, dimension)
        : new ProtobufWriter().bytes(2, dimension),
    );
  }
  const tensorType = new ProtobufWriter().integer(1, DATA_TYPES[type]).bytes(2, dimensions);
  return new ProtobufWriter().bytes(1, name).bytes(2, new ProtobufWriter().bytes(1, tensorType));
}
