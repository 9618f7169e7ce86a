/** Where the first error is. */
import { firstErrorOf } from '../codec/index.js';

/** The first error `E`: the first line (from 1) whose value is below the threshold, -1 if there is none (GLoRe). */
export const locateFirstError = (values: readonly number[], threshold: number): number =>
  firstErrorOf(values.map((value) => !(value < threshold)));
