/** The five roles, in the words of the method; how a model reads and writes is below them. */
import { type Codec, joinLocal } from '../codec/index.js';
import { textBefore } from './text.js';
import type {
  Author,
  Critic,
  CriticItem,
  Draft,
  Generated,
  Hear,
  Original,
  RoleModel,
  WriteRequest,
} from './types.js';

/** Tokens spent, for the comparison at equal budgets. */
export class Meter {
  generated = 0;
  scored = 0;
}

/** Told of the text so far of the solution with this index, as `Hear` is. */
export type HearSolution = (index: number, text: string) => void;

abstract class Writer {
  protected readonly author: Author;
  protected readonly maxTokens: number;
  readonly meter = new Meter();

  /** @param maxTokens bounds what is written for one task */
  constructor(author: Author, maxTokens: number) {
    this.author = author;
    this.maxTokens = maxTokens;
  }

  protected async write(
    requests: readonly WriteRequest[],
    temperature: number,
    hear?: Hear,
  ): Promise<Generated[][]> {
    const { maxTokens } = this;
    const written = await this.author.write(requests, {
      ...{ temperature, maxTokens },
      hear: hear && news(hear),
    });
    for (const { tokens } of written.flat()) this.meter.generated += tokens;
    return written;
  }

  /** One completion of each task, greedy unless there is a temperature. */
  protected async one(
    tasks: readonly WriteRequest['task'][],
    temperature = 0,
    seeds: readonly (number | undefined)[] = [],
    hear?: HearSolution,
  ): Promise<Generated[]> {
    const written = await this.write(
      tasks.map((task, i) => ({ task, branches: [{ kept: 0, seed: seeds[i] ?? 0 }] })),
      temperature,
      hear && ((index, _, text) => hear(index, text)),
    );
    return written.map(([only]) => only!);
  }
}

/** Tells of a text once: what follows an answer, and blank lines, add nothing to it. */
function news(hear: Hear): Hear {
  const told = new Map<string, string>();
  return (request, branch, text) => {
    const name = `${request}.${branch}`;
    if (told.get(name) === text) return;
    told.set(name, text);
    hear(request, branch, text);
  };
}

/** The policy that solves problems. */
export class Student extends Writer {
  /** The greedy draft of each question. */
  draft(questions: readonly string[], hear?: HearSolution): Promise<Generated[]> {
    const tasks = questions.map((question) => ({ role: 'student', question, steps: [] }) as const);
    return this.one(tasks, 0, [], hear);
  }

  /** Sampled solutions, one for each seed of each question. */
  sample(
    requests: readonly { readonly question: string; readonly seeds: readonly number[] }[],
    temperature: number,
    hear?: Hear,
  ): Promise<Generated[][]> {
    return this.write(
      requests.map(({ question, seeds }) => ({
        task: { role: 'student', question, steps: [] },
        branches: seeds.map((seed) => ({ kept: 0, seed })),
      })),
      temperature,
      hear,
    );
  }

  /** How likely the student finds whole solutions, in nats; undefined where its model does not say that of any text. */
  async likelihoods(items: readonly CriticItem[]): Promise<number[] | undefined> {
    const found = await this.author.logprobs?.(items);
    // What is certain may be rounded to more than that.
    return found?.map((logprobs) =>
      Math.min(
        0,
        logprobs.reduce((sum, one) => sum + one, 0),
      ),
    );
  }

  /** Whether it can write line by line. */
  get writesLines(): boolean {
    return this.author.writeLine !== undefined;
  }

  /** The next line after some steps, sampled once for each seed. @throws TypeError unless `writesLines` */
  async nextLines(
    requests: readonly {
      readonly question: string;
      readonly steps: readonly string[];
      readonly seeds: readonly number[];
    }[],
    temperature: number,
  ): Promise<Generated[][]> {
    const { maxTokens } = this;
    const written = await this.author.writeLine!(
      requests.map(({ question, steps, seeds }) => ({
        task: { role: 'student', question, steps },
        branches: seeds.map((seed) => ({ kept: steps.length, seed })),
      })),
      { temperature, maxTokens },
    );
    for (const { tokens } of written.flat()) this.meter.generated += tokens;
    return written;
  }

  /** Rollouts from prefixes `P_i` of a solution: the sampled continuations, one for each seed of each prefix. */
  async rollout(
    requests: readonly {
      readonly question: string;
      readonly steps: readonly string[];
      /** `length` steps are kept. */
      readonly prefixes: readonly { readonly length: number; readonly seeds: readonly number[] }[];
    }[],
    temperature: number,
  ): Promise<Generated[][][]> {
    const written = await this.write(
      requests.map(({ question, steps, prefixes }) => ({
        task: { role: 'student', question, steps },
        branches: prefixes.flatMap(({ length, seeds }) =>
          seeds.map((seed) => ({ kept: length, seed })),
        ),
      })),
      temperature,
    );
    return written.map((completions, i) => {
      const rest = [...completions];
      return requests[i]!.prefixes.map(({ seeds }) => rest.splice(0, seeds.length));
    });
  }
}

