/** What is checked against each server. A check throws an `Error` that says what is wrong, or gives what it has seen, in words. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { extractAnswer } from '../../packages/glore/dist/doors/problems.js';
import { fill, templateOf } from '../../packages/glore/dist/model/openai/template.js';
import { numbered } from '../../packages/glore/dist/model/openai/verdict.js';
import { readSolution } from '../../packages/glore/dist/reading/index.js';
import { placesIn } from './place.mjs';
import { served, servers, start } from './servers.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const recipe = 'recipes/real-tiny.yaml';

/** glore's command line: its exit code and what it wrote. */
function glore(args, { log, onStart } = {}) {
  const child = spawn(process.execPath, ['packages/glore/bin/glore.js', ...args], {
    cwd: root,
  });
  const said = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text) => {
    said.out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    said.err += text;
    if (log) writeFileSync(log, text, { flag: 'a' });
  });
  onStart?.(child);
  return new Promise((resolve) => {
    child.on('close', (code) => resolve({ code, ...said }));
  });
}

/** The recipe's presets for a server, and others. */
const forServer = (...presets) => presets.flatMap((preset) => ['--preset', preset]);

/** What the server can do, and that it has all that the five roles need. */
async function doctor({ server }) {
  const args = ['doctor', recipe, ...forServer(server.name), '--json'];
  const { out, err } = await glore(args);
  const health = JSON.parse(out || 'null');
  assert(health, `glore doctor wrote nothing: ${err}`);
  const { can } = health.roles.find(({ role }) => role === 'student');
  const errors = health.roles.flatMap(({ role, error, missing }) =>
    error || missing.length > 0 ? [`${role}: ${error ?? `lacks ${missing.join(', ')}`}`] : [],
  );
  const coverage = Object.fromEntries(
    health.roles.flatMap(({ role, coverage }) => (coverage === null ? [] : [[role, coverage]])),
  );
  return {
    found: { can, coverage, errors },
    said: errors.length === 0 ? 'all that the roles need' : errors.join('; '),
  };
}

/** Questions of drafts, and of solutions to value. */
export const questions = [
  ['Mia has 37 stamps. She buys 15 more. How many stamps does she have?', '52'],
  ['A box holds 6 eggs. How many eggs are in 7 boxes?', '42'],
  ['Tom had 20 apples. He ate 3 and gave 5 away. How many apples are left?', '12'],
  ['A pen costs $2 and a book costs $9. How much do 3 pens and 1 book cost?', '15'],
];

const student = templateOf('student', 'chat');

/** Greedy drafts as they came, each with how it is read; what has been checked by hand is read so again. */
async function drafts({ server, golden }) {
  const known = new Map(golden.map((draft) => [draft.text, draft]));
  const texts = [];
  for (const [question] of questions) {
    const answered = await server.ask('/v1/chat/completions', {
      model: served,
      messages: [{ role: 'user', content: fill(student.prompt, { question }) }],
      temperature: 0,
      max_tokens: 160,
    });
    const { choices } = await answered.json();
    const { message, finish_reason } = choices[0];
    texts.push({ question, text: message.content, finished: finish_reason === 'stop' });
  }
  let same = 0;
  const read = texts.map(({ question, text, finished }) => {
    const { steps, answer } = readSolution(text, { finished, steps: student.steps });
    for (const step of steps) {
      for (const word of step.split(/\s+/))
        assert(text.includes(word), `${word} is not in: ${text}`);
    }
    const extracted = extractAnswer(text);
    if (answer !== null && finished) assert.equal(answer, extracted?.value);
    const there = known.get(text);
    if (there) {
      assert.deepEqual({ steps, answer }, { steps: there.steps, answer: there.answer });
      same++;
    }
    return { question, text, finished, steps, answer };
  });
  return { found: read, said: `${read.length} drafts, ${same} of them among those read by hand` };
}

/** Solutions, right and wrong ones, of several lines. */
const solutions = [
  [0, ['37 + 15 = 52.'], '52'],
  [0, ['37 + 15 = 42.'], '42'],
  [1, ['One box holds 6 eggs.', '7 boxes hold 6 * 7 = 42 eggs.'], '42'],
  [1, ['One box holds 6 eggs.', '7 boxes hold 6 + 7 = 13 eggs.'], '13'],
  [2, ['He has 20 - 3 = 17 after eating.', 'Then he has 17 - 5 = 12.'], '12'],
  [2, ['He has 20 + 3 = 23 after eating.', 'Then he has 23 - 5 = 18.'], '18'],
  [3, ['3 pens cost 3 * 2 = 6 dollars.', 'With the book that is 6 + 9 = 15 dollars.'], '15'],
  [3, ['3 pens cost 3 * 2 = 6 dollars.', 'Two books cost 18.', 'That is 6 + 18 = 24.'], '24'],
];

