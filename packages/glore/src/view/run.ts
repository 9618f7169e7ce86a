/** A run as the pages see it, finished or going on: whatever of it is there. */
import { existsSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { GloreError } from '../error.js';
import { cureOf, explained, readLines, recordIn } from '../files/index.js';
import { readReport } from '../pipeline/index.js';
import { problemShape } from '../problem/index.js';
import { readStoredRecipe } from '../recipe/index.js';
import { curvesOf } from './curves.js';
import { Derived, Pace } from './derived.js';
import { labelsByDepth } from './labels.js';
import { type ProblemQuery, TestProblems } from './problems.js';
import { filesOf } from './rows.js';
import { stateOf } from './state.js';
import type {
  LabelDepth,
  ProblemDetails,
  ProblemPage,
  RunReport,
  RunState,
  TrainingCurve,
} from './wire.js';

export class RunView {
  readonly folder: string;
  readonly name: string;
  private readonly tests: TestProblems;
  private readonly testCount: Derived<number | undefined>;
  private readonly labelled: Derived<LabelDepth[]>;
  private readonly reported: Derived<RunReport>;

  private constructor(folder: string, name: string) {
    this.folder = folder;
    this.name = name;
    const { problems } = filesOf(folder);
    this.tests = new TestProblems(folder);
    this.testCount = new Derived([problems], () => countLines(problems));
    this.labelled = labelsByDepth(folder);
    this.reported = new Derived([join(folder, 'report.json')], async () => {
      const { outcomes: _, ...report } = await readReport(folder);
      return report;
    });
  }

  /** @throws GloreError `run-missing`; `record-broken` where its recipe is none */
  static async open(folder: string, name = nameOf(folder)): Promise<RunView> {
    if (!existsSync(join(folder, 'recipe.json'))) throw missing(folder);
    await readStoredRecipe(folder);
    return new RunView(folder, name);
  }

  async state(): Promise<RunState> {
    return stateOf(this.folder, this.name, await this.testCount.get());
  }

  /** @throws GloreError `run-unfinished` while there is none */
  report(): Promise<RunReport> {
    return this.reported.get();
  }

  curves(): Promise<TrainingCurve[]> {
    return curvesOf(this.folder);
  }

  labels(): Promise<LabelDepth[]> {
    return this.labelled.get();
  }

  /** @throws the signal's reason */
  problems(query: ProblemQuery, signal?: AbortSignal): Promise<ProblemPage> {
    return this.tests.page(query, signal);
  }

  /** @throws GloreError `problem-missing` */
  problem(index: number): Promise<ProblemDetails> {
    return this.tests.details(index);
  }

  /** The questions of the first test problems. */
  async questions(count: number): Promise<string[]> {
    const { problems } = filesOf(this.folder);
    const questions: string[] = [];
    if (!existsSync(problems)) return questions;
    await explained(problems, async () => {
      for await (const line of readLines(problems)) {
        if (questions.length === count) return;
        questions.push(recordIn(problems, line, problemShape, cureOf(problems)).question);
      }
    });
    return questions;
  }
}

/** Opens several runs, whose names tell them apart. @throws GloreError as `RunView.open` */
export async function openViews(folders: readonly string[]): Promise<RunView[]> {
  const names = folders.map(nameOf);
  const apart = new Set(names).size === names.length;
  const views: RunView[] = [];
  for (const [i, folder] of folders.entries()) {
    views.push(await RunView.open(folder, apart ? names[i]! : folder));
  }
  return views;
}

const nameOf = (folder: string): string => basename(resolve(folder));

function missing(folder: string): GloreError {
  const stats = statSync(folder, { throwIfNoEntry: false });
  const found = !stats ? 'no such folder' : stats.isDirectory() ? 'no run in it' : 'a file';
  return new GloreError(
    'run-missing',
    `${folder}: expected the folder of a run, finished or going on, found ${found}; make one: glore run recipes/tiny.yaml --run ${folder}`,
  );
}

async function countLines(path: string): Promise<number | undefined> {
  if (!existsSync(path)) return undefined;
  const pace = new Pace();
  let lines = 0;
  await explained(path, async () => {
    for await (const _ of readLines(path)) {
      lines++;
      if (lines % 256 === 0 && pace.due) await pace.rest();
    }
  });
  return lines;
}
