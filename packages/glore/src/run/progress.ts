/** How far a stage is: one line rewritten in place on a terminal, a line now and then in a log, or JSON events. */
import picocolors from 'picocolors';
import { visible, visibleJson, visibleLines } from '../visible.js';

/** What a stage tells of its work. */
export interface Progress {
  /** How many units there are; begins or restarts the count and the clock that rates are measured by. */
  total(units: number, unit?: string): void;
  /** Units finished now. */
  advance(units: number, detail?: string): void;
  /** Units found finished by an earlier attempt: they count as done but not in the rate. */
  resume(units: number): void;
  /** Something to know, kept on a line of its own. */
  note(text: string): void;
  /** The stage has ended; without a summary the seconds it took are shown. Only the first call counts. */
  done(summary?: string): void;
}

/** Where progress is shown. */
export interface Reporter {
  stage(name: string): Progress;
}

/** What a reporter needs of a stream: process.stderr and every other Writable are some. */
export interface ReportStream {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

/** A stage's state at one moment. */
export interface Snapshot {
  readonly stage: string;
  readonly done: number;
  readonly total: number | undefined;
  readonly unit: string | undefined;
  /** Units per second, without those resumed. */
  readonly rate: number | undefined;
  readonly secondsLeft: number | undefined;
  readonly detail: string | undefined;
}

/** One way of showing progress. */
interface View {
  /** Updates are shown at most this often. */
  readonly intervalMs: number;
  /** Whether the first update is shown at once or only after the interval. */
  readonly eager: boolean;
  update(state: Snapshot): void;
  note(stage: string, text: string): void;
  done(state: Snapshot, summary: string): void;
}

/** For people: rewrites one line on a terminal, writes plain lines elsewhere; colours unless NO_COLOR is set. */
export function terminalReporter(stream: ReportStream): Reporter {
  const live = stream.isTTY === true && process.env.TERM !== 'dumb';
  return reporter(live ? liveView(stream) : plainView(stream));
}

/** For programs: one JSON object a line, with `event` "progress", "note" or "done". */
export function jsonReporter(stream: ReportStream): Reporter {
  const write = (event: object) => stream.write(`${visibleJson(event)}\n`);
  return reporter({
    intervalMs: 1000,
    eager: true,
    update: ({ rate, secondsLeft, ...state }) =>
      write({
        event: 'progress',
        ...state,
        rate: rounded(rate),
        secondsLeft: rounded(secondsLeft),
      }),
    note: (stage, text) => write({ event: 'note', stage, text }),
    done: ({ stage, done, total, unit }, summary) =>
      write({ event: 'done', stage, done, total, unit, summary }),
  });
}

/** Shows nothing. */
export const silentReporter: Reporter = {
  stage: () => ({ total() {}, advance() {}, resume() {}, note() {}, done() {} }),
};

/** `60` -> "1 min 00 s". */
export function formatSeconds(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${pad(whole % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${pad(minutes % 60)} min`;
}

/** Reports in one way of showing it. */
export function reporter(view: View): Reporter {
  return { stage: (name) => new StageProgress(name, view) };
}

/** Counts, measures, and shows no more often than the view wants. */
class StageProgress implements Progress {
  private readonly name: string;
  private readonly view: View;
  private readonly started = performance.now();
  private finished = 0;
  private resumed = 0;
  private units: number | undefined;
  private unit: string | undefined;
  private detail: string | undefined;
  /** The moment from which the rate is measured. */
  private clock = this.started;
  private shown: number;
  private later: NodeJS.Timeout | undefined;
  private ended = false;

  constructor(name: string, view: View) {
    this.name = name;
    this.view = view;
    this.shown = view.eager ? Number.NEGATIVE_INFINITY : this.started;
  }

  total(units: number, unit?: string): void {
    this.units = units;
    this.unit = unit;
    this.finished = 0;
    this.resumed = 0;
    this.detail = undefined;
    this.clock = performance.now();
    this.changed();
  }

  advance(units: number, detail?: string): void {
    this.finished += units;
    this.detail = detail === undefined ? this.detail : visible(detail);
    this.changed();
  }

  resume(units: number): void {
    this.finished += units;
    this.resumed += units;
    this.clock = performance.now();
    this.changed();
  }

  note(text: string): void {
    this.view.note(this.name, visibleLines(text));
  }

  done(summary?: string): void {
    if (this.ended) return;
    this.ended = true;
    clearTimeout(this.later);
    const took = (performance.now() - this.started) / 1000;
    this.view.done(this.snapshot(), visible(summary ?? formatSeconds(took)));
  }

  /** Shows the state now if the last time is long enough ago, else as soon as it is. */
  private changed(): void {
    if (this.ended) return;
    const wait = this.shown + this.view.intervalMs - performance.now();
    if (wait > 0) {
      // Unreferenced: a line still to be shown must not keep the process alive.
      this.later ??= setTimeout(() => this.show(), wait).unref();
    } else {
      this.show();
    }
  }

  private show(): void {
    clearTimeout(this.later);
    this.later = undefined;
    this.shown = performance.now();
    this.view.update(this.snapshot());
  }

  private snapshot(): Snapshot {
    const seconds = (performance.now() - this.clock) / 1000;
    const worked = this.finished - this.resumed;
    // In the first moments the rate would jump about.
    const rate = seconds >= 1 && worked > 0 ? worked / seconds : undefined;
    return {
      stage: this.name,
      done: this.finished,
      total: this.units,
      unit: this.unit,
      rate,
      secondsLeft:
        rate === undefined || this.units === undefined
          ? undefined
          : (this.units - this.finished) / rate,
      detail: this.detail,
    };
  }
}

function plainView(stream: ReportStream): View {
  const write = (text: string) => stream.write(`${text}\n`);
  return {
    intervalMs: 10_000,
    eager: false,
    update: (state) => write(updateLine(state)),
    note: (stage, text) => write(line(stage, text)),
    done: (state, summary) => write(line(state.stage, ...counts(state), summary)),
  };
}

function liveView(stream: ReportStream): View {
  const colours = picocolors.createColors(!process.env.NO_COLOR);
  // Back to the line's start, and clear it.
  const clear = '\r\x1b[2K';
  let current = '';
  const withBoldStage = (text: string) => text.replace(/^\S+/, (stage) => colours.bold(stage));
  /** A line longer than the terminal is wide would wrap, and then could not be rewritten in place. */
  const paint = (text: string) =>
    withBoldStage(stream.columns ? text.slice(0, stream.columns - 1) : text);
  return {
    intervalMs: 100,
    eager: true,
    update(state) {
      current = paint(updateLine(state));
      stream.write(clear + current);
    },
    note(stage, text) {
      stream.write(`${clear}${withBoldStage(line(stage, colours.yellow(text)))}\n${current}`);
    },
    done(state, summary) {
      current = '';
      stream.write(`${clear}${paint(line(state.stage, ...counts(state), summary))}\n`);
    },
  };
}

/** `drafts    42%  420/1000 problems  35/s  16 s left` */
function updateLine(state: Snapshot): string {
  const { rate, secondsLeft, detail } = state;
  const parts = counts(state);
  if (rate !== undefined) parts.push(formatRate(rate));
  if (secondsLeft !== undefined) parts.push(`${formatSeconds(secondsLeft)} left`);
  if (detail !== undefined) parts.push(detail);
  return line(state.stage, ...parts);
}

function counts({ done, total, unit }: Snapshot): string[] {
  const name = unit === undefined ? '' : ` ${unit}`;
  if (total === undefined) return done === 0 ? [] : [`${done}${name}`];
  // Rounded down: 100% is said only when all is done.
  const percent = total === 0 ? 100 : Math.floor((100 * done) / total);
  return [`${percent}%`.padStart(4), `${done}/${total}${name}`];
}

function line(stage: string, ...parts: string[]): string {
  return `${stage.padEnd(8)} ${parts.join('  ')}`;
}

function formatRate(perSecond: number): string {
  if (perSecond >= 10) return `${Math.round(perSecond)}/s`;
  if (perSecond >= 1) return `${perSecond.toFixed(1)}/s`;
  return `${(60 * perSecond).toFixed(1)}/min`;
}

function rounded(number: number | undefined): number | undefined {
  return number === undefined ? undefined : Math.round(number * 10) / 10;
}

function pad(number: number): string {
  return String(number).padStart(2, '0');
}
