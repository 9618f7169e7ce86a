/** Whether something is right, as a sign, a colour and a word. */
import type { ComponentChildren } from 'preact';

/** `right` left out: there is nothing to judge. */
export function Mark({
  right,
  children,
}: {
  right?: boolean | undefined;
  children: ComponentChildren;
}) {
  const kind = right === undefined ? 'none' : right ? 'right' : 'wrong';
  return (
    <span class={`verdict ${kind}`}>
      <span aria-hidden="true">{signs[kind]}</span> {children}
      <span class="unseen"> {words[kind]}</span>
    </span>
  );
}

const signs = { right: '✓', wrong: '✗', none: '–' };
const words = { right: 'right', wrong: 'wrong', none: 'not there' };
