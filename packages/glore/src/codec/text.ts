// The sequences of the models as text, for trainers that tokenise it themselves. BOS and EOS are left to them, and reward
// models have no text: where their tags stand is the trainer's to say. Cut at newlines and at special tokens and tokenised
// piece by piece, a prompt and its completion are the codec's ids.

import { spellings } from './codec.js';
import { renderSolution, type Solution, stripAnnotations } from './solution.js';

/** `question \n`: what the student continues. */
export const promptText = (question: string): string => `${question}\n`;

/** The solution's lines, without annotations. Throws `GloreError` "solution-malformed". */
export const solutionText = ({ steps, answer }: Solution): string =>
  renderSolution({ steps: steps.map(stripAnnotations), answer });

/** What the global refiner continues. */
export const globalPromptText = (question: string, draft: Solution): string =>
  `${promptText(question)}${spellings.draft}${draftText(draft)}${spellings.revision}`;

/** What the local refiner continues: the draft with [BAD] before line `e`, counted from 1. */
export function localPromptText(question: string, draft: Solution, e: number): string {
  const before = draftText({ steps: draft.steps.slice(0, e - 1), answer: null });
  const after = draftText({ steps: draft.steps.slice(e - 1), answer: draft.answer });
  return `${promptText(question)}${spellings.draft}${before}${spellings.bad}${after}${spellings.revision}`;
}

/** The solution's lines from line `e` on. */
export const continuationText = ({ steps, answer }: Solution, e: number): string =>
  solutionText({ steps: steps.slice(e - 1), answer });

/** Lines that each end with a newline. */
function draftText(draft: Solution): string {
  const text = solutionText(draft);
  return text === '' ? '' : `${text}\n`;
}
