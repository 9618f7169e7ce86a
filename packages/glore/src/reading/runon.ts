/** Where a model goes on after its answer and sets itself another problem, as base models do that nothing stops. */

// At the start of a line: "Question:", "**Problem 2:**", "### Instruction", "Q:", "Human:".
const anotherProblem =
  /^[ \t>]{0,4}(?:#{1,6} {0,2})?[*_]{0,3}(?:(?:next|new|another) )?(?:question|problem|exercise|example|instruction|input|user|human|q)s?(?: {0,2}\(?(?:\d{1,3}|[a-d])\)?)?(?:[*_]{0,3} {0,2}:|\.(?= )|[*_]{0,3}[ \t]{0,4}$)/gim;

/** Where lines stand that set a problem, in order; those before any other text are the problem told again, and left out. */
export function problemLines(text: string): number[] {
  const found: number[] = [];
  let blank = true;
  let seen = 0;
  for (const { index } of text.matchAll(anotherProblem)) {
    blank &&= text.slice(seen, index).trim() === '';
    seen = index;
    if (!blank) found.push(index);
  }
  return found;
}
