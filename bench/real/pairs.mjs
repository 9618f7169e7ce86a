/** Ways to answer on the same problems that a report does not compare. */
import { paired } from '../../packages/glore/dist/evaluate/paired.js';

/** Each of some pairs of rows compared, from a report's outcomes. */
export function pairsOf({ right }, pairs) {
  const answers = (row) => [...right[row]].map((flag) => ({ right: flag === '1' }));
  return pairs.map(([a, b]) => ({ a, b, ...paired(answers(a), answers(b)) }));
}