/** A critic's question about a solution, and the spellings of what it may answer. */
function asked(role, [at, steps, answer]) {
  const { prompt, system, examples, labels } = templateOf(role, 'chat');
  const question = questions[at][0];
  const { text, numberOf } = numbered({ steps, answer });
  const solution = [...steps, `#### ${answer}`].join('\n');
  const places = role === 'orm' ? { question, solution } : { question, steps: text };
  const messages = [
    ...(system ? [{ role: 'system', content: system }] : []),
    ...examples.flatMap((example) => [
      { role: 'user', content: fill(prompt, example) },
      { role: 'assistant', content: example.answer },
    ]),
    { role: 'user', content: fill(prompt, places) },
  ];
  const numbers = Array.from({ length: numberOf.at(-1) + 1 }, (_, i) => [`${i}`, ` ${i}`]);
  const spellings = role === 'orm' ? [labels.positive, labels.negative] : numbers;
  return { role, question, steps, answer, messages, spellings };
}

/** The values of a solution's lines by the probabilities of what the critic may answer. */
function valuesOf({ role, steps }, chances) {
  const all = chances.reduce((sum, chance) => sum + chance, 0);
  if (role === 'orm') return [...steps, ''].map(() => chances[0] / all);
  // The first wrong step comes after a line unless it is one up to that.
  return [...steps, ''].map(
    (_, i) => 1 - chances.slice(1, i + 2).reduce((sum, chance) => sum + chance, 0) / all,
  );
}

/** Values of both critics beside those that transformers computes from the same weights. */
async function values({ server, folder, model, adapter }) {
  const places = placesIn(folder);
  const items = ['orm', 'sorm'].flatMap((role) =>
    solutions.map((solution) => asked(role, solution)),
  );
  const request = {
    folder: places.hf(model),
    adapter: adapter ?? null,
    dtype: 'float32',
    asked: items.map(({ messages, spellings }) => ({ messages, spellings })),
  };
  const chances = await python(places.python, request);
  const golden = join(folder, `golden-${server.name}.jsonl`);
  const lines = items.map(({ role, question, steps, answer }, i) =>
    JSON.stringify({ role, question, steps, answer, values: valuesOf(items[i], chances[i]) }),
  );
  writeFileSync(golden, `${lines.join('\n')}\n`);
  const name = adapter ? servers[server.name].adapted : served;
  const presets = name === served ? [] : ['tuned'];
  const args = [
    'doctor',
    recipe,
    ...forServer(server.name, ...presets),
    '--golden',
    golden,
    '--json',
  ];
  const { out, err } = await glore(args);
  assert(out, err);
  const found = {};
  const { roles, endpoints } = JSON.parse(out);
  // A server that is away, or goes while it is looked at, is said of the endpoint.
  const wrong = endpoints.flatMap(({ error }) => error ?? []);
  for (const name of ['orm', 'sorm']) {
    const there = [...roles.map(({ role }) => role), ...wrong].join(', ') || 'none';
    assert(
      roles.some(({ role }) => role === name),
      `${name}: expected a role that doctor looks at, found ${there}`,
    );
  }
  for (const { role, golden, error } of roles) {
    if (role !== 'orm' && role !== 'sorm') continue;
    assert(golden, `${role}: ${error ?? 'no values were compared'}`);
    found[role] = golden.difference;
  }
  const shown = Object.entries(found).map(([role, value]) => `${role} ${value.toFixed(4)}`);
  return {
    found: { ...found, solutions: solutions.length },
    said: `largest differences from transformers on ${solutions.length} solutions: ${shown.join(', ')}`,
    // Activations of quantized weights are rounded by the server, which transformers does not.
    ok:
      servers[server.name].weights(model) !== 'float32' ||
      Math.max(...Object.values(found)) <= 0.01,
  };
}

