/** A finished run: questions to it one by one, from files and on a terminal, that what is shown fits one, and its pages. */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { Script } from 'node:vm';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Report } from '../src/pipeline/index.js';
import type { Problem } from '../src/problem/index.js';
import type { Candidate, Decision } from '../src/refine/index.js';
import type { ProblemPage, ReportPage, RunState } from '../src/view/index.js';
import { finished } from './finished.js';
import {
  type Ended,
  firstSaid,
  glore,
  main,
  start,
  temporaryFolder,
  untilWritten,
  writeRecipe,
} from './glore.js';

// Each starts a process; the machine need not be free.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 600_000 });

let folder: string;
let run: string;
let ended: Ended;
beforeAll(async () => {
  folder = temporaryFolder();
  ({ run, ended } = await finished());
});
afterAll(() => rmSync(folder, { recursive: true }));

const linesOf = <T>(...parts: string[]): T[] =>
  readFileSync(join(...parts), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T);
const problems = () => linesOf<Problem>(run, 'problems/test.jsonl');
/** How the run refined its test problems. */
const refined = () =>
  linesOf<{ problem: string; decision: Decision }>(run, 'evaluation/test.refinements.jsonl');
/** A test problem with a local candidate, and how the run refined it. */
const known = () => {
  const { problem, decision } = refined().find(
    (record) => record.decision.candidates.length === 3,
  )!;
  const { question } = problems().find(({ id }) => id === problem)!;
  return { question, decision };
};
const answerIn = ({ candidates, choice }: Decision) => candidates[choice]!.solution.answer;
const close = (value: number) => expect.closeTo(value, 4);

