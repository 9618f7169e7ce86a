/** What an answer has cost, by role. */
import type { Costs as Spent } from '../../../glore/src/upstream/index.js';
import { whole } from '../parts/figures.js';
import { Table } from '../parts/table.js';

export function Costs({ costs }: { costs: Spent }) {
  const roles = Object.entries(costs);
  const sum = (name: keyof NonNullable<Spent['student']>) =>
    roles.reduce((all, [, cost]) => all + cost[name], 0);
  const all = {
    requests: sum('requests'),
    promptTokens: sum('promptTokens'),
    completionTokens: sum('completionTokens'),
    seconds: sum('seconds'),
  };
  return (
    <details>
      <summary>
        Costs{' '}
        <small>
          {whole(all.requests)} requests, {whole(all.promptTokens)} tokens read,{' '}
          {whole(all.completionTokens)} written, {all.seconds.toFixed(1)} s
        </small>
      </summary>
      <Table
        caption="What the roles have cost"
        headers={['role', 'requests', 'tokens read', 'tokens written', 'seconds']}
        rows={[...roles, ['all', all] as const].map(([role, cost]) => [
          role,
          whole(cost.requests),
          whole(cost.promptTokens),
          whole(cost.completionTokens),
          cost.seconds.toFixed(2),
        ])}
        strong={['all']}
      />
    </details>
  );
}