async function python(program, request) {
  const script = fileURLToPath(new URL('reference.py', import.meta.url));
  const child = spawn(program, [script], { stdio: ['pipe', 'pipe', 'pipe'] });
  let [out, err] = ['', ''];
  child.stdout.on('data', (text) => {
    out += text;
  });
  child.stderr.on('data', (text) => {
    err += text;
  });
  child.stdin.end(JSON.stringify(request));
  const code = await new Promise((resolve) => child.on('close', resolve));
  if (code !== 0) throw new Error(`${script} ended with ${code}: ${err.slice(-2000)}`);
  return JSON.parse(out);
}

/** `glore serve` in front of the server, as long as `work` is at it. */
async function inFront(server, work) {
  const args = [
    'serve',
    '--upstream',
    `${server.url}/v1`,
    '--model',
    served,
    '--port',
    '0',
    '--json',
    '--timeout',
    '1800',
  ];
  let child;
  const ended = glore(args, {
    onStart: (started) => {
      child = started;
    },
  });
  const url = await new Promise((resolve, reject) => {
    let text = '';
    child.stdout.on('data', (more) => {
      text += more;
      if (text.includes('\n')) resolve(JSON.parse(text.slice(0, text.indexOf('\n'))).url);
    });
    ended.then(({ err }) => reject(new Error(`glore serve ended: ${err}`)));
  });
  try {
    return await work(new URL('/v1/chat/completions', url));
  } finally {
    child.kill('SIGTERM');
    await ended;
  }
}

const post = (url, body, signal) =>
  fetch(url, {
    method: 'POST',
    body: JSON.stringify({ model: served, ...body }),
    headers: { 'content-type': 'application/json' },
    ...(signal && { signal }),
  });

/** The parts of a stream as they came, with when. */
async function partsOf(response) {
  const decoder = new TextDecoder();
  const parts = [];
  let rest = '';
  for await (const bytes of response.body) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n');
    rest = lines.pop();
    for (const line of lines) {
      if (line.startsWith('data: {'))
        parts.push({ at: performance.now(), ...JSON.parse(line.slice(6)) });
    }
  }
  return parts;
}

const textOf = (parts) => parts.map(({ choices }) => choices?.[0]?.delta?.content ?? '').join('');

/** A talk streams through as the server gives it, a problem as it is worked out; both say what they say without a stream. */
const streaming = ({ server }) =>
  inFront(server, async (url) => {
    const talk = {
      messages: [{ role: 'user', content: 'Say hello to Ann.' }],
      max_tokens: 40,
      temperature: 0,
    };
    const whole = await (await post(url, talk)).json();
    const streamed = await post(url, { ...talk, stream: true });
    assert.equal(streamed.headers.get('x-glore')?.split(/[ ;,]/)[0], 'passed');
    const parts = await partsOf(streamed);
    assert.equal(textOf(parts), whole.choices[0].message.content);
    assert(parts.length > 3, `expected a stream of several parts, found ${parts.length}`);

    const problem = {
      messages: [{ role: 'user', content: questions[0][0] }],
      max_tokens: 160,
      temperature: 0,
    };
    const refined = await post(url, { ...problem, stream: true });
    assert.equal(refined.headers.get('x-glore')?.split(/[ ;,]/)[0], 'refined');
    const events = await partsOf(refined);
    const stages = events.flatMap(({ glore }) => glore?.event?.stage ?? []);
    const text = textOf(events);
    assert(stages.includes('draft') && stages.includes('choice'), `stages: ${stages.join(', ')}`);
    assert(text.length > 0, 'the refined answer has no text');
    return {
      found: { parts: parts.length, stages },
      said: `a talk in ${parts.length} parts, a problem with the stages ${[...new Set(stages)].join(', ')}`,
    };
  });

/** Who leaves ends the work: on the server, through `glore serve`. */
const abort = ({ server }) =>
  inFront(server, async (url) => {
    const { running } = servers[server.name];
    const long = {
      messages: [{ role: 'user', content: 'Count from 1 to 1000, one number on each line.' }],
      max_tokens: 1500,
      temperature: 0,
      stream: true,
    };
    const leaving = new AbortController();
    const response = await post(url, long, leaving.signal);
    const began = performance.now();
    let parts = 0;
    const decoder = new TextDecoder();
    try {
      for await (const bytes of response.body) {
        parts += decoder.decode(bytes, { stream: true }).split('data: {').length - 1;
        if (parts >= 12) break;
      }
    } finally {
      leaving.abort();
    }
    const each = (performance.now() - began) / parts;
    const left = performance.now();
    if (running) {
      const ask = (path) => server.ask(path);
      while ((await running(ask)) > 0) {
        assert(
          performance.now() - left < 400 * each,
          'the server still works at what nobody waits for',
        );
        await sleep(50);
      }
    }
    // A server that does one at a time has no room before the other has ended.
    const short = {
      messages: [{ role: 'user', content: 'Say yes.' }],
      max_tokens: 2,
      temperature: 0,
    };
    assert.equal((await post(url, short)).status, 200);
    const took = performance.now() - left;
    assert(
      took < 700 * each,
      `the next answer took ${took} ms, as if the long one was still being written`,
    );
    return {
      found: { milliseconds: Math.round(took), each: Math.round(each) },
      said: `left after ${parts} parts of 1500 tokens: free for the next answer within ${(took / each).toFixed(0)} tokens' time`,
    };
  });

