/** A trace is saved as a file, linked to, and opened. */
import { useRef, useState } from 'preact/hooks';
import { hrefOf } from '../route.js';
import { readFile, type Trace, toLink } from './trace.js';

export function Keeping({ trace }: { trace: Trace }) {
  const [said, setSaid] = useState('');
  const link = async () => {
    try {
      const href = hrefOf('play', { trace: await toLink(trace) });
      // What it leads to is shown already, and the question may have been changed since.
      history.replaceState(null, '', href);
      // Pages that are not served from this machine may not copy without TLS.
      const copied = await navigator.clipboard?.writeText(location.href).then(
        () => true,
        () => false,
      );
      setSaid(copied ? 'The link is copied.' : 'The link is this page’s address now.');
    } catch (error) {
      setSaid((error as Error).message);
    }
  };
  return (
    <p class="row">
      <button type="button" onClick={() => save(trace)}>
        Save the trace
      </button>
      <button type="button" onClick={link}>
        Link to it
      </button>
      <span role="status">{said}</span>
    </p>
  );
}

function save(trace: Trace): void {
  const file = new Blob([JSON.stringify(trace, undefined, 2)], { type: 'application/json' });
  const at = URL.createObjectURL(file);
  const words = trace.question.toLowerCase().match(/[a-z0-9]+/g) ?? [];
  const link = document.createElement('a');
  link.href = at;
  link.download = `glore-${['trace', ...words.slice(0, 5)].join('-').slice(0, 60)}.json`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(at), 1000);
}

export function Opening({
  onOpen,
  onFailure,
}: {
  onOpen: (trace: Trace) => void;
  onFailure: (failure: Error) => void;
}) {
  const place = useRef<HTMLInputElement>(null);
  return (
    <>
      <button type="button" onClick={() => place.current!.click()}>
        Open a trace
      </button>
      <input
        ref={place}
        type="file"
        accept=".json,application/json"
        hidden
        aria-label="A trace to open"
        onChange={(event) => {
          const input = event.currentTarget;
          const [file] = input.files ?? [];
          // So that the same file can be opened again.
          if (file)
            readFile(file).then(onOpen, (error: Error) =>
              onFailure(new Error(`${file.name}: ${error.message}`)),
            );
          input.value = '';
        }}
      />
    </>
  );
}
