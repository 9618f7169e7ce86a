/** How the roles' tasks are put in words, for models with a tokenizer of their own. */
import { answerLine, type Solution, stripAnnotations } from '../../codec/index.js';
import type { Draft } from '../types.js';
import type { Labels } from './labels.js';
import { shippedPrompt } from './prompts.js';
import type { GivenTemplate, Template, TemplateRole } from './wording.js';

export type { Example, GivenTemplate, Template, TemplateRole } from './wording.js';

/** How a critic reads: each line's prefix, all steps at once, or the whole for one value. */
type CriticReading = 'lines' | 'steps' | 'solution';

/** By the place that its prompt has. */
export const readingOf = ({ prompt }: Template): CriticReading =>
  prompt.includes('{steps}') ? 'steps' : prompt.includes('{solution}') ? 'solution' : 'lines';

const labels: Labels = { positive: ['<|+|>', '+', ' +'], negative: ['<|-|>', '-', ' -'] };

/** The codec's own spelling, for models that were trained on its datasets. */
const trained: Record<TemplateRole, string> = {
  student: '{question}\n',
  orm: '{question}\n<|step|>{lines}',
  sorm: '{question}\n<|step|>{lines}',
  global: '{question}\n<|draft|>{draft}<|revision|>',
  local: '{question}\n<|draft|>{draft}<|revision|>',
};

/** The template of a role, what is left out filled in. */
export function templateOf(
  role: TemplateRole,
  api: 'completions' | 'chat',
  given: GivenTemplate = {},
): Template {
  if (api === 'completions') {
    return {
      prompt: given.prompt ?? trained[role],
      system: given.system,
      stop: given.stop ?? [],
      tag: given.tag ?? '<|step|>',
      labels: given.labels ?? labels,
      steps: given.steps ?? 'lines',
      examples: [],
    };
  }
  const shipped = shippedPrompt(role);
  // Labels, examples and system belong to the prompt that they are shipped with.
  const whole = given.prompt === undefined ? shipped : undefined;
  return {
    prompt: given.prompt ?? shipped.prompt!,
    system: given.system ?? whole?.system,
    stop: given.stop ?? whole?.stop ?? [],
    tag: given.tag ?? whole?.tag ?? '',
    labels: given.labels ?? whole?.labels ?? labels,
    steps: given.steps ?? shipped.steps ?? 'found',
    examples: given.examples ?? whole?.examples ?? [],
  };
}

/** Fills the places of a prompt; what is filled in is not looked at again. */
export const fill = (prompt: string, places: Readonly<Record<string, string>>): string =>
  prompt.replaceAll(
    /\{(question|draft|kept|wrong|lines|steps|solution)\}/g,
    (place, name: string) => places[name] ?? place,
  );

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

/** A draft as it was written, or its lines. */
export const draftText = (draft: Draft): string =>
  draft.original?.text.trim() ?? written(linesOf(draft)).trim();

/** The draft up to its line `location`, as it was written where that is known, and that line. */
export function keptAndWrong(
  draft: Draft,
  location: number,
): { readonly kept: string; readonly wrong: string } {
  const lines = linesOf(draft);
  const end = draft.original?.ends[location - 2];
  const kept =
    location === 1
      ? ''
      : ((end === undefined ? undefined : draft.original?.text.slice(0, end)) ??
        lines.slice(0, location - 1).join('\n'));
  return { kept, wrong: lines[location - 1] ?? '(it stops there)' };
}