describe('glore ask', () => {
  it('decides as the run did, in JSON', async () => {
    const { question, decision } = known();
    const { stdout, stderr, code } = await glore(['ask', '-', '--run', run, '--json'], question);
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
    expect(JSON.parse(stdout)).toEqual({
      ...decision,
      values: decision.values.map(close),
      // The run values its candidates by the SORM too.
      candidates: decision.candidates.map(({ least: _, ...candidate }) => ({
        ...candidate,
        score: close(candidate.score),
      })),
      answer: answerIn(decision),
    });
  });

  it('shows the lines with their values, the first error, the candidates, the choice and the answer', async () => {
    const { question, decision } = known();
    const { stdout } = await glore(['ask', question, '--run', run]);
    const [draft, global, local] = decision.candidates;
    const lines = stdout.split('\n');
    draft!.solution.steps.forEach((step, i) => {
      const wrong = decision.location === i + 1;
      const begin = `${wrong ? '!' : ' '} ${i + 1}  ${step} `;
      const line = lines.find((text) => text.startsWith(begin));
      const end = `${decision.values[i]!.toFixed(3)}${wrong ? '  <- E' : ''}`;
      expect(line?.slice(begin.length).trim()).toBe(end);
    });
    expect(stdout).toContain(`first error E = ${decision.location}: `);
    expect(stdout).toContain(`local, from line ${decision.location} on\n`);
    for (const { source, score } of [draft!, global!, local!]) {
      expect(stdout).toMatch(new RegExp(`^${source} +${score.toFixed(3)} `, 'm'));
    }
    const chosen = decision.candidates[decision.choice]!.source;
    expect(stdout).toMatch(new RegExp(`^${chosen} .* <- chosen$`, 'm'));
    expect(stdout).toMatch(new RegExp(`\n\nanswer: ${answerIn(decision) ?? 'none'}\n$`));
  });

  it('marks what the refinements have changed', async () => {
    const { question, decision } = known();
    const { stdout } = await glore(['ask', question, '--run', run]);
    const linesIn = ({ solution: { steps, answer } }: Candidate) => [
      ...steps,
      answer === null ? '(stops without an answer)' : `#### ${answer}`,
    ];
    const [draft, ...others] = decision.candidates;
    const before = linesIn(draft!);
    for (const candidate of others) {
      const [, shown] = stdout.split(new RegExp(`^${candidate.source}(?:, .*)?\n`, 'm'));
      const [part] = shown!.split('\n\n');
      const found = part!.split('\n').map((line) => ({ mark: line[0], text: line.slice(5) }));
      expect(found.map(({ text }) => text)).toEqual(linesIn(candidate));
      // Every line that is not marked is the draft's, in its order.
      const kept = found.filter(({ mark }) => mark === ' ').map(({ text }) => text);
      let from = 0;
      for (const line of kept) from = before.indexOf(line, from) + 1 || Number.NaN;
      expect(from).not.toBeNaN();
      for (const { mark, text } of found) if (!before.includes(text)) expect(mark).toBe('+');
    }
  });

  it('takes another threshold', async () => {
    const { question } = known();
    const at = async (threshold: string) => {
      const options = ['--run', run, '--json', '--threshold', threshold];
      return JSON.parse((await glore(['ask', question, ...options])).stdout) as Decision;
    };
    expect(await at('1')).toMatchObject({ location: 1 });
    const none = await at('0');
    expect(none.location).toBe(-1);
    expect(none.candidates.map(({ source }) => source)).toEqual(['draft', 'global']);
  });

  it('keeps at the gate what the ORM values enough', async () => {
    const { question } = known();
    const args = ['ask', question, '--run', run, '--mode', 'gate', '--tau'];
    const kept = await glore([...args, '0', '--json']);
    expect(JSON.parse(kept.stdout)).toMatchObject({
      values: [],
      location: -1,
      candidates: [{ source: 'draft' }],
      choice: 0,
    });
    expect((await glore([...args, '0'])).stdout).toContain('kept by the gate');
    const all = await glore([...args, '1', '--json']);
    expect((JSON.parse(all.stdout) as Decision).candidates).toHaveLength(3);
  });

  it('refines again what was chosen, unless the gate is content with it', async () => {
    const { question, decision } = known();
    const args = ['ask', question, '--run', run, '--rounds', '3'];
    const all = JSON.parse((await glore([...args, '--json'])).stdout) as (Decision & {
      answer: string | null;
    })[];
    expect(all).toHaveLength(3);
    expect(all[0]!.candidates).toHaveLength(decision.candidates.length);
    for (const round of all) expect(round.answer).toBe(answerIn(round));
    all.slice(1).forEach(({ candidates: [best] }, i) => {
      const before = all[i]!.candidates[all[i]!.choice]!;
      expect(best).toMatchObject({ source: 'draft', solution: before.solution, tokens: 0 });
    });
    const { stdout } = await glore(args);
    expect(stdout.match(/^round \d/gm)).toEqual(['round 2', 'round 3']);
    expect(stdout.match(/^answer: .*$/gm)).toEqual([`answer: ${all[2]!.answer ?? 'none'}`]);
    const content = await glore([...args, '--json', '--mode', 'gate', '--tau', '0']);
    expect(JSON.parse(content.stdout)).toHaveLength(1);
  });

  it('says so when a question does not fit', async () => {
    const { code, stderr } = await glore(['ask', '-', '--run', run], 'how many? '.repeat(300));
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^.*\nerror: question: .*512 positions; shorten it \(question-long\)\n$/,
    );
  });

  it('warns of what its models have never seen, and answers', async () => {
    const question = 'Mia has 37 stamps. She buys 15 more. How many stamps does she have?';
    const { code, stdout, stderr } = await glore(['ask', question, '--run', run]);
    expect(code).toBe(0);
    expect(stdout).toContain('<- chosen');
    expect(stderr).toBe(
      `warning: the models have never seen the words Mia, She, she; they know questions like those in ${run}/problems/test.jsonl\n`,
    );
  });
});

/** What `--file` adds to a row. */
interface Answered {
  readonly answer: string | null;
  readonly right?: boolean;
  readonly source: string;
  readonly location: number;
  readonly score: number;
  readonly tokens: number;
  readonly decision?: Decision & { readonly answer: string | null };
}

