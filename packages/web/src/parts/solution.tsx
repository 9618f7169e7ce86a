/** A solution line by line, each with the value that a critic gives it. */
import { changesOf, type Piece } from './changes.js';
import { tintOf } from './tint.js';

export interface Line {
  readonly text: string;
  /** Of a critic, 0..1; not known yet, or never. */
  readonly value?: number | undefined;
  /** The first error. */
  readonly marked?: boolean | undefined;
  /** What the truth says of the prefix that ends here. */
  readonly sound?: boolean | undefined;
}

/** `against`: the draft's lines, from which the changes are shown word by word; `unfinished`: more lines are to come. */
export function Solution({
  lines,
  against,
  unfinished = false,
  label,
}: {
  lines: readonly Line[];
  against?: readonly string[] | undefined;
  unfinished?: boolean;
  label: string;
}) {
  const texts = lines.map(({ text }) => text);
  const changes = against && changesOf(against, texts, unfinished);
  return (
    <ol class="solution" aria-label={label}>
      {lines.map((line, i) => (
        <li key={i} class={line.marked ? 'line marked' : 'line'} style={tintOf(line.value)}>
          <span class="text">{changes ? <Changed parts={changes[i] ?? []} /> : line.text}</span>
          {line.marked && <span class="mark">first error</span>}
          {line.sound === false && <span class="mark">wrong</span>}
          {line.value !== undefined && (
            <data class="value" value={line.value} title={`value ${line.value.toFixed(4)}`}>
              {line.value.toFixed(2)}
            </data>
          )}
        </li>
      ))}
    </ol>
  );
}

function Changed({ parts }: { parts: readonly Piece[] }) {
  return (
    <>
      {parts.map(({ kind, text }, i) =>
        kind === 'added' ? (
          <ins key={i}>{text}</ins>
        ) : kind === 'removed' ? (
          <del key={i}>{text}</del>
        ) : (
          text
        ),
      )}
    </>
  );
}
