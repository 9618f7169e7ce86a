/** The first error `E`: the first step (from 1) whose value is below the threshold, -1 if there is none (GLoRe). */
export function firstErrorOf(values: readonly number[], threshold: number): number {
  const index = values.findIndex((value) => value < threshold);
  return index === -1 ? -1 : index + 1;
}
