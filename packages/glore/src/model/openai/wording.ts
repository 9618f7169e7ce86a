/** What a template is: the words in which a role is asked. */
import type { StepKind } from '../../reading/index.js';
import type { Labels } from './labels.js';

export type TemplateRole = 'student' | 'orm' | 'sorm' | 'global' | 'local';

/**
 * `prompt` has the places {question}, for refiners {draft}, for the local one also {kept} and {wrong}, and for critics one of
 * {lines}, {steps}, {solution}: a line is followed by a newline and, for critics, by `tag`. What a student has written already
 * follows the prompt.
 */
export interface Template {
  readonly prompt: string;
  /** Of a conversation. */
  readonly system?: string | undefined;
  /** Texts that end a completion, besides the model's own end. */
  readonly stop: readonly string[];
  readonly tag: string;
  readonly labels: Labels;
  /** What a step is in what is written. */
  readonly steps: StepKind;
  /** Turns of a conversation before the question: what fills the prompt's places, and how it is answered. */
  readonly examples: readonly Example[];
}

export type Example = Readonly<Record<string, string>> & { readonly answer: string };

/** What a recipe says of a template. */
export type GivenTemplate = { readonly [Name in keyof Template]?: Template[Name] | undefined };
