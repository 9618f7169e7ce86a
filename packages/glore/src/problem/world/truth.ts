/**
 * Exact truth of any solution text, from the question alone.
 *
 * A step is right by identity, not by coincidence: its operands are traced to the numbers they can come from, those are
 * replaced by random residues modulo a prime, and the expression must equal a true quantity in the residues too
 * (Schwartz 1980, Zippel 1979: two different formulas agree with a chance of about 1e-7).
 */
import type { Problem } from '../types.js';
import { type Equation, evaluate, PRIME, parseEquation, residues } from './arithmetic.js';
import { quantitiesOf, relevance, valuesOf } from './quantity.js';
import { hash32 } from './random.js';
import { parseStory, type Story } from './story.js';

/** A number with its residue. */
interface Source {
  readonly value: number;
  readonly residue: number;
}

/** A quantity that a right step may compute. */
interface Target extends Source {
  readonly owners: readonly string[];
}

/**
 * Whether each step of a solution is right, with or without `<<..>>` annotations.
 *
 * A step is right when it holds one exact equation that computes a quantity on the way to the asked one, for the person
 * it names, from numbers that the question gives for it and results of earlier right steps. A repeated right step is
 * right. Throws `world.unreadable` when the question is not of the built-in world.
 */
export function judgeSteps(problem: Problem, steps: readonly string[]): boolean[] {
  const { sources, targets } = materialOf(parseStory(problem.question));
  return steps.map((step) => {
    const claim = readClaim(step);
    if (claim === null || evaluate(claim.equation) !== claim.equation.result) return false;
    const reached = targets.filter(
      (target) =>
        target.value === claim.equation.result &&
        claim.allows(target.owners) &&
        derives(claim.equation, target, sources),
    );
    sources.push(...reached);
    return reached.length > 0;
  });
}

/** The first wrong step, counted from 1; -1 when every step is right. */
export function firstWrongStep(problem: Problem, steps: readonly string[]): number {
  const place = judgeSteps(problem, steps).indexOf(false);
  return place < 0 ? -1 : place + 1;
}

/** Whether an answer such as `415`, `1,415` or `#### 415` is the gold one. */
export function finalRight(problem: Problem, answerText: string): boolean {
  const match = /^(?:####)?\s*(-?\d[\d,]*)\.?$/.exec(answerText.trim());
  return match !== null && Number(match[1]!.replaceAll(',', '')) === Number(problem.answer);
}

/** The numbers a solution may use at first, and the quantities it may compute. */
function materialOf(story: Story): { sources: Source[]; targets: Target[] } {
  const { quantities, asked } = quantitiesOf(story);
  const amounts = story.events.map((event) => event.amount);
  const amountResidues = amounts.map((_, event) => 1 + (hash32(`given ${event}`) % (PRIME - 1)));
  const values = valuesOf(quantities, amounts);
  const valueResidues = valuesOf(quantities, amountResidues, residues);
  const sources: Source[] = [];
  const targets: Target[] = [];
  relevance(quantities, asked).forEach((relevant, place) => {
    if (!relevant) return;
    const { owners, event, operator } = quantities[place]!;
    if (event >= 0) sources.push({ value: amounts[event]!, residue: amountResidues[event]! });
    if (operator !== undefined) {
      targets.push({ owners, value: values[place]!, residue: valueResidues[place]! });
    }
  });
  return { sources, targets };
}

/** Whether the operands can be traced to sources such that the expression is the target whatever the numbers. */
function derives({ operands, operators }: Equation, target: Target, sources: readonly Source[]) {
  const traces = (traced: readonly number[]): boolean => {
    if (traced.length === operands.length) {
      return evaluate({ operands: traced, operators }, residues) === target.residue;
    }
    const value = operands[traced.length];
    const origins = new Set(sources.filter((s) => s.value === value).map((s) => s.residue));
    return [...origins].some((residue) => traces([...traced, residue]));
  };
  return traces([]);
}

interface Claim {
  readonly equation: Equation;
  /** Whether the step may be speaking of the quantity of these people. */
  allows(owners: readonly string[]): boolean;
}

/** Words that may open a step without being a person. */
const OPENERS = new Set(['Together', 'They', 'Then', 'So', 'Now', 'In']);

/** The one equation of a step and whom it is about; null when it has none, several, or stray numbers. */
function readClaim(step: string): Claim | null {
  const annotations = [...step.matchAll(/<<(.*?)>>/g)].map((match) => compact(match[1]!));
  const plain = compact(step.replace(/<<.*?>>/g, ''));
  const formulas = (plain.match(/[-+*/=\d]+/g) ?? []).filter((text) => /[\d=]/.test(text));
  if (formulas.length !== 1 || annotations.length > 1) return null;
  const [shown] = formulas as [string];
  const [annotation = shown] = annotations;
  // "148+37=<<148+37=185>>185" shows the equation twice, "<<148+37=185>>185" the result only.
  if (annotation !== shown && !annotation.endsWith(`=${shown}`)) return null;
  const equation = parseEquation(annotation);
  if (equation === null) return null;

  const words = new Set(plain.match(/\b[A-Z][a-z]+/g));
  const people = [...words].filter((word) => !OPENERS.has(word));
  const together = /\b(together|they)\b/i.test(plain);
  return {
    equation,
    allows: (owners) =>
      (owners.length === 2 || !together) &&
      people.every((person) => owners.includes(person)) &&
      (owners.length === 1 || people.length !== 1),
  };
}

/** Without the spaces around operators: `37 + 148 = 185` is `37+148=185`. */
function compact(text: string): string {
  return text.replace(/\s*([-+*/=])\s*/g, '$1');
}