describe('glore ask --file', () => {
  const write = (name: string, rows: readonly object[]): string => {
    const path = join(folder, name);
    writeFileSync(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    return path;
  };
  const asGsm8k = ({ id, question, steps, answer }: Problem) => ({
    id,
    question,
    answer: [...steps, `#### ${answer}`].join('\n'),
    more: { kept: [1, null] },
  });
  type Row = ReturnType<typeof asGsm8k> & { readonly glore: Answered };
  const answering = async (...args: string[]) => {
    const { code, stdout, stderr } = await glore(['ask', '--run', run, ...args]);
    expect(code, stderr).toBe(0);
    return { stdout, stderr };
  };
  const parsed = (text: string) =>
    text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Row);
  /** What the run has decided, as a row of the file has it. */
  const expected = ({ decision }: { decision: Decision }) => {
    const { source, score } = decision.candidates[decision.choice]!;
    const tokens = decision.candidates.reduce((sum, candidate) => sum + candidate.tokens, 0);
    const { location } = decision;
    return { answer: answerIn(decision), source, location, score: close(score), tokens };
  };

  it('gives every row back in order, with what the run had decided', async () => {
    const rows = problems().slice(0, 24).map(asGsm8k);
    const { stdout, stderr } = await answering('--file', write('all.jsonl', rows), '--trace');
    const found = parsed(stdout);
    expect(found.map(({ glore: _, ...row }) => row)).toEqual(rows);
    const records = refined();
    for (const [i, { glore: answered }] of found.entries()) {
      const { decision, right, ...rest } = answered;
      expect(rest).toEqual(expected(records[i]!));
      expect(right).toBe(answered.answer === problems()[i]!.answer);
      expect(decision).toMatchObject({ location: rest.location, answer: rest.answer });
      expect(decision!.candidates.map(({ solution }) => solution)).toEqual(
        records[i]!.decision.candidates.map(({ solution }) => solution),
      );
    }
    const right = found.filter((row) => row.glore.right).length;
    const share = ((100 * right) / 24).toFixed(1);
    expect(stderr).toContain(`accuracy ${share}% (${right} of 24), 95% interval `);
    expect(stderr).toMatch(/100% {2}24\/24 questions/);
    expect(stderr).not.toContain('never seen');
  });

  it('takes other fields, writes to a file, and has no verdict without a gold answer', async () => {
    const [first, second] = problems();
    const file = write('fields.jsonl', [
      { ask: first!.question, gold: Number(first!.answer), answer: 'of another model' },
      { ask: second!.question, gold: `It is ${second!.answer}.\n#### ${second!.answer}` },
    ]);
    const out = join(folder, 'new/out.jsonl');
    const args = ['--file', file, '--question-field', 'ask', '--out', out];
    const plain = await answering(...args);
    expect(plain.stdout).toBe('');
    expect(plain.stderr).not.toContain('accuracy');
    const rows = linesOf<{ answer?: string; glore: Answered }>(out);
    expect(rows.map(({ answer }) => answer)).toEqual(['of another model', undefined]);
    expect(rows.map((row) => row.glore.right)).toEqual([undefined, undefined]);
    await answering(...args, '--gold-field', 'gold');
    const graded = linesOf<{ glore: Answered }>(out).map((row) => row.glore);
    expect(graded.map(({ right, ...rest }) => rest)).toEqual(rows.map((row) => row.glore));
    expect(graded.map(({ right }) => right)).toEqual(
      [first, second].map((problem, i) => problem!.answer === graded[i]!.answer),
    );
  });

  it('reads standard input, refines in rounds, and reports in JSON', async () => {
    const { question } = known();
    const input = `${JSON.stringify({ question })}\n\n${JSON.stringify({ question: `${question} ok?` })}\n`;
    const args = ['ask', '--run', run, '--file', '-', '--rounds', '2', '--trace', '--json'];
    const { stdout, stderr } = await glore(args, input);
    const [{ glore: answered }] = parsed(stdout) as [Row];
    const rounds = answered.decision as unknown as Decision[];
    expect(rounds).toHaveLength(2);
    const { choice, candidates, location } = rounds[1]!.choice > 0 ? rounds[1]! : rounds[0]!;
    expect(answered).toMatchObject({ source: candidates[choice]!.source, location });
    expect(answered.answer).toBe(answerIn(rounds[1]!));
    const tokens = rounds.flatMap((round) => round.candidates.map((one) => one.tokens));
    expect(answered.tokens).toBe(tokens.reduce((sum, count) => sum + count, 0));
    const events = stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { event: string; text?: string });
    expect(events.find(({ event }) => event === 'note')?.text).toBe(
      `1 of 2 questions have what the models have never seen, first on line 3: the words ok; they know questions like those in ${run}/problems/test.jsonl`,
    );
    expect(events.at(-1)).toMatchObject({ event: 'done', stage: 'ask', done: 2, total: 2 });
  });

  const good = { question: 'How many?', answer: '1' };
  const bad: [string, string, string[], RegExp][] = [
    ['is no JSON', '{"question": ', [], /:2: expected valid JSON, .* \(json-broken\)/],
    ['has no question', '{"text": "How?"}', [], /:2: expected the field "question", found "text"/],
    ['has an empty one', '{"question": " "}', [], /:2: .*\(field-empty\)/],
    [
      'has no gold answer where one is named',
      '{"question": "How?", "answer": ""}',
      ['--gold-field', 'answer'],
      /:2: expected a gold answer in the field "answer", .*\(gold-unparsable\)/,
    ],
    [
      'has the field of the answer already',
      '{"question": "How?", "glore": 1}',
      [],
      /:2: expected no field "glore", .*\(field-taken\)/,
    ],
    [
      'is too long',
      JSON.stringify({ question: 'how many? '.repeat(100) }),
      [],
      /:2: expected a question of at most 362 tokens, .*\(question-long\)/,
    ],
  ];
  it.each(bad)('refuses a row that %s before anything is computed', async (_, row, more, said) => {
    const file = join(folder, 'bad.jsonl');
    writeFileSync(file, `${JSON.stringify(good)}\n${row}\n`);
    const out = join(folder, 'never.jsonl');
    const args = ['ask', '--run', run, '--file', file, '--out', out, ...more];
    const { code, stdout, stderr } = await glore(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(said);
    expect(stderr).toMatch(new RegExp(`^error: ${file}`));
    expect(existsSync(out)).toBe(false);
  });

  it('does not write over its questions', async () => {
    const file = write('same.jsonl', [good]);
    const { code, stderr } = await glore(['ask', '--run', run, '--file', file, '--out', file]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/found the same; name another one \(file-same\)/);
    expect(linesOf(file)).toEqual([good]);
  });

  it('keeps what was written when it is stopped', async () => {
    const rows = Array.from({ length: 60 }, () => problems())
      .flat()
      .map(({ question }, index) => ({ index, question }));
    const out = join(folder, 'stopped.jsonl');
    const running = start(['ask', '--run', run, '--file', write('many.jsonl', rows), '--out', out]);
    await untilWritten(running, out);
    running.child.kill('SIGINT');
    const { code, stderr } = await running.ended;
    expect(code).toBe(130);
    expect(stderr).toMatch(/\nstopped; what is written so far stands\n$/);
    expect(readFileSync(out, 'utf8')).toMatch(/\n$/);
    const written = linesOf<{ index: number; glore: Answered }>(out);
    expect(written.length).toBeLessThan(rows.length);
    expect(written.map(({ index }) => index)).toEqual(written.map((_, i) => i));
    expect(written.every((row) => row.glore.score >= 0)).toBe(true);
  });
});

