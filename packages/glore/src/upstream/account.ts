/**
 * What one answer may cost, and what it has: tokens, seconds and requests of each role. The draft is written whatever the
 * seconds are; what comes after it is done without once the budget is spent or a server fails, so that an answer that is there
 * is given.
 */
import { GloreError } from '../error.js';
import type { Author, Critic, Generated, RoleName } from '../model/index.js';
import type { Asked } from '../model/openai/index.js';

/** Most that an answer may cost; what is left out is not limited. */
export interface AnswerBudget {
  /** Tokens written, over all roles. */
  readonly tokens?: number | undefined;
  /** From the beginning on. */
  readonly seconds?: number | undefined;
}

/** What a role has cost. */
export interface RoleCost {
  requests: number;
  promptTokens: number;
  completionTokens: number;
  /** In which it was waited for. */
  seconds: number;
}

export type Costs = Readonly<Partial<Record<RoleName, Readonly<RoleCost>>>>;

export class Account {
  /** Why the answer is less than it could be. */
  readonly notes: string[] = [];
  private readonly spent: Partial<Record<RoleName, RoleCost>> = {};
  private readonly signal: AbortSignal | undefined;
  private readonly seconds: number;
  private readonly began = performance.now();
  private left: number;
  /** Tokens of the longest solution written. */
  private longest = 0;
  private drafted = false;
  private stopped = false;

  /** @param signal ends everything: nobody waits for the answer */
  constructor({ tokens = Infinity, seconds = Infinity }: AnswerBudget, signal?: AbortSignal) {
    this.left = tokens;
    this.seconds = seconds;
    this.signal = signal;
  }

  get costs(): Costs {
    return Object.fromEntries(
      Object.entries(this.spent).map(([role, cost]) => [
        role,
        { ...cost, seconds: Math.round(1000 * cost.seconds) / 1000 },
      ]),
    );
  }

  /** An endpoint whose requests are counted, and end with the answer. */
  through(role: RoleName, endpoint: Asked): Asked {
    return {
      name: endpoint.name,
      post: (path, body, reader, options = {}) => {
        const { cost } = options;
        return endpoint.post(path, body, reader, {
          ...options,
          signal: this.ending(),
          cost: (answer) => {
            const found = cost?.(answer) ?? { prompt: 0, completion: 0 };
            const of = this.of(role);
            of.requests++;
            of.promptTokens += found.prompt;
            of.completionTokens += found.completion;
            return found;
          },
        });
      },
    };
  }

  /** Counts what is not counted by `through`: models of this process. */
  count(role: RoleName, tokens: { readonly read?: number; readonly written?: number }): void {
    const of = this.of(role);
    of.requests++;
    of.promptTokens += tokens.read ?? 0;
    of.completionTokens += tokens.written ?? 0;
  }

  /** An author that keeps to the budget: what it does not write is a solution of nothing. */
  author(role: RoleName, author: Author): Author {
    return {
      write: async (requests, sampling) => {
        const asked = requests.reduce((sum, { branches }) => sum + branches.length, 0);
        const filled = (written: readonly Generated[][]) =>
          requests.map(({ branches }, i) =>
            branches.map((_, k) => written[i]?.[k] ?? { steps: [], answer: null, tokens: 0 }),
          );
        if (asked === 0 || this.over()) return filled([]);
        const count = Math.min(asked, this.affordable());
        const share = Math.floor(this.left / count);
        if (share < 1) return filled([]);
        const maxTokens = Math.min(sampling.maxTokens, share);
        let rest = count;
        const begun = requests.flatMap(({ task, branches }) => {
          const own = branches.slice(0, rest);
          rest -= own.length;
          return own.length > 0 ? [{ task, branches: own }] : [];
        });
        return this.tried(
          role,
          () => filled([]),
          async () => {
            const written = await author.write(begun, { ...sampling, maxTokens });
            for (const { tokens } of written.flat()) {
              this.left -= tokens;
              this.longest = Math.max(this.longest, tokens);
            }
            this.drafted = true;
            return filled(written);
          },
        );
      },
    };
  }

  /** Solutions that what is left has room for, if they are as long as the longest so far: some whole ones say more than many cut off. */
  private affordable(): number {
    return this.longest === 0 ? Infinity : Math.max(1, Math.floor(this.left / this.longest));
  }

  /** A critic that is done without where it fails: then no line is wrong, and no candidate is better than the draft. */
  critic(role: RoleName, critic: Critic): Critic {
    const unknown = role === 'sorm' ? 1 : 0;
    return {
      value: async (items) => {
        const nothing = () =>
          items.map(({ solution: { steps, answer } }) => ({
            values: [...steps, ...(answer === null ? [] : [answer])].map(() => unknown),
            tokens: 0,
          }));
        if (items.length === 0 || this.over()) return nothing();
        return this.tried(role, nothing, () => critic.value(items));
      },
    };
  }

  private async tried<T>(role: RoleName, nothing: () => T, work: () => Promise<T>): Promise<T> {
    const first = !this.drafted;
    const began = performance.now();
    try {
      return await work();
    } catch (error) {
      this.signal?.throwIfAborted();
      if (first) throw error;
      if (this.isLate()) this.over();
      else if (error instanceof GloreError) this.stop(`${role}: ${error.message}`);
      else throw error;
      return nothing();
    } finally {
      this.of(role).seconds += (performance.now() - began) / 1000;
    }
  }

  /** Whether nothing more is begun. */
  private over(): boolean {
    if (this.stopped) return true;
    if (!this.drafted) return false;
    if (this.left < 1) this.stop('the budget of tokens is spent');
    else if (this.isLate()) this.stop('the budget of seconds is spent');
    return this.stopped;
  }

  private isLate(): boolean {
    return performance.now() - this.began >= 1000 * this.seconds;
  }

  private stop(why: string): void {
    this.stopped = true;
    this.notes.push(why);
  }

  /** What ends a request that begins now. */
  private ending(): AbortSignal | undefined {
    if (!this.drafted || this.seconds === Infinity) return this.signal;
    const left = Math.max(1, this.began + 1000 * this.seconds - performance.now());
    const late = AbortSignal.timeout(Math.ceil(left));
    return this.signal ? AbortSignal.any([this.signal, late]) : late;
  }

  private of(role: RoleName): RoleCost {
    const of = this.spent[role] ?? {
      requests: 0,
      promptTokens: 0,
      completionTokens: 0,
      seconds: 0,
    };
    this.spent[role] = of;
    return of;
  }
}
