/** A solution line by line, with the values of both critics, and what is wrong by the truth where that is known. */
import type { ComponentChildren } from 'preact';
import type { Judged } from '../../../glore/src/view/wire.js';
import { tintOf } from '../parts/tint.js';

export function Lines({
  of: { steps, answer, orm, sorm, truth },
  caption,
  marked = -1,
}: {
  of: Judged;
  caption: ComponentChildren;
  /** The line where the first error is seen, from 1. */
  marked?: number;
}) {
  const lines = [...steps, ...(answer === null ? [] : [`Answer: ${answer}`])];
  return (
    <table class="lines">
      <caption>{caption}</caption>
      <thead>
        <tr>
          <th scope="col">line</th>
          <th scope="col" class="figure">
            SORM
          </th>
          <th scope="col" class="figure">
            ORM
          </th>
        </tr>
      </thead>
      <tbody>
        {lines.map((line, i) => (
          <tr key={i}>
            <th scope="row">
              {line}
              {truth?.[i] === false && <span class="mark">wrong</span>}
              {marked === i + 1 && <span class="mark">first error seen</span>}
            </th>
            <Value of={sorm[i]} />
            <Value of={orm[i]} />
          </tr>
        ))}
        {answer === null && (
          <tr>
            <th scope="row" colSpan={3}>
              no answer
            </th>
          </tr>
        )}
      </tbody>
    </table>
  );
}

const Value = ({ of }: { of: number | undefined }) => (
  <td class="figure tinted" style={tintOf(of)} title={of?.toFixed(4)}>
    {of?.toFixed(2) ?? '–'}
  </td>
);
