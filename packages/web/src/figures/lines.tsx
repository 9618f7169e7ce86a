/** A solution line by line, with the values of both critics, and the truth where it is known. */
import type { Judged } from '../../../glore/src/view/wire.js';
import { tintOf } from '../parts/tint.js';

export function Lines({
  of: { steps, answer, orm, sorm, truth },
  caption,
  marked = -1,
}: {
  of: Judged;
  caption: string;
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
          {truth && <th scope="col">truth</th>}
        </tr>
      </thead>
      <tbody>
        {lines.map((line, i) => (
          <tr key={i}>
            <th scope="row">
              {line}
              {marked === i + 1 && <span class="mark">first error</span>}
            </th>
            <Value of={sorm[i]} />
            <Value of={orm[i]} />
            {truth && (
              <td>{i < truth.length ? truth[i] ? 'sound' : <strong>wrong</strong> : ''}</td>
            )}
          </tr>
        ))}
        {answer === null && (
          <tr>
            <th scope="row" colSpan={truth ? 4 : 3}>
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
