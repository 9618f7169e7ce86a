/**
 * What the pages ask for and are answered with, as JSON: `GET /api/..`. By these types the server answers, and the
 * pages of packages/web are built. Nothing here is computed.
 */
import type { Report } from '../pipeline/index.js';
import type { Decision, RefineOptions } from '../refine/index.js';

/** `GET /api/about`: what there is to see. */
export interface About {
  /** Of glore. */
  readonly version: string;
  /** Absent where no models are served. */
  readonly playground?: Playground;
  /** Names of the runs, by whose place in this list they are asked for. */
  readonly runs: readonly string[];
}

/** What the refining model does unless a request says otherwise: `POST /v1/chat/completions` with the model `glore`. */
export interface Playground {
  /** The run's folder, or the model that is refined, for people. */
  readonly over: string;
  readonly mode: RefineOptions['mode'];
  /** Solutions that vote. */
  readonly samples: number;
  readonly threshold: number;
  readonly tau: number;
  readonly budget: { readonly tokens?: number; readonly seconds?: number };
  readonly maxTokens: number;
  /** Questions to begin with. */
  readonly examples: readonly string[];
}

/** `GET /api/runs/<n>`: how far a run is. */
export interface RunState {
  readonly name: string;
  readonly state: 'running' | 'stopped' | 'finished';
  readonly seed: number;
  /** Where its problems are from, and how many test problems there are. */
  readonly problems: { readonly source: string; readonly test?: number };
  /** The base or the served models, for people. */
  readonly model: string;
  /** Over all attempts and stages so far. */
  readonly seconds: number;
  readonly stages: readonly StageState[];
  /** Changes whenever the report, the curves, the labels or the test problems have. */
  readonly version: string;
}

export interface StageState {
  readonly name: string;
  readonly state: 'waiting' | 'running' | 'stopped' | 'done';
  /** So far, over all attempts. */
  readonly seconds?: number;
  readonly generatedTokens?: number;
  readonly scoredTokens?: number;
  readonly trainedTokens?: number;
  /** Of a stage that runs. */
  readonly progress?: {
    readonly done: number;
    readonly total?: number;
    readonly unit?: string;
    /** Units a second. */
    readonly rate?: number;
    readonly secondsLeft?: number;
    readonly detail?: string;
  };
}

/** `GET /api/runs/<n>/report`: `report.json` without the outcomes; 404 (`run-unfinished`) while there is none. */
export type RunReport = Omit<Report, 'outcomes'>;

/** `GET /api/runs/<n>/curves`: the trainings so far, in the order of the stages. */
export interface TrainingCurve {
  /** `student, round 0 (SFT)`, `sorm`, .. */
  readonly name: string;
  readonly points: readonly {
    readonly step: number;
    /** Targets learned from so far. */
    readonly tokens: number;
    /** Nats per target. */
    readonly loss: number;
    readonly heldOut?: number;
  }[];
}

/** `GET /api/runs/<n>/labels`: of the step labels of wrong samples, by the step's number; empty before there are any. */
export interface LabelDepth {
  readonly step: number;
  readonly labels: number;
  readonly positive: number;
  /** Rollouts known from the prefixes, and those that verify. */
  readonly attempts: number;
  readonly successes: number;
}

/** Test problems of which something can be learned; each is a set of them. */
export const problemFilters = [
  'wrong-to-right',
  'right-to-wrong',
  'missed-first-error',
  'reranker-mistake',
  'doubtful-grade',
  'draft-wrong',
  'none-right',
] as const;
export type ProblemFilter = (typeof problemFilters)[number];

/**
 * `GET /api/runs/<n>/problems?filter=<one>&search=<text>&from=<n>&count=<n>`: test problems in their order. `filter` may be
 * left out; `search` is looked for in ids, questions and answers, whatever the case.
 */
export interface ProblemPage {
  /** All that match. */
  readonly total: number;
  readonly from: number;
  readonly rows: readonly ProblemRow[];
  /** How many match `search` in each filter. */
  readonly counts: Readonly<Record<ProblemFilter | 'all', number>>;
}

export interface ProblemRow {
  /** Place among the test problems, by which it is asked for. */
  readonly index: number;
  readonly id: string;
  readonly question: string;
  /** Whether the draft, each refinement and the choice are right. Without a first error there is no `local`. */
  readonly draft: boolean;
  readonly global: boolean;
  readonly local?: boolean;
  readonly choice: boolean;
  /** Where the choice came from. */
  readonly source: Decision['candidates'][number]['source'];
  readonly filters: readonly ProblemFilter[];
}

/** `GET /api/runs/<n>/problems/<index>`. */
export interface ProblemDetails {
  readonly row: ProblemRow;
  /** Gold; no steps where there is no worked solution. */
  readonly gold: { readonly answer: string; readonly steps: readonly string[] };
  readonly draft: Judged;
  readonly samples: readonly Judged[];
  readonly decision: Decision;
  /** Whether each of the decision's candidates is right. */
  readonly right: readonly boolean[];
  /** The first truly wrong step of the draft, 1-based, -1 for none; absent where the truth is not known. */
  readonly firstError?: number;
  /** The SORM's threshold of a first error. */
  readonly threshold: number;
}

/** A solution with what the critics and the truth say of its lines, the answer line last. */
export interface Judged {
  readonly steps: readonly string[];
  readonly answer: string | null;
  readonly right: boolean;
  readonly orm: readonly number[];
  readonly sorm: readonly number[];
  /** Whether each prefix is free of errors; absent where the truth is not known. */
  readonly truth?: readonly boolean[];
}

/** What is wrong, in the form of OpenAI's interface; the status says it too. */
export interface Failure {
  readonly error: { readonly message: string; readonly code: string | null };
}

/** What `glore report --html` puts into its page. */
export interface ReportPage {
  readonly version: string;
  readonly run: RunState;
  readonly report: RunReport;
  readonly curves: readonly TrainingCurve[];
  readonly labels: readonly LabelDepth[];
  /** A few of each filter, the first in order. */
  readonly problems: readonly ProblemDetails[];
}
