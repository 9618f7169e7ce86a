/** Where the command line writes: how wide lines may be, and colours where they are seen and wanted. */
import picocolors from 'picocolors';

/** What is written to, as far as its looks go. */
export interface Screen {
  /** Columns. */
  readonly width: number;
  readonly paint: ReturnType<typeof picocolors.createColors>;
}

/** What standard output and error say of themselves. */
interface Stream {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** What is no terminal is as wide as most of them are. */
const USUAL = 80;
/** Lines of fewer columns could not be read. */
const NARROWEST = 40;

/** Colours only on a terminal that has them, and never with NO_COLOR. */
export function screenOf({ isTTY, columns }: Stream): Screen {
  const coloured = isTTY === true && process.env.TERM !== 'dumb' && !process.env.NO_COLOR;
  return {
    // Some terminals say that they have no columns.
    width: Math.max(NARROWEST, columns || USUAL),
    paint: picocolors.createColors(coloured),
  };
}
