/** Half precision (IEEE 754: 1 sign, 5 exponent with bias 15, 10 fraction bits) and bfloat16 as float32. */

/** The float32 of each half. */
let halves: Float32Array | undefined;

/** All 65,536 halves, made at the first use: a table is several times faster than working each out. */
export function halfTable(): Float32Array {
  halves ??= Float32Array.from({ length: 65_536 }, (_, bits) => halfToFloat(bits));
  return halves;
}

function halfToFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** bfloat16 is the upper half of a float32. */
export function bfloatToFloat32(upper: Uint16Array): Float32Array<ArrayBuffer> {
  const bits = new Uint32Array(upper.length);
  for (let i = 0; i < bits.length; i++) bits[i] = upper[i]! << 16;
  return new Float32Array(bits.buffer);
}

/** Halves, 2 bytes each, as float32. */
export function halvesToFloat32(halves: Uint16Array): Float32Array<ArrayBuffer> {
  const table = halfTable();
  const floats = new Float32Array(halves.length);
  for (let i = 0; i < floats.length; i++) floats[i] = table[halves[i]!]!;
  return floats;
}
