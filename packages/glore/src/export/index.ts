/** A run's data in the formats of others, with a card. */
export { type Exported, type ExportOptions, exportRun } from './export.js';
export { type FormatName, formats } from './formats.js';
export { exportSets } from './sets.js';
