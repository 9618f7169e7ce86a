/** What a text says: its reasoning, its steps and its answer, and whether that is the right one. */
export { stripAnnotations } from './annotations.js';
export { type Canonical, canonical } from './canonical.js';
export { sameAnswer, sameCanonical } from './equivalence.js';
export type { Found } from './field.js';
export { goldAnswer, readGold } from './gold.js';
export { type Judgement, judge, judgeBy } from './judge.js';
export type { How } from './marks.js';
export { type Extracted, extractAnswer, type Kind, oneLineEnd } from './read.js';
export { readSolution, type Written } from './solution.js';
export { type StepKind, stepKinds } from './steps.js';
