/** The recipe's section of a trainer outside this process: its shape, and what is wrong beyond it. */
import { z } from 'zod';
import { text } from '../files/index.js';
import { type RoleName, roleNames } from '../model/index.js';
import { placesIn, wordsOf } from '../trainer/index.js';
import type { Endpoints, ServedModels } from './endpoints.js';
import { filePath } from './files.js';

/** Places of the commands. */
const trainPlaces = [
  ...['role', 'base', 'adapter', 'data', 'out', 'epochs', 'batch', 'rate', 'seed'],
  ...['options', 'arguments', 'train'],
];
const servePlaces = ['role', 'name', 'model', 'adapter', 'student', 'adapters'];

/** A command on one line or as a list of words; no shell sees it. */
const commandWith = (places: readonly string[]) =>
  z
    .union([text, z.array(z.string()).min(1)], { error: 'a command on one line, or its words' })
    .transform((given, context) => {
      const words = typeof given === 'string' ? wordsOf(given) : given;
      const unknown = words && placesIn(words).find((name) => !places.includes(name));
      if (words?.[0] && unknown === undefined) return words;
      const message = unknown
        ? `a command whose places are of {${places.join('}, {')}}, not {${unknown}}`
        : 'a command whose quotes are closed';
      context.addIssue({ code: 'custom', message });
      return z.NEVER;
    });

export const trainer = z.strictObject({
  /** What the first training starts from: a folder or a name, as the command takes it. */
  base: text,
  /** The roles that it trains, all of them served; with the student, the others start from that. */
  roles: z.array(z.enum(roleNames)).min(1).default(['sorm', 'global', 'local', 'orm']),
  command: commandWith(trainPlaces).default(['python3', '{train}', '{arguments}']),
  /** Further arguments; what results depend on stands here, not in the command. */
  options: z.array(z.string()).default(['--for-server']),
  /** Where the commands run, from the recipe's folder. */
  folder: filePath.default('.'),
  /** How what is trained gets to its server; it is there already if left out. */
  serve: z
    .strictObject({
      /** Starts the server: one that stays is ended with the run. */
      command: commandWith(servePlaces).optional(),
      /** Whether adapters are loaded while the server runs, as vLLM does. */
      lora: z.boolean().default(false),
    })
    .optional(),
});
export type TrainerSettings = z.infer<typeof trainer>;

interface Given {
  readonly trainer?: TrainerSettings | undefined;
  readonly endpoints?: Endpoints | undefined;
  readonly models?: ServedModels | undefined;
  readonly student: {
    readonly sft: { readonly problems: number; readonly lora?: unknown };
    readonly expertIteration: { readonly rounds: number; readonly lora?: unknown };
  };
  readonly training: {
    readonly sorm: {
      readonly doubt?: number | undefined;
      readonly outcomes?: unknown;
      readonly everyToken?: boolean | undefined;
    };
    readonly orm: { readonly start: string; readonly everyToken?: boolean | undefined };
  } & Readonly<Record<'orm' | 'sorm' | 'global' | 'local', { readonly lora?: unknown }>>;
}

/** Keys of critics for which a training in this process alone has a meaning. */
const notTrained: ReadonlySet<string> = new Set(['expected', 'outcomes', 'everyToken']);

/** What is wrong with a trainer beyond its shape: the key, what was expected, what was found. */
export function wrongTrainer({
  trainer,
  models,
  student,
  training,
}: Given): { keys: string[]; expected: string; found: string } | undefined {
  if (!trainer) return undefined;
  const { roles, command } = trainer;
  const here = roles.find((role) => !models?.[role]);
  if (here) {
    const expected = 'roles that models has, since what a trainer makes is served';
    return { keys: ['trainer', 'roles'], expected, found: `${here}, which it has not` };
  }
  const places = placesIn(command);
  const lacking = ['data', 'out'].find(
    (name) => !places.includes('arguments') && !places.includes(name),
  );
  if (lacking) {
    const expected = `a command with {${lacking}}, or with {arguments}`;
    return { keys: ['trainer', 'command'], expected, found: 'one without' };
  }
  for (const role of roles) {
    const learned =
      role === 'student'
        ? (['sft', 'expertIteration'] as const).map((key) => ({
            at: student[key],
            keys: ['student', key],
          }))
        : [{ at: training[role], keys: ['training', role] }];
    const own = learned.find(({ at }) => at.lora !== undefined);
    if (!own) continue;
    const expected = 'none, since the options of a trainer say what it learns (trainer.options)';
    return { keys: [...own.keys, 'lora'], expected, found: 'one' };
  }
  for (const role of ['sorm', 'orm'] as const) {
    for (const [key, given] of Object.entries(training[role])) {
      if (!roles.includes(role) || !given || !notTrained.has(key)) continue;
      const expected = 'none, since a trainer learns labels alone, at the ends of lines';
      return { keys: ['training', role, key], expected, found: 'one' };
    }
  }
  return wrongTrainings(trainer, student, training);
}

/** What is wrong where a role has several trainings, or one that goes on from another role's. */
function wrongTrainings(
  { roles, command, serve }: TrainerSettings,
  { sft, expertIteration }: Given['student'],
  { sorm, orm }: Given['training'],
) {
  const places = placesIn(command);
  const iterates = roles.includes('student') && expertIteration.rounds > 0;
  const doubts = roles.includes('sorm') && (sorm.doubt ?? 0) > 0;
  const goesOn = roles.includes('orm') && orm.start === 'sorm';
  if (roles.includes('student') && sft.problems === 0) {
    const expected =
      'at least 1, since the first student of a trainer learns from worked solutions';
    return { keys: ['student', 'sft', 'problems'], expected, found: '0' };
  }
  if (iterates && !serve?.command) {
    const expected =
      'a command, since the student of each round is served in its turn (or student.expertIteration.rounds: 0)';
    return { keys: ['trainer', 'serve', 'command'], expected, found: 'none' };
  }
  if (doubts && !serve?.command && !serve?.lora) {
    const expected =
      'a command or lora, since the first SORM is served before the last (or no training.sorm.doubt)';
    return { keys: ['trainer', 'serve'], expected, found: 'neither' };
  }
  if (goesOn && !roles.includes('sorm')) {
    const expected = 'student or base, since the trainer has no SORM to go on from';
    return { keys: ['training', 'orm', 'start'], expected, found: '"sorm"' };
  }
  if ((doubts || goesOn) && !['arguments', 'adapter'].some((name) => places.includes(name))) {
    const expected = `a command with {adapter}, or with {arguments}, since ${doubts ? 'the SORM goes on from its first (training.sorm.doubt)' : 'the ORM goes on from the SORM (training.orm.start)'}`;
    return { keys: ['trainer', 'command'], expected, found: 'one without' };
  }
  return undefined;
}

/** Whether a role learns from this run: in this process, or by its trainer. */
export const learns = (
  { models, trainer }: Pick<Given, 'models' | 'trainer'>,
  role: RoleName,
): boolean => !models?.[role] || trained({ trainer }, role) !== undefined;

/** Whether no role is played in this process, so that nobody runs the base. */
export const allServed = ({ models }: Pick<Given, 'models'>): boolean =>
  roleNames.every((role) => models?.[role]);

/** The trainer of a role; undefined where it has none. */
export const trained = (
  { trainer }: Pick<Given, 'trainer'>,
  role: string,
): TrainerSettings | undefined =>
  trainer?.roles.some((name) => name === role) ? trainer : undefined;
