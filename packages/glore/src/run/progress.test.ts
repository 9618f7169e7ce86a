import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { formatSeconds, jsonReporter, silentReporter, terminalReporter } from './progress.js';

/** Keeps what is written. */
class Recorder {
  readonly isTTY: boolean;
  readonly columns: number | undefined;
  text = '';

  constructor(isTTY: boolean, columns?: number) {
    this.isTTY = isTTY;
    this.columns = columns;
  }

  write(text: string): void {
    this.text += text;
  }

  /** Each line as it stood before it was rewritten. */
  get frames(): string[] {
    return this.text.split('\r\x1b[2K');
  }
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] });
  vi.stubEnv('NO_COLOR', '1');
  vi.stubEnv('TERM', 'xterm');
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
});

const wait = (seconds: number) => vi.advanceTimersByTime(seconds * 1000);

describe('on a terminal', () => {
  it('rewrites one line', () => {
    const stream = new Recorder(true);
    const progress = terminalReporter(stream).stage('drafts');
    progress.total(1000, 'problems');
    wait(12);
    progress.advance(420);
    wait(0.5);
    progress.advance(80, 'accuracy 53%');
    wait(12.5);
    progress.note('a problem was skipped');
    progress.advance(500);
    progress.done('530 kept');
    expect(stream.frames).toEqual([
      '',
      'drafts     0%  0/1000 problems',
      'drafts    42%  420/1000 problems  35/s  17 s left',
      'drafts    50%  500/1000 problems  40/s  13 s left  accuracy 53%',
      'drafts   a problem was skipped\n' +
        'drafts    50%  500/1000 problems  40/s  13 s left  accuracy 53%',
      'drafts   100%  1000/1000 problems  40/s  0 s left  accuracy 53%',
      'drafts   100%  1000/1000 problems  530 kept\n',
    ]);
  });

  it('rewrites it at most ten times a second, and shows the last state without being asked', () => {
    const stream = new Recorder(true);
    const progress = terminalReporter(stream).stage('rollouts');
    progress.total(10_000);
    for (let i = 0; i < 1000; i++) {
      progress.advance(1);
      wait(0.001);
    }
    expect(stream.frames.length).toBe(1 + 11);
    progress.advance(9);
    wait(0.1);
    expect(stream.frames.at(-1)).toMatch(/^rollouts {2}10% {2}1009\/10000 /);
    const before = stream.text;
    wait(60);
    expect(stream.text).toBe(before);
  });

  it('does not count resumed units in the rate', () => {
    const stream = new Recorder(true);
    const progress = terminalReporter(stream).stage('drafts');
    progress.total(1000, 'problems');
    wait(3);
    for (let i = 0; i < 900; i++) progress.resume(1);
    wait(10);
    progress.advance(20);
    expect(stream.frames.slice(-2)).toEqual([
      'drafts    90%  900/1000 problems',
      'drafts    92%  920/1000 problems  2.0/s  40 s left',
    ]);
  });

  it('cuts the line to the width, so that it can be rewritten', () => {
    const stream = new Recorder(true, 20);
    const progress = terminalReporter(stream).stage('drafts');
    progress.total(1000, 'problems');
    progress.done();
    expect(stream.frames).toEqual(['', 'drafts     0%  0/10', 'drafts     0%  0/10\n']);
  });

  it('has colours unless NO_COLOR is set', () => {
    vi.stubEnv('NO_COLOR', '');
    const stream = new Recorder(true);
    const progress = terminalReporter(stream).stage('sorm');
    progress.note('careful');
    progress.done('ready');
    expect(stream.frames).toEqual([
      '',
      '\x1b[1msorm\x1b[22m     \x1b[33mcareful\x1b[39m\n',
      '\x1b[1msorm\x1b[22m     ready\n',
    ]);
  });
});

describe('elsewhere', () => {
  it('writes a plain line every ten seconds and one at the end', () => {
    const stream = new Recorder(false);
    const progress = terminalReporter(stream).stage('drafts');
    progress.total(1000, 'problems');
    for (let i = 0; i < 250; i++) {
      wait(0.1);
      progress.advance(4);
    }
    progress.note('all problems have a draft');
    progress.done();
    expect(stream.text).toBe(
      [
        'drafts    39%  396/1000 problems  40/s  15 s left',
        'drafts    79%  796/1000 problems  40/s  5 s left',
        'drafts   all problems have a draft',
        'drafts   100%  1000/1000 problems  25 s',
        '',
      ].join('\n'),
    );
  });

  it('a dumb terminal gets plain lines too', () => {
    vi.stubEnv('TERM', 'dumb');
    const stream = new Recorder(true);
    const progress = terminalReporter(stream).stage('orm');
    progress.total(2, 'epochs');
    progress.done();
    expect(stream.text).toBe('orm        0%  0/2 epochs  0 s\n');
  });

  it('a stage without a total counts', () => {
    const stream = new Recorder(false);
    const progress = terminalReporter(stream).stage('labels');
    wait(20);
    progress.advance(3);
    progress.done('first');
    progress.done('second');
    expect(stream.text).toBe('labels   3  9.0/min\nlabels   3  first\n');
  });
});

describe('for programs', () => {
  it('writes one object a line', () => {
    const stream = new Recorder(false);
    const progress = jsonReporter(stream).stage('drafts');
    progress.total(100, 'problems');
    wait(3);
    progress.advance(10, 'accuracy 53%');
    progress.advance(10);
    progress.note('careful');
    progress.advance(80);
    progress.done();
    expect(stream.text.split('\n').map((line) => line && JSON.parse(line))).toEqual([
      { event: 'progress', stage: 'drafts', done: 0, total: 100, unit: 'problems' },
      {
        event: 'progress',
        stage: 'drafts',
        done: 10,
        total: 100,
        unit: 'problems',
        rate: 3.3,
        secondsLeft: 27,
        detail: 'accuracy 53%',
      },
      { event: 'note', stage: 'drafts', text: 'careful' },
      { event: 'done', stage: 'drafts', done: 100, total: 100, unit: 'problems', summary: '3 s' },
      '',
    ]);
  });
});

describe('silence', () => {
  it('takes everything', () => {
    const progress = silentReporter.stage('drafts');
    progress.total(1);
    progress.resume(1);
    progress.advance(1);
    progress.note('');
    expect(progress.done()).toBeUndefined();
  });
});

describe('formatSeconds', () => {
  it.each([
    [0.4, '0 s'],
    [59.4, '59 s'],
    [59.6, '1 min 00 s'],
    [192, '3 min 12 s'],
    [3599.5, '1 h 00 min'],
    [90_061, '25 h 01 min'],
  ])('%d -> %s', (seconds, text) => {
    expect(formatSeconds(seconds)).toBe(text);
  });
});
