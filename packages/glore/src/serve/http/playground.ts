/** What the playground shows of the models that it asks. */
import type { Playground, RunView } from '../../view/index.js';
import type { Refiner } from '../batch/index.js';

/** What there is to see beside models. */
export interface Seen extends Pick<Playground, 'over' | 'examples'> {
  readonly runs?: readonly RunView[];
}

export const playgroundOf = (
  refiner: Omit<Refiner, 'rolesFor' | 'temperature'> & { readonly maxTokens: number },
  { over, examples }: Pick<Playground, 'over' | 'examples'>,
): Playground => {
  const { mode, samples, threshold, tau, maxTokens } = refiner;
  const { tokens, seconds } = refiner.budget;
  const budget = { ...(tokens && { tokens }), ...(seconds && { seconds }) };
  return { over, mode, samples, threshold, tau, budget, maxTokens, examples };
};