/** A model that reads a solution and values its lines: an ORM or a SORM. */
export class RewardModel {
  private readonly critic: Critic;
  readonly meter = new Meter();

  constructor(critic: Critic) {
    this.critic = critic;
  }

  /** A value in 0..1 for each line of each solution: its steps, then the answer line if it has an answer. */
  async values(items: readonly CriticItem[]): Promise<number[][]> {
    const valued = await this.critic.value(items);
    for (const { tokens } of valued) this.meter.scored += tokens;
    return valued.map(({ values }) => values);
  }
}

/** What a refiner is given; the seed is for refinements that are sampled. */
export interface RefinerItem {
  readonly question: string;
  readonly draft: Draft;
  readonly seed?: number;
}

/** Writes a new solution from the question and a draft. */
export class GlobalRefiner extends Writer {
  /** Greedy unless there is a temperature. */
  refine(
    items: readonly RefinerItem[],
    temperature?: number,
    hear?: HearSolution,
  ): Promise<Generated[]> {
    return this.one(
      items.map(({ question, draft }) => ({ role: 'global', question, draft })),
      temperature,
      items.map(({ seed }) => seed),
      hear,
    );
  }
}

/** Rewrites a draft from a marked line on. */
export class LocalRefiner extends Writer {
  /** `location` is the first wrong line E, 1-based; the draft before it is kept. Greedy unless there is a temperature. */
  async refine(
    items: readonly (RefinerItem & { readonly location: number })[],
    temperature?: number,
    hear?: HearSolution,
  ): Promise<Generated[]> {
    const continuations = await this.one(
      items.map(({ question, draft, location }) => ({ role: 'local', question, draft, location })),
      temperature,
      items.map(({ seed }) => seed),
      hear &&
        ((index, text) => {
          const { draft, location } = items[index]!;
          hear(index, textBefore(draft, location) + text);
        }),
    );
    return continuations.map((continuation, i) => {
      const { draft, location } = items[i]!;
      const original = continued(draft, location, continuation.original);
      return {
        ...joinLocal(draft, location, continuation),
        tokens: continuation.tokens,
        ...(original && { original }),
      };
    });
  }
}

/** The draft's text up to its line `location`, and the continuation; undefined where it is not known where that line is. */
function continued(
  draft: Draft,
  location: number,
  continuation: Original | undefined,
): Original | undefined {
  const before = draft.original?.ends.slice(0, location - 1);
  if (continuation === undefined || before?.length !== location - 1) return undefined;
  const kept = textBefore(draft, location);
  const ends = continuation.ends.map((at) => kept.length + at);
  return {
    text: kept + continuation.text,
    ends: [...before, ...ends],
    finished: continuation.finished,
  };
}

/** The roles by name, in the order in which a run has them. */
export const roleNames = ['student', 'orm', 'sorm', 'global', 'local'] as const;
export type RoleName = (typeof roleNames)[number];

/** The five models in their roles. */
export interface Roles {
  readonly student: Student;
  readonly orm: RewardModel;
  readonly sorm: RewardModel;
  readonly global: GlobalRefiner;
  readonly local: LocalRefiner;
}

/** What a role is played by. */
export type Player = Pick<RoleModel, 'author' | 'critic'>;

/** Models in their roles: those that are there. `maxTokens` bounds what is written for one solution. */
export function inRoles<N extends RoleName>(
  models: Readonly<Record<N, Player>>,
  codec: Codec,
  maxTokens: number,
): Pick<Roles, N> {
  return rolesBy(
    models,
    { author: (model) => model.author(codec), critic: (model) => model.critic(codec) },
    maxTokens,
  );
}

/** Models in their roles, whatever a model is and gives its author and its critic by. */
export function rolesBy<N extends RoleName, M>(
  models: Readonly<Record<N, M>>,
  { author, critic }: { author(model: M): Author; critic(model: M): Critic },
  maxTokens: number,
): Pick<Roles, N> {
  const takes: { [R in RoleName]: (model: M) => Roles[R] } = {
    student: (model) => new Student(author(model), maxTokens),
    orm: (model) => new RewardModel(critic(model)),
    sorm: (model) => new RewardModel(critic(model)),
    global: (model) => new GlobalRefiner(author(model), maxTokens),
    local: (model) => new LocalRefiner(author(model), maxTokens),
  };
  const named = (Object.keys(models) as N[]).map((name) => [name, takes[name](models[name])]);
  return Object.fromEntries(named) as Pick<Roles, N>;
}
