/**
 * The stages of a run, in the order in which data flows. Each reads files of earlier stages and writes its own; what it
 * returns are its token counts, worked out from the records, so that they do not depend on interruptions.
 */
export { candidates } from './candidates.js';
export { controls } from './controls.js';
export { datasets } from './datasets.js';
export { drafts } from './drafts.js';
export { evaluation } from './evaluation.js';
export { labels } from './labels.js';
export { problems } from './problems.js';
export { rollouts } from './rollouts.js';
export { type Round, roundsOfStudent } from './rounds.js';
export { sorm } from './sorm.js';
export { student } from './student.js';
export { global, local, orm, retrained } from './training.js';
export { type LabelSummary, labelSummaryShape } from './truth.js';
export type { Work } from './work.js';
