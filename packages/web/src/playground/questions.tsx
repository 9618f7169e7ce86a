/** Questions to take: examples, and those of the run's test set. */
import { useEffect, useState } from 'preact/hooks';
import type { ProblemPage, ProblemRow } from '../../../glore/src/view/wire.js';
import { askJson } from '../api.js';
import { useAsked } from '../parts/asked.js';
import { Problem } from '../parts/problem.js';
import { hrefOf } from '../route.js';

interface Taking {
  readonly onTake: (question: string) => void;
}

export function Questions({
  examples,
  hasRun,
  onTake,
}: Taking & { examples: readonly string[]; hasRun: boolean }) {
  const [open, setOpen] = useState(false);
  if (examples.length === 0 && !hasRun) return null;
  const take = (question: string) => {
    setOpen(false);
    onTake(question);
  };
  return (
    <details open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Take a question</summary>
      {open && hasRun && <OfTestSet onTake={take} />}
      {open && !hasRun && (
        <ul class="questions" aria-label="Examples">
          {examples.map((question) => (
            <li key={question}>
              <button type="button" onClick={() => take(question)}>
                {question}
              </button>
            </li>
          ))}
        </ul>
      )}
    </details>
  );
}

/** So many are shown; the search finds the others. */
const most = 5;

function OfTestSet({ onTake }: Taking) {
  const [typed, setTyped] = useState('');
  const [search, setSearch] = useState('');
  useEffect(() => {
    const later = setTimeout(() => setSearch(typed.trim()), 250);
    return () => clearTimeout(later);
  }, [typed]);
  const { value, failure, busy, again } = useAsked<ProblemPage>(
    (signal) =>
      askJson(
        `api/runs/0/problems?${new URLSearchParams({ search, count: String(most) })}`,
        signal,
      ),
    [search],
  );
  return (
    <section aria-label="Test set" aria-busy={busy}>
      <label class="search">
        Search the test set{' '}
        <input
          type="search"
          value={typed}
          maxLength={200}
          onInput={(event) => setTyped(event.currentTarget.value)}
          // Return searches, and asks nothing.
          onKeyDown={(event) => {
            if (event.key !== 'Enter') return;
            event.preventDefault();
            setSearch(typed.trim());
          }}
        />
      </label>{' '}
      {value && (
        <small role="status">
          {value.total === 0
            ? 'none found'
            : `${Math.min(most, value.total)} of ${value.total.toLocaleString('en')}`}
        </small>
      )}
      {failure && <Problem failure={failure} onAgain={again} />}
      <ul class="questions" aria-label="Questions of the test set">
        {value?.rows.map((row) => (
          <li key={row.index}>
            <button type="button" onClick={() => onTake(row.question)}>
              {row.question}
            </button>{' '}
            <small>
              in the run: {outcomesOf(row)};{' '}
              <a href={hrefOf(`runs/0/problems/${row.index}`)}>see {row.id}</a>
            </small>
          </li>
        ))}
      </ul>
    </section>
  );
}

function outcomesOf({ draft, choice }: ProblemRow): string {
  const [first, last] = [draft, choice].map((right) => (right ? 'right' : 'wrong'));
  return `draft ${first}, choice ${last}`;
}
