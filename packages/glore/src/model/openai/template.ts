/** How the roles' tasks are put in words, for models with a tokenizer of their own. */
import { answerLine, type Solution, stripAnnotations } from '../../codec/index.js';
import type { Labels } from './labels.js';

export type TemplateRole = 'student' | 'orm' | 'sorm' | 'global' | 'local';

/**
 * `prompt` has the places {question}, for refiners {draft} and for critics {lines}: a line is followed by a newline, and
 * for critics by `tag`. What a student has written already follows the prompt.
 */
export interface Template {
  readonly prompt: string;
  /** Of a conversation. */
  readonly system?: string | undefined;
  /** Texts that end a completion, besides the model's own end. */
  readonly stop: readonly string[];
  readonly tag: string;
  readonly labels: Labels;
}

const labels: Labels = { positive: ['<|+|>', '+', ' +'], negative: ['<|-|>', '-', ' -'] };

/** The codec's own spelling, for models that were trained on its datasets. */
const trained: Record<TemplateRole, string> = {
  student: '{question}\n',
  orm: '{question}\n<|step|>{lines}',
  sorm: '{question}\n<|step|>{lines}',
  global: '{question}\n<|draft|>{draft}<|revision|>',
  local: '{question}\n<|draft|>{draft}<|revision|>',
};

const form =
  'Write one step on each line, a short sentence with its calculation, and nothing else. The last line is #### and the answer alone, as in "#### 42".';

/** Instructions, for models that follow them. */
const instructed: Record<TemplateRole, string> = {
  student: `{question}\n\nSolve this step by step. ${form}`,
  orm: '{question}\n\nA solution, perhaps not finished:\n\n{lines}\nIs its final answer right, or will it be? Reply with + for yes or - for no, and nothing else.',
  sorm: '{question}\n\nThe beginning of a solution:\n\n{lines}\nIs every line so far right, so that the answer can still be reached? Reply with + for yes or - for no, and nothing else.',
  global: `{question}\n\nA draft of a solution, which is probably wrong:\n\n{draft}\nWrite a right solution from the beginning. ${form}`,
  local: `{question}\n\nA draft of a solution, in which [BAD] stands before the first wrong line:\n\n{draft}\nThe lines before [BAD] are kept. Write the lines that follow them instead of the wrong ones. ${form}`,
};

/** What a recipe says of a template. */
export type GivenTemplate = { readonly [Name in keyof Template]?: Template[Name] | undefined };

/** The template of a role, what is left out filled in. */
export function templateOf(
  role: TemplateRole,
  api: 'completions' | 'chat',
  given: GivenTemplate = {},
): Template {
  const chat = api === 'chat';
  return {
    prompt: given.prompt ?? (chat ? instructed : trained)[role],
    system: given.system,
    stop: given.stop ?? [],
    tag: given.tag ?? (chat ? '' : '<|step|>'),
    labels: given.labels ?? labels,
  };
}

/** Fills the places of a prompt; what is filled in is not looked at again. */
export const fill = (prompt: string, places: Readonly<Record<string, string>>): string =>
  prompt.replaceAll(/\{(question|draft|lines)\}/g, (place, name: string) => places[name] ?? place);

/** The lines of a solution without annotations, the answer line last. */
export const linesOf = ({ steps, answer }: Solution): string[] => [
  ...steps.map(stripAnnotations),
  ...(answer === null ? [] : [answerLine(answer)]),
];

export const written = (lines: readonly string[]): string =>
  lines.map((line) => `${line}\n`).join('');

/** The draft with [BAD] before line `location`. */
export function marked(draft: Solution, location: number): string {
  const lines = linesOf(draft);
  const [before, after] = [lines.slice(0, location - 1), lines.slice(location - 1)];
  return `${written(before)}[BAD]${written(after)}`;
}

/** What a critic reads up to each line: a step's tag is after its newline, the answer's takes the newline's place. */
export function prefixesOf(solution: Solution, tag: string): string[] {
  let text = '';
  const prefixes = solution.steps.map((step) => {
    text += `${stripAnnotations(step)}\n${tag}`;
    return text;
  });
  if (solution.answer !== null) {
    prefixes.push(`${text}${answerLine(solution.answer)}${tag === '' ? '\n' : tag}`);
  }
  return prefixes;
}
