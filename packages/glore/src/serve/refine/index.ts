/** Answers: samples of one model, and refined ones with their trace. */
export { answerPlain, answerRefined } from './answer.js';
export { chatFormat, completionFormat } from './format.js';
export { refinementOf, refiningModel } from './refining.js';
export { checkIds, roleOf } from './roles.js';
export { samplingOf } from './sampling.js';
export { readPrompt, withoutSpecial } from './text.js';