describe('on a terminal', () => {
  // From util-linux; other systems have another command of this name.
  const terminal = process.platform === 'linux' && spawnSync('script', ['--version']).status === 0;
  /** What a terminal of 80 columns shows; `lines` are typed one at each prompt. */
  async function shown(
    args: readonly string[],
    lines: readonly string[] = [],
    env: NodeJS.ProcessEnv = {},
  ) {
    const words = [process.execPath, main, ...args].map((word) => `'${word}'`).join(' ');
    const command = `stty cols 80; ${words}`;
    const child = spawn('script', ['-qec', command, '/dev/null'], {
      env: { ...process.env, DEBUG: '', NO_COLOR: '', TERM: 'xterm', ...env },
    });
    let text = '';
    let typed = 0;
    child.stdout.setEncoding('utf8').on('data', (part: string) => {
      text += part;
      if (text.split('question> ').length <= typed + 1) return;
      const line = lines[typed++];
      if (line === undefined) child.stdin.end();
      else child.stdin.write(`${line}\n`);
    });
    const code = await new Promise((done) => child.on('close', done));
    return { code, text: text.replaceAll('\r', '') };
  }
  const green = '\x1b[32m';

  it.skipIf(!terminal)('asks for questions until an empty line', async () => {
    const { question, decision } = known();
    const { code, text } = await shown(['ask', '--run', run], [question, 'How many?', '']);
    const plain = stripVTControlCharacters(text);
    expect(code).toBe(0);
    expect(plain.match(/question> /g)).toHaveLength(3);
    expect(plain.match(/^answer: .*$/gm)).toHaveLength(2);
    expect(plain).toContain(`\nanswer: ${answerIn(decision) ?? 'none'}\n`);
    expect(plain).toContain('warning: the models have never seen such sentences; ');
    expect(plain).toContain('An empty line ends.');
  });

  it.skipIf(!terminal)('is in colours unless NO_COLOR is set or there are none', async () => {
    const { question } = known();
    const args = ['ask', question, '--run', run];
    const plain = (await glore(args, '', { NO_COLOR: '' })).stdout;
    const { text } = await shown(args);
    expect(text).toContain(green);
    expect(stripVTControlCharacters(text)).toBe(plain);
    expect((await shown(args, [], { NO_COLOR: '1' })).text).toBe(plain);
    expect((await shown(args, [], { TERM: 'dumb' })).text).toBe(plain);
  });
});

