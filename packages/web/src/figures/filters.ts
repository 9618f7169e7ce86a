/** The sets of test problems of which something can be learned, in words. */
import type { ProblemFilter } from '../../../glore/src/view/wire.js';

export type Choice = ProblemFilter | 'all';

export const filterWords: Readonly<
  Record<Choice, { readonly name: string; readonly what: string }>
> = {
  all: { name: 'All', what: 'every test problem' },
  'wrong-to-right': { name: 'Wrong to right', what: 'the draft is wrong, the choice is right' },
  'right-to-wrong': { name: 'Right to wrong', what: 'the draft is right, the choice is wrong' },
  'missed-first-error': {
    name: 'Missed first errors',
    what: "the SORM does not see the draft's first error where it is",
  },
  'reranker-mistake': {
    name: "Reranker's mistakes",
    what: 'a candidate is right, but the ORM chooses a wrong one',
  },
  'doubtful-grade': {
    name: 'Doubtful grades',
    what: 'a person might judge an answer otherwise',
  },
  'draft-wrong': { name: 'Wrong drafts', what: 'the draft is wrong' },
  'none-right': { name: 'None right', what: 'no candidate is right' },
};

export const choices = Object.keys(filterWords) as Choice[];

/** What an address names; all, if it is none of them. */
export const choiceOf = (name: string | null): Choice =>
  choices.find((choice) => choice === name) ?? 'all';
