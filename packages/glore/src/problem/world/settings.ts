/** What the built-in world may print: how long, how large, how distracting. */
import { GloreError } from '../../error.js';
import type { ChangeKind } from './story.js';

/** Both ends included. */
export type Range = readonly [low: number, high: number];

export interface WorldSettings {
  /** Gold steps; uniform. */
  readonly steps: Range;
  /** No given quantity and no result is larger. */
  readonly maxValue: number;
  /** First quantities, and what is added or taken away. */
  readonly operands: Range;
  /** What is multiplied or divided by. */
  readonly factors: Range;
  /** Relative frequency of each kind of change. */
  readonly operations: Readonly<Record<ChangeKind, number>>;
  /** Share of problems with a second person's quantity. */
  readonly named: number;
  /** Share of problems with at least one distractor. */
  readonly distractors: number;
  /** Of the sentences whose subject a pronoun would name, the share that has one; none if left out. */
  readonly pronouns?: number | undefined;
}

/** Settings of a difficulty: 0 is two or three steps below 100, 1 is up to six steps below 10,000. */
export function difficulty(level: number): WorldSettings {
  if (!(level >= 0 && level <= 1)) {
    throw nonsense('difficulty', 'a number from 0 to 1', level);
  }
  const maxValue = Math.floor(10 ** (2 + 2 * level)) - 1;
  return {
    steps: [level < 0.75 ? 2 : 3, Math.round(3 + 3 * level)],
    maxValue,
    operands: [Math.round(3 + 16 * level), Math.floor(maxValue / 2)],
    factors: [2, Math.round(3 + 6 * level)],
    operations: { gain: 4, lose: 4, times: 1.5, share: 1 },
    named: 0.2 + 0.2 * level,
    distractors: 0.2 + 0.2 * level,
  };
}

/** Throws `world.settings` when no sensible problem can follow the settings. */
export function checkSettings(settings: WorldSettings): void {
  const { steps, maxValue, operands, factors, operations } = settings;
  checkRange('steps', steps, 1, 12);
  if (!Number.isInteger(maxValue) || maxValue < 20 || maxValue > 1_000_000) {
    throw nonsense('maxValue', 'a whole number from 20 to 1000000', maxValue);
  }
  checkRange('operands', operands, 1, maxValue);
  if (operands[0] > maxValue / 2) {
    throw nonsense(
      'operands',
      'from at most half of maxValue, or nothing can be added',
      operands[0],
    );
  }
  checkRange('factors', factors, 2, maxValue);
  for (const [kind, weight] of Object.entries(operations)) {
    if (!(weight >= 0 && Number.isFinite(weight))) {
      throw nonsense(`operations.${kind}`, 'a weight of 0 or more', weight);
    }
  }
  if (operations.gain + operations.lose + operations.times <= 0) {
    throw nonsense('operations', 'some weight on gain, lose or times', JSON.stringify(operations));
  }
  for (const share of ['named', 'distractors', 'pronouns'] as const) {
    const value = settings[share] ?? 0;
    if (!(value >= 0 && value <= 1)) throw nonsense(share, 'a share from 0 to 1', value);
  }
}

function checkRange(name: string, [low, high]: Range, least: number, most: number): void {
  const whole = Number.isInteger(low) && Number.isInteger(high);
  if (!whole || low < least || high > most || low > high) {
    throw nonsense(
      name,
      `two whole numbers [low, high] from ${least} to ${most}`,
      `[${low}, ${high}]`,
    );
  }
}

/** A setting from which no sensible problem can follow; code `world.settings`. */
export class WorldSettingError extends GloreError {
  /** Which one: "steps", "operations.gain". */
  readonly setting: string;
  readonly expected: string;
  readonly found: string;

  constructor(setting: string, expected: string, found: string) {
    super(
      'world.settings',
      `World setting ${setting} must be ${expected}, found ${found}. Change it in the recipe.`,
    );
    this.setting = setting;
    this.expected = expected;
    this.found = found;
  }
}

function nonsense(setting: string, expected: string, found: unknown): WorldSettingError {
  return new WorldSettingError(setting, expected, String(found));
}