describe('what is shown', () => {
  const wide = (text: string) => text.split('\n').filter((line) => line.length > 80);

  it('of a run is its report, its pictures and what to do next', async () => {
    const { stdout } = await glore(['report', '--run', run]);
    expect(stdout).toContain('\nrounds@2 ');
    expect(wide(stdout)).toEqual([]);
    expect(ended.stdout).toBe(
      `${stdout}
pictures  ${run}/report.svg
          ${run}/curve.svg
figures   ${run}/report.json
next      glore ask --run ${run}
          glore view ${run}
          glore report --run ${run}
`,
    );
    for (const name of ['report.svg', 'curve.svg', 'report.json'])
      expect(existsSync(join(run, name))).toBe(true);
  });

  it('of a question is no wider, whoever chooses', async () => {
    const { question } = known();
    const args = ['ask', question, '--run', run, '--choice', 'both', '--rounds', '2'];
    const { stdout } = await glore(args);
    expect(stdout).toContain('least SORM');
    expect(wide(stdout)).toEqual([]);
  });

  it.each(['trl-stepwise', 'trl-prompt-completion', 'math-shepherd', 'processbench'])(
    'of an export of %s is no wider',
    async (format) => {
      const out = join('exported', format);
      const args = ['export', run, '--format', format, '--out', join(folder, out), '--parquet'];
      const { code, stdout } = await glore(args);
      expect(code).toBe(0);
      expect(wide(stdout)).toEqual([]);
    },
  );

  it('of a plan is no wider', async () => {
    const study = resolve(import.meta.dirname, '../../../recipes/ablations.yaml');
    const { code, stdout } = await glore(['study', study, '--runs', folder, '--plan']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^main +1 +every stage$/m);
    expect(stdout).toMatch(/^k4 +1 +rollouts, .* {2}global, local,/m);
    expect(wide(stdout)).toEqual([]);
  });

  it('of five servers is no wider', async () => {
    const serving = start(['serve', run, '--port', '0', '--json', '--workers', '1']);
    try {
      const { url } = JSON.parse(await firstSaid(serving)) as { url: string };
      const roles = ['student', 'orm', 'sorm', 'global', 'local']
        .map((role) => `  ${role}: { endpoint: local, model: ${role}, spelling: tokens }\n`)
        .join('');
      const recipe = writeRecipe(folder, 'served', [
        'evaluation: { samples: 8, temperature: 1 }\n',
        `evaluation: { samples: 3, temperature: 1 }\nendpoints:\n  local: { url: "${url}" }\nmodels:\n${roles}`,
      ]);
      const { code, stdout } = await glore(['doctor', recipe]);
      expect(code).toBe(0);
      expect(stdout).toContain('all that is needed is there');
      expect(wide(stdout)).toEqual([]);
    } finally {
      serving.child.kill('SIGTERM');
      await serving.ended;
    }
  });
});

const reported = () => JSON.parse(readFileSync(join(run, 'report.json'), 'utf8')) as Report;

