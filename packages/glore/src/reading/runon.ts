/** Where a model goes on after its answer and sets itself another problem, as base models do that nothing stops. */

// "Question:", "**Problem 2:**", "### Instruction", "Q:", "Human:".
const anotherProblem =
  /[ \t>]{0,4}(?:#{1,6} {0,2})?[*_]{0,3}(?:(?:next|new|another) )?(?:question|problem|exercise|example|instruction|input|user|human|q)s?(?: {0,2}\(?(?:\d{1,3}|[a-d])\)?)?(?:[*_]{0,3} {0,2}:|\.[*_]{0,3}(?= )|[*_]{0,3}[ \t]{0,4}$)/imy;

/** Where lines start that set a problem; those before any other text are the problem told again, and left out. */
export function problemLines(text: string): number[] {
  const found: number[] = [];
  let blank = true;
  for (let from = 0; from < text.length; ) {
    const end = text.indexOf('\n', from);
    anotherProblem.lastIndex = from;
    const sets = end !== from && anotherProblem.test(text);
    if (sets && !blank) found.push(from);
    blank &&= sets || text.slice(from, end === -1 ? undefined : end).trim() === '';
    if (end === -1) break;
    from = end + 1;
  }
  return found;
}
