/** A run's data in the formats of others, with a card. */
export { type Exported, type ExportOptions, exportRun, exportSets } from './export.js';
export { type FormatName, formats } from './formats.js';
