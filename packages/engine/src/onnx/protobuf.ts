/** The few lines of the protobuf wire format that writing an ONNX model needs (protobuf.dev/programming-guides/encoding). */
export class ProtobufWriter {
  private readonly parts: Uint8Array[] = [];

  private varint(value: bigint): this {
    const bytes: number[] = [];
    let rest = BigInt.asUintN(64, value);
    while (rest > 0x7fn) {
      bytes.push(Number(rest & 0x7fn) | 0x80);
      rest >>= 7n;
    }
    bytes.push(Number(rest));
    this.parts.push(Uint8Array.from(bytes));
    return this;
  }

  /** A varint field. */
  integer(field: number, value: number | bigint): this {
    return this.varint(BigInt(field << 3)).varint(BigInt(value));
  }

  /** A 32-bit floating-point field. */
  float(field: number, value: number): this {
    this.varint(BigInt((field << 3) | 5));
    this.parts.push(new Uint8Array(Float32Array.of(value).buffer));
    return this;
  }

  /** A length-delimited field: bytes, a string, or an embedded message. */
  bytes(field: number, value: Uint8Array | string | ProtobufWriter): this {
    this.varint(BigInt((field << 3) | 2));
    if (value instanceof ProtobufWriter) {
      // Its parts as they are: a model's weights are copied once, at the end.
      this.varint(BigInt(value.parts.reduce((sum, { length }) => sum + length, 0)));
      for (const part of value.parts) this.parts.push(part);
      return this;
    }
    const bytes = typeof value === 'string' ? new TextEncoder().encode(value) : value;
    this.varint(BigInt(bytes.length));
    this.parts.push(bytes);
    return this;
  }

  finish(): Uint8Array {
    return Buffer.concat(this.parts);
  }
}
