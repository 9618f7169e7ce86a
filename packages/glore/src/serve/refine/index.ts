/** Answers: samples of one model, and refined ones with their trace. */
export { answerPlain, answerRefined } from './answer.js';
export { chatFormat, chatTop, completionFormat, completionTop } from './format.js';
export { checkTexts, readInputs, readPrompts } from './inputs.js';
export { candidatesOf, refinementOf, refiningModel } from './refining.js';
export { checkIds, checkSequence, empty, roleOf } from './roles.js';
export { samplingOf } from './sampling.js';
export { answerSize } from './size.js';
export { withoutSpecial } from './text.js';
