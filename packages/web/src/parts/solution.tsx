/** A solution line by line, each with the value that a critic gives it. */
import { type Change, diffWordsWithSpace } from 'diff';
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

/** `against`: the draft's lines, from which the changes are shown word by word. */
export function Solution({
  lines,
  against,
  label,
}: {
  lines: readonly Line[];
  against?: readonly string[] | undefined;
  label: string;
}) {
  const changes = against && changesOf(against, lines);
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

function Changed({ parts }: { parts: readonly Change[] }) {
  return (
    <>
      {parts.map((part, i) =>
        part.added ? (
          <ins key={i}>{part.value}</ins>
        ) : part.removed ? (
          <del key={i}>{part.value}</del>
        ) : (
          part.value
        ),
      )}
    </>
  );
}

/** The changes of a whole text, cut at the ends of its lines: what was taken away stands where it was. */
export function changesOf(before: readonly string[], lines: readonly Line[]): Change[][] {
  const after = lines.map(({ text }) => text).join('\n');
  const byLine: Change[][] = [[]];
  for (const change of diffWordsWithSpace(before.join('\n'), after)) {
    const pieces = change.value.split('\n');
    pieces.forEach((value, i) => {
      // A line that was taken away ends none of those that are there.
      if (i > 0 && !change.removed) byLine.push([]);
      const text = i > 0 && change.removed ? ` ${value}` : value;
      if (text !== '') byLine.at(-1)!.push({ ...change, value: text });
    });
  }
  return byLine;
}
