/**
 * The stages of a run, in the order in which data flows. Each reads files of earlier stages and writes its own; what it
 * returns are its token counts, worked out from the records, so that they do not depend on interruptions.
 */
export { candidates, evaluation } from './evaluation.js';
export { datasets, type LabelSummary, labels } from './labelling.js';
export { problems } from './problems.js';
export { drafts, rollouts, student, studentRecords } from './sampling.js';
export { ormSet, problemsIn, readSet, type Tokens } from './shared.js';
export { global, local, orm, sorm } from './training.js';