/** A run whose server is killed in the middle and comes back, beside one that nothing happened to. */
async function restart(context) {
  const { server, folder } = context;
  const [calm, broken] = ['calm', 'broken'].map((name) =>
    join(folder, 'runs', `${server.name}-${name}`),
  );
  const args = (run) => ['drafts', recipe, ...forServer(server.name, 'alone'), '--run', run];
  for (const run of [calm, broken]) rmSync(run, { recursive: true, force: true });
  const first = await glore(args(calm));
  assert.equal(first.code, 0, first.err);
  const log = join(folder, `${server.name}-restart.log`);
  const going = glore(args(broken), { log });
  const drafts = join(broken, 'drafts/samples.jsonl');
  /** Answers that are kept while others are still to come. */
  const lines = () => {
    try {
      return readFileSync(`${drafts}.journal`, 'utf8').split('\n').length - 1;
    } catch {
      return 0;
    }
  };
  let kept = 0;
  for (let over = false; kept < 3 && !over && !existsSync(drafts); kept = lines()) {
    over = await Promise.race([going.then(() => true), sleep(20)]);
  }
  await server.kill();
  const disturbed = kept >= 3 && !existsSync(drafts);
  context.server = await start(server.name, context);
  const { code, err } = await going;
  assert.equal(code, 0, err);
  assert(disturbed, 'the run was over before its server was killed; nothing was seen');
  const read = (run) => readFileSync(join(run, 'drafts/samples.jsonl'), 'utf8').split('\n');
  const differing = (a, b) => a.filter((line, i) => line !== b[i]).length;
  const [undisturbed, resumed] = [read(calm), read(broken)];
  const all = undisturbed.length - 1;
  assert.equal(resumed.length - 1, all);
  const differ = differing(undisturbed, resumed);
  const told = `killed after ${kept} answers and started again: ${differ === 0 ? `the same ${all} samples` : `${differ} of ${all} samples differ`}`;
  if (differ === 0) return { found: { answers: kept, samples: all, differ }, said: told };
  // A server that answers otherwise each time, by what else it is asked at once, says nothing of the resuming.
  rmSync(calm, { recursive: true });
  const again = await glore(args(calm));
  assert.equal(again.code, 0, again.err);
  const alone = differing(undisturbed, read(calm));
  return {
    found: { answers: kept, samples: all, differ, alone },
    said: `${told}; undisturbed and asked a second time ${alone} do`,
    ok: alone > 0,
  };
}

/** The whole recipe, from drafts to the table. */
async function whole({ server, folder }) {
  const run = join(folder, 'runs', `${server.name}-whole`);
  rmSync(run, { recursive: true, force: true });
  const { code, err } = await glore(['run', recipe, ...forServer(server.name), '--run', run]);
  assert.equal(code, 0, err);
  const { rows, problems, seconds, answered, coverage } = JSON.parse(
    readFileSync(join(run, 'report.json'), 'utf8'),
  );
  const names = Object.fromEntries(rows.map(({ name, accuracy }) => [name, accuracy]));
  for (const name of [
    'draft',
    'majority@3',
    'best-of-3',
    'global',
    'local',
    'rerank',
    'gate',
    'oracle',
  ]) {
    assert(name in names, `the table has no row ${name}`);
  }
  const answers = Object.values(answered).reduce((sum, role) => sum + role.answers, 0);
  const refused = Object.values(answered).reduce((sum, role) => sum + role.refused, 0);
  return {
    found: { problems, seconds, answers, refused, coverage },
    said: `${problems} problems to the table: ${answers} answers, ${refused} asked for again`,
  };
}

/** In the order in which they are made; `restart` leaves another server. */
export const checks = { doctor, drafts, values, streaming, abort, restart, whole };
