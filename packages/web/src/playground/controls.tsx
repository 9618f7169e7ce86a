/** How answers are refined, where that is to be something else than what the server does by itself. */
import { useRef } from 'preact/hooks';
import type { Playground } from '../../../glore/src/view/wire.js';
import {
  figure,
  heeded,
  saidOf,
  settingsFor,
  usual,
  type Controls as Values,
  wantedBy,
} from './settings.js';

export function Controls({
  values,
  playground,
  onChange,
}: {
  values: Values;
  playground: Playground;
  onChange: (values: Values) => void;
}) {
  const place = useRef<HTMLDetailsElement>(null);
  const shown = heeded[values.mode];
  const set = (name: keyof Values, value: string) => onChange({ ...values, [name]: value });
  return (
    <details
      ref={place}
      // What is refused has to be seen.
      onInvalidCapture={() => {
        place.current!.open = true;
      }}
    >
      <summary>
        Settings <small>{saidOf(settingsFor(wantedBy(values), playground))}</small>
      </summary>
      <div class="controls">
        <label>
          Mode
          <select
            value={values.mode}
            aria-describedby="hint-mode"
            onChange={(event) => set('mode', event.currentTarget.value)}
          >
            {Object.keys(modes).map((mode) => (
              <option key={mode}>{mode}</option>
            ))}
          </select>
          <small id="hint-mode" class="hint">
            {modes[values.mode]}
          </small>
        </label>
        {shown.includes('choice') && (
          <label>
            Choice
            <select
              value={values.choice}
              onChange={(event) => set('choice', event.currentTarget.value)}
            >
              <option value="orm">by the ORM</option>
              <option value="both">by both critics</option>
            </select>
          </label>
        )}
        {fieldsFor(playground)
          .filter(({ name }) => shown.includes(name))
          .map(({ name, title, hint, ...bounds }) => (
            <label key={name}>
              {title}
              <input
                type="number"
                inputMode="decimal"
                value={values[name]}
                aria-describedby={`hint-${name}`}
                onInput={(event) => set(name, event.currentTarget.value)}
                {...bounds}
              />
              <small id={`hint-${name}`} class="hint">
                {hint}
              </small>
            </label>
          ))}
      </div>
      <button type="button" onClick={() => onChange(usual(playground))}>
        Reset to the server’s
      </button>
    </details>
  );
}

const modes: Readonly<Record<Values['mode'], string>> = {
  rerank: 'refine, then choose',
  gate: 'refine only what the ORM doubts',
  vote: 'the answer that most samples give',
};

interface Field {
  readonly name: Exclude<keyof Values, 'mode' | 'choice'>;
  readonly title: string;
  readonly hint: string;
  readonly placeholder: string;
  readonly min: number;
  readonly max?: number;
  readonly step: number | 'any';
}

/** What is left empty is as the server has it, which stands there. */
const fieldsFor = ({ samples, threshold, tau, budget }: Playground): Field[] => [
  {
    ...{ name: 'tau', title: 'Gate', hint: 'refine where the ORM is below' },
    ...{ placeholder: figure(tau), min: 0, max: 1, step: 'any' },
  },
  {
    ...{ name: 'threshold', title: 'Threshold', hint: 'wrong where the SORM is below' },
    ...{ placeholder: figure(threshold), min: 0, max: 1, step: 'any' },
  },
  {
    ...{ name: 'samples', title: 'Samples', hint: 'solutions that vote, at most' },
    ...{ placeholder: String(samples), min: 1, max: 64, step: 1 },
  },
  {
    ...{ name: 'rounds', title: 'Rounds', hint: 'the best is refined again' },
    ...{ placeholder: '1', min: 1, max: 16, step: 1 },
  },
  {
    ...{ name: 'tokens', title: 'Budget, tokens', hint: 'written over all roles' },
    ...{ placeholder: String(budget.tokens ?? 'none'), min: 1, step: 1 },
  },
  {
    ...{ name: 'seconds', title: 'Budget, seconds', hint: 'nothing is begun after' },
    ...{ placeholder: String(budget.seconds ?? 'none'), min: 0.001, step: 'any' },
  },
];
