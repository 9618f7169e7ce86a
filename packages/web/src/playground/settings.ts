/** The controls of the playground: what is filled in, what is asked for by it, and what the server does without it. */
import type { Playground } from '../../../glore/src/view/wire.js';
import type { Settings } from './trace.js';

/** As they are typed; empty for what the server does by itself. */
export interface Controls {
  readonly mode: Settings['mode'];
  readonly choice: Settings['choice'];
  readonly threshold: string;
  readonly tau: string;
  readonly samples: string;
  readonly rounds: string;
  readonly tokens: string;
  readonly seconds: string;
}

export const usual = ({ mode }: Playground): Controls => ({
  ...{ mode, choice: 'orm', threshold: '', tau: '', samples: '', rounds: '', tokens: '' },
  seconds: '',
});

/** Which of the controls say something in a mode. */
export const heeded: Readonly<Record<Settings['mode'], readonly (keyof Controls)[]>> = {
  rerank: ['mode', 'choice', 'threshold', 'rounds', 'tokens', 'seconds'],
  gate: ['mode', 'choice', 'tau', 'threshold', 'rounds', 'tokens', 'seconds'],
  vote: ['mode', 'samples', 'tokens', 'seconds'],
};

/** The field `glore` of a request. */
export type Wanted = Partial<Settings>;

export function wantedBy(controls: Controls): Wanted {
  const number = (name: keyof Controls): number | undefined => {
    const typed = heeded[controls.mode].includes(name) ? controls[name].trim() : '';
    return typed === '' ? undefined : Number(typed);
  };
  const given = <T extends object>(fields: T) =>
    Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
      [K in keyof T]?: NonNullable<T[K]>;
    };
  const budget = given({ tokens: number('tokens'), seconds: number('seconds') });
  return given({
    mode: controls.mode,
    choice: controls.mode === 'vote' ? undefined : controls.choice,
    threshold: number('threshold'),
    tau: number('tau'),
    samples: number('samples'),
    rounds: number('rounds'),
    budget: Object.keys(budget).length > 0 ? budget : undefined,
  });
}

/** What the server will go by. */
export function settingsFor(wanted: Wanted, playground: Playground): Settings {
  const { mode, samples, threshold, tau, budget } = playground;
  return { mode, samples, threshold, tau, budget, choice: 'orm', rounds: 1, ...wanted };
}

/** In words, for a heading. */
export function saidOf({ mode, samples, choice, threshold, tau, budget, rounds }: Settings) {
  const { tokens, seconds } = budget;
  const most = [
    ...(tokens === undefined ? [] : [`${tokens} tokens`]),
    ...(seconds === undefined ? [] : [`${seconds} s`]),
  ];
  return [
    mode,
    ...(mode === 'vote'
      ? [`of up to ${samples}`]
      : [
          ...(mode === 'gate' ? [tau > 1 ? 'refines all' : `refines below ${figure(tau)}`] : []),
          `a line is wrong below ${figure(threshold)}`,
          choice === 'both' ? 'both critics choose' : 'the ORM chooses',
          ...(rounds > 1 ? [`up to ${rounds} rounds`] : []),
        ]),
    ...(most.length > 0 ? [`at most ${most.join(' and ')}`] : []),
  ].join(', ');
}

/** With two digits, and up to four where there are more. */
export const figure = (value: number): string => value.toFixed(4).replace(/0{1,2}$/, '');