describe('glore view', () => {
  it('shows a run, and says where', async () => {
    const running = start(['view', run, '--port', '0'], { GLORE_API_KEY: '' });
    const said = await firstSaid(running);
    const [, url] = /: open (http:\/\/127\.0\.0\.1:\d+\/); Ctrl-C stops\n$/.exec(said)!;
    const json = async (path: string) => (await fetch(`${url}api/${path}`)).json();
    expect(await (await fetch(url!)).text()).toContain('<div id="app">');
    expect(await json('about')).toEqual({ version: expect.any(String), runs: ['run'] });
    const state = (await json('runs/0')) as RunState;
    const { length } = problems();
    expect(state).toMatchObject({ state: 'finished', problems: { test: length } });
    expect(state.stages.every((stage) => stage.state === 'done')).toBe(true);
    const { outcomes: _, ...report } = reported();
    expect(await json('runs/0/report')).toEqual(report);
    expect(((await json('runs/0/curves')) as object[]).length).toBeGreaterThan(5);
    expect(await json('runs/0/labels')).toContainEqual(expect.objectContaining({ step: 1 }));
    const page = (await json('runs/0/problems?filter=draft-wrong')) as ProblemPage;
    const { accuracy } = report.rows.find(({ name }) => name === 'draft')!;
    const wrong = length - Math.round(length * accuracy);
    expect(page).toMatchObject({ total: wrong, counts: { all: length, 'draft-wrong': wrong } });
    const { decision, question } = known();
    const { rows } = (await json(
      `runs/0/problems?search=${encodeURIComponent(question)}`,
    )) as ProblemPage;
    expect(await json(`runs/0/problems/${rows[0]!.index}`)).toMatchObject({ decision });
    running.child.kill('SIGINT');
    expect(await running.ended).toMatchObject({ code: 0 });
  });

  it('says where in JSON, with a key', async () => {
    const running = start(['view', run, run, '--port', '0', '--json'], { GLORE_API_KEY: 'sesame' });
    const said = await firstSaid(running);
    const { pages, key } = JSON.parse(said) as { pages: string; key: boolean };
    expect(key).toBe(true);
    expect((await fetch(`${pages}api/about`)).status).toBe(401);
    running.child.kill('SIGTERM');
    const { code, stdout, stderr } = await running.ended;
    expect(code).toBe(0);
    expect(stdout + stderr).not.toContain('sesame');
  });

  it.each([
    ['no folder', () => join(folder, 'nowhere'), 'found no such folder; make one: '],
    ['a folder without a run', () => folder, 'found no run in it; make one: '],
    ['a file', () => join(run, 'recipe.json'), 'found a file; make one: '],
  ])('refuses %s', async (_, path, message) => {
    const { code, stdout, stderr } = await glore(['view', path()]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
    expect(stderr).toMatch(/\(run-missing\)\n$/);
  });
});

describe('glore report --html', () => {
  const partsOf = (html: string) => {
    const [, policy] = /<meta http-equiv="content-security-policy" content="([^"]+)">/.exec(html)!;
    const [, data] = /<script type="application\/json" id="data">([^<]*)<\/script>/.exec(html)!;
    const scripts = [...html.matchAll(/<script>([\s\S]*?)<\/script>/g)].map(([, text]) => text!);
    const styles = [...html.matchAll(/<style>([\s\S]*?)<\/style>/g)].map(([, text]) => text!);
    return { policy, scripts, styles, page: JSON.parse(data!) as ReportPage };
  };

  it('writes one page that needs nothing else, and lets nothing else run', async () => {
    const own = join(folder, 'own', 'run');
    cpSync(run, own, { recursive: true });
    const { code, stdout } = await glore(['report', '--run', own, '--html']);
    const file = join(own, 'report.html');
    expect({ code, stdout }).toEqual({ code: 0, stdout: `${file}\n` });
    const { policy, scripts, styles, page } = partsOf(readFileSync(file, 'utf8'));
    expect([scripts.length, styles.length]).toEqual([1, 1]);
    const hash = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
    expect(policy).toBe(
      `default-src 'none'; script-src ${hash(scripts[0]!)}; style-src ${hash(styles[0]!)}; img-src data:; base-uri 'none'; form-action 'none'`,
    );
    // It is a script still.
    new Script(scripts[0]!);
    const { outcomes: _, ...report } = reported();
    expect(page).toMatchObject({ report, run: { name: 'run', state: 'finished' } });
    const shown = page.problems.map(({ row }) => row.index);
    expect(shown).toEqual(shown.toSorted((a, b) => a - b));
    expect(new Set(shown).size).toBe(shown.length);
    const wrong = page.problems.filter(({ row }) => row.filters.includes('draft-wrong'));
    expect(wrong.length).toBeGreaterThanOrEqual(3);
    const fewer = await glore(['report', '--run', own, '--html', file, '--problems', '0']);
    expect(fewer).toMatchObject({ code: 0 });
    expect(partsOf(readFileSync(file, 'utf8')).page.problems).toEqual([]);
  });

  it.each([
    ['a run in the place of the page', () => ['--html', run], 'ends in .html, found another'],
    ['a page and JSON', () => ['--html', '--json'], "cannot be used with option '--json'"],
    ['problems without a page', () => ['--problems', '1'], 'is for a page; add --html'],
    [
      'a run that is none',
      () => ['--run', folder, '--html'],
      'found no run in it; make one: glore run ',
    ],
  ])('refuses %s', async (_, args, message) => {
    const { code, stdout, stderr } = await glore(['report', '--run', run, ...args()]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
  });
});
