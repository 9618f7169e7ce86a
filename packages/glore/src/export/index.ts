/** A run's data in the formats of others: rows, Parquet, dataset cards. */
export { type Card, type CardSet, places, renderCard, signs } from './card.js';
export { type Format, type FormatName, formats } from './formats.js';
export { encodeParquet, type Row } from './parquet.js';
export {
  globalRow,
  type JudgedSolution,
  localRow,
  processBenchRow,
  shepherdRow,
  stepwiseRow,
  studentRow,
} from './rows.js';
