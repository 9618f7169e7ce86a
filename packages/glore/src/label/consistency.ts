/**
 * Transform (b): a verifying trace counts only if every intermediate result of the prefix is used later, in a later step
 * or as the answer (GLoRe, section on SORM data). It removes traces that reach the answer while ignoring the prefix.
 */

const NUMBER = /\d[\d,]*(?:\.\d+)?|\.\d+/g;

const numbersOf = (text: string): string[] =>
  (text.match(NUMBER) ?? []).map((number) => String(Number(number.replaceAll(',', ''))));

/** The numbers that a step takes in and the one that it works out; undefined where it has no equation. */
function equationOf(step: string): { inputs: string[]; result: string } | undefined {
  const at = step.lastIndexOf('=');
  if (at < 0) return undefined;
  const result = numbersOf(step.slice(at + 1))[0];
  return result === undefined ? undefined : { inputs: numbersOf(step.slice(0, at)), result };
}

/** Whether every result of the prefix is an input of a later step, of the prefix or the trace, or the trace's answer. */
export function usesPrefix(
  prefix: readonly string[],
  trace: { readonly steps: readonly string[]; readonly answer: string | null },
): boolean {
  const used = new Set(trace.answer === null ? [] : numbersOf(trace.answer));
  for (const step of trace.steps)
    for (const input of equationOf(step)?.inputs ?? []) used.add(input);
  // Backwards: what a step of the prefix takes in is used for the steps before it.
  for (const step of prefix.toReversed()) {
    const equation = equationOf(step);
    if (!equation) continue;
    if (!used.has(equation.result)) return false;
    for (const input of equation.inputs) used.add(input);
  }
  return true;
}
