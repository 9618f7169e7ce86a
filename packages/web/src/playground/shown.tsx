/** An answer, as far as it has come: the rounds, what was chosen, and what it has cost. */
import { useEffect, useState } from 'preact/hooks';
import { duration } from '../parts/figures.js';
import { Costs } from './costs.js';
import { Keeping } from './keeping.js';
import { Round } from './round.js';
import { sayState } from './said.js';
import { saidOf } from './settings.js';
import type { State } from './state.js';
import { capital } from './why.js';

/** `now`: the question that stands in the form, which may be another one by now. */
export function Shown({ state, now }: { state: State; now: string }) {
  const { phase, question, settings, rounds, trace } = state;
  const isAsking = phase === 'asking';
  return (
    <section aria-label="Answer">
      {settings && (
        <h2>
          Answer <small>{saidOf(settings)}</small>
        </h2>
      )}
      {question !== now.trim() && <p class="put">{question}</p>}
      <div class="row said">
        <strong role="status" aria-live="polite">
          {capital(sayState(state))}
        </strong>
        {isAsking && <Elapsed />}
      </div>
      {trace && trace.notes.length > 0 && (
        <div class="notes">
          Why it is less than it could be:
          <ul>
            {trace.notes.map((note, i) => (
              <li key={i}>{note}</li>
            ))}
          </ul>
        </div>
      )}
      {settings &&
        rounds.map((round, i) => (
          <Round
            key={i}
            round={round}
            number={i + 1}
            settings={settings}
            open={isAsking && i === rounds.length - 1}
          />
        ))}
      {trace && (
        <>
          <Costs costs={trace.costs} />
          <Keeping trace={trace} />
        </>
      )}
    </section>
  );
}

/** Is not read out. */
function Elapsed() {
  const [seconds, setSeconds] = useState(0);
  useEffect(() => {
    const began = performance.now();
    const clock = setInterval(() => setSeconds((performance.now() - began) / 1000), 1000);
    return () => clearInterval(clock);
  }, []);
  return <small>{duration(seconds)}</small>;
}
