/** How far a run is: its stages in order, and the one that works with its progress. */
import type { RunState, StageState } from '../../../glore/src/view/wire.js';
import { duration, whole } from '../parts/figures.js';

export function Stages({ state }: { state: RunState }) {
  const done = state.stages.filter((stage) => stage.state === 'done').length;
  const list = (
    <ol class="stages">
      {state.stages.map((stage) => (
        <Stage key={stage.name} stage={stage} />
      ))}
    </ol>
  );
  if (state.state === 'finished') {
    return (
      <details>
        <summary>
          {done} stages in {duration(state.seconds)}
        </summary>
        {list}
      </details>
    );
  }
  return (
    <section class="part" aria-label="Stages">
      <h2>
        {done} of {state.stages.length} stages done
      </h2>
      {list}
    </section>
  );
}

function Stage({ stage }: { stage: StageState }) {
  const { name, state, seconds, progress } = stage;
  return (
    <li class={`stage ${state}`} aria-current={state === 'running' ? 'step' : undefined}>
      <span class="sign" aria-hidden="true">
        {signs[state]}
      </span>
      <span class="name">{name}</span>
      <span class="state">{state}</span>
      <span class="time">{seconds === undefined ? '' : duration(seconds)}</span>
      <span class="faint">{tokensOf(stage)}</span>
      {progress && <Progress name={name} progress={progress} />}
    </li>
  );
}

const signs = { waiting: '·', running: '▸', stopped: '◼', done: '✓' };

function Progress({
  name,
  progress,
}: {
  name: string;
  progress: NonNullable<StageState['progress']>;
}) {
  const { done, total, unit = '', rate, secondsLeft, detail } = progress;
  const of = total === undefined ? whole(done) : `${whole(done)} of ${whole(total)}`;
  return (
    <div class="progress">
      <progress
        aria-label={`${name}: progress`}
        {...(total !== undefined && total > 0 && { max: total, value: Math.min(done, total) })}
      />
      <span>
        {[
          `${of} ${unit}`.trim(),
          rate === undefined ? '' : paceOf(rate),
          secondsLeft === undefined ? '' : `${duration(secondsLeft)} left`,
          detail ?? '',
        ]
          .filter((part) => part !== '')
          .join(', ')}
      </span>
    </div>
  );
}

const paceOf = (rate: number): string =>
  rate >= 1 ? `${rate.toFixed(1)} a second` : `${(60 * rate).toFixed(1)} a minute`;

const tokensOf = ({ generatedTokens, scoredTokens, trainedTokens }: StageState): string =>
  (
    [
      [generatedTokens, 'generated'],
      [scoredTokens, 'scored'],
      [trainedTokens, 'trained on'],
    ] as const
  )
    .flatMap(([tokens, what]) => (tokens ? [`${whole(tokens)} ${what}`] : []))
    .join(', ');
