/** Figures in rows, for eyes and screen readers; a wide one scrolls in itself. */
import type { ComponentChild } from 'preact';

export interface TableProps {
  readonly caption: string;
  /** The first column has words, the others figures. */
  readonly headers: readonly string[];
  readonly rows: readonly (readonly ComponentChild[])[];
  /** Columns besides the first that have words. */
  readonly words?: readonly number[];
  /** Rows that stand out, by the first column. */
  readonly strong?: readonly string[];
}

export function Table({ caption, headers, rows, words = [], strong = [] }: TableProps) {
  const kind = (i: number) => (i === 0 || words.includes(i) ? 'word' : 'figure');
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section class="scroll" tabIndex={0} aria-label={caption}>
      <table>
        <caption>{caption}</caption>
        <thead>
          <tr>
            {headers.map((header, i) => (
              <th key={header} scope="col" class={kind(i)}>
                {header}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, i) => (
            <tr key={i} class={strong.includes(String(row[0])) ? 'strong' : undefined}>
              {row.map((cell, k) =>
                k === 0 ? (
                  <th key={k} scope="row" class={kind(k)}>
                    {cell}
                  </th>
                ) : (
                  <td key={k} class={kind(k)}>
                    {cell}
                  </td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
