import { buildTokenizer, type Example, openTokenizer } from '@glore/engine';
import { beforeAll, describe, expect, it } from 'vitest';
import { createCodec, specialTokens } from '../codec/index.js';
import {
  difficulty,
  generateProblems,
  judgeSteps,
  parseStory,
  type Split,
  splitOf,
  structureOf,
  worldTexts,
} from '../problem/index.js';
import { type BaseMixture, baseBatch } from './mixture.js';

const tokenizer = openTokenizer(buildTokenizer({ texts: worldTexts(), special: specialTokens }));
const codec = createCodec(tokenizer);
const { ids } = codec;
const spell = (tokens: readonly number[]) => tokenizer.decode(tokens);
const mixture: BaseMixture = {
  seed: 3,
  settings: { ...difficulty(0.5), steps: [2, 4] },
  drillSizes: [
    { maxValue: 99, operands: [2, 49], factors: [2, 9] },
    { maxValue: 9999, operands: [11, 4999], factors: [2, 9] },
  ],
  problems: 6,
  questionWeight: 0,
  pages: 0,
  sums: 0,
  drills: 4,
  checks: 3,
  judgements: 5,
  revisions: 4,
  equations: 8,
  labelWeight: 2,
  encode: tokenizer.encode,
  longest: 512,
};
const steps = [1, 2, 3, 4, 5];
const operations: Record<string, (a: number, b: number) => number> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
};

let batches: Example[][];
let problems: Example[];
let drills: Example[];
let checks: Example[];
let judgements: Example[];
let revisions: Example[];
beforeAll(() => {
  batches = steps.map((step) => baseBatch(codec, mixture, 'train', step));
  problems = batches.flatMap((batch) => batch.slice(0, 6));
  drills = batches.flatMap((batch) => batch.slice(6, 10));
  checks = batches.flatMap((batch) => batch.slice(10, 13));
  judgements = batches.flatMap((batch) => batch.slice(13, 18));
  revisions = batches.flatMap((batch) => batch.slice(18));
});

/** The equations of a sequence, with the index of the tag after each. */
function equationsOf({ tokens }: Example) {
  const starts = tokens.flatMap((token, t) => (token === ids.step ? [t] : []));
  return starts.flatMap((tag, i) => {
    const from = i === 0 ? 1 : starts[i - 1]! + 1;
    const text = spell(tokens.slice(from, tag));
    // Only the checks begin with a tag.
    if (text === '') return [];
    const [, a, operator, b, result] = /^(\d+)([-+*/])(\d+)=(\d+)\.\n$/.exec(text)!;
    const truth = String(operations[operator!]!(Number(a), Number(b)));
    return [{ from, tag, left: `${a}${operator}${b}=`, result: result!, truth }];
  });
}

describe('baseBatch', () => {
  it('depends on seed, split and step alone', () => {
    expect(baseBatch(codec, mixture, 'train', 2)).toEqual(batches[1]);
    const texts = (batch: Example[]) => batch.map(({ tokens }) => spell(tokens));
    const others = [
      batches[0]!,
      baseBatch(codec, mixture, 'dev', 2),
      baseBatch(codec, { ...mixture, seed: 4 }, 'train', 2),
    ];
    for (const other of others) {
      const known = new Set(texts(batches[1]!));
      expect(texts(other).filter((text) => known.has(text))).toEqual([]);
    }
    expect(batches.map(({ length }) => length)).toEqual(steps.map(() => 22));
  });

  it('has problems of the split alone, with their right solutions learned after the question', () => {
    const seen = (split: Split) =>
      split === 'train' ? problems : baseBatch(codec, mixture, split, 1).slice(0, 6);
    for (const split of ['train', 'dev', 'test'] as const) {
      for (const { tokens, targets, weights } of seen(split)) {
        const text = spell(tokens);
        const [question, ...lines] = text.slice('<|bos|>'.length, -'<|eos|>'.length).split('\n');
        const story = parseStory(question!);
        expect(splitOf(structureOf(story))).toBe(split);
        const answer = lines.pop();
        const problem = { id: '', question: question!, answer: '', steps: [] };
        expect(judgeSteps(problem, lines)).toEqual(lines.map(() => true));
        expect(answer).toBe(`#### ${/=(\d+)\.$/.exec(lines.at(-1)!)![1]}`);
        expect(lines.length).toBeGreaterThanOrEqual(2);
        expect(lines.length).toBeLessThanOrEqual(4);
        const start = codec.prompt(question!).length - 1;
        expect(targets).toEqual(
          tokens.map((_, t) => (t < start || t === tokens.length - 1 ? -1 : tokens[t + 1])),
        );
        expect(weights).toBeUndefined();
      }
    }
    // Fresh ones at every step.
    expect(new Set(problems.map(({ tokens }) => spell(tokens))).size).toBe(problems.length);
  });

  it('has pages of problems of the split with right solutions, other ones, varied ones and the same', () => {
    const pages = {
      ...mixture,
      problems: 0,
      pages: 24,
      drills: 0,
      checks: 0,
      judgements: 0,
      revisions: 0,
    };
    const longest = 190;
    const seen = { others: 0, varied: 0, again: 0 };
    for (const split of ['train', 'test'] as const) {
      for (const example of baseBatch(
        codec,
        { ...pages, longest, questionWeight: 0.25 },
        split,
        1,
      )) {
        const { tokens, targets, weights } = example;
        expect(tokens.length).toBeLessThanOrEqual(longest);
        expect(targets).toEqual(tokens.map((_, t) => tokens[t + 1] ?? -1));
        const text = spell(tokens).slice('<|bos|>'.length, -'<|eos|>'.length);
        const found = [...text.matchAll(/(.+\?)\n((?:.+\n)*?)#### (\d+)\n/g)];
        expect(found.map(([whole]) => whole).join('')).toBe(text);
        for (const [, question, lines, answer] of found) {
          const steps = lines!.trimEnd().split('\n');
          const problem = { id: '', question: question!, answer: '', steps: [] };
          expect(judgeSteps(problem, steps)).toEqual(steps.map(() => true));
          expect(steps.at(-1)).toMatch(new RegExp(`=${answer}\\.$`));
          expect(splitOf(structureOf(parseStory(question!)))).toBe(split);
        }
        // Before each token that is learned: a quarter for what is asked, nothing for the end.
        const asked = found.map(([, question]) => tokenizer.encode(`${question}\n`).length);
        expect(weights!.filter((weight) => weight === 0.25)).toHaveLength(
          asked.reduce((a, b) => a + b),
        );
        expect(weights!.slice(-2)).toEqual([0, 0]);
        const [first, second] = found.map(([, question]) => question!);
        if (second === undefined) continue;
        const numberless = (question: string) => question.replaceAll(/\d+/g, '0');
        if (first === second) seen.again++;
        else if (numberless(first!) === numberless(second)) seen.varied++;
        else seen.others++;
      }
    }
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(2);
  });

  it('has drills where the label is learned at each tag, and the result where it is right', () => {
    for (const example of drills) {
      const equations = equationsOf(example);
      expect(equations).toHaveLength(8);
      const targets = example.tokens.map(() => -1);
      const weights = example.tokens.map(() => 0);
      for (const { from, tag, left, result, truth } of equations) {
        targets[tag] = result === truth ? ids.plus : ids.minus;
        weights[tag] = 2;
        if (result !== truth) continue;
        // From the sign = on, up to the end of the line.
        for (let t = from + tokenizer.encode(left).length - 1; t < tag - 1; t++) {
          targets[t] = example.tokens[t + 1]!;
          weights[t] = 1;
        }
      }
      expect(example.targets).toEqual(targets);
      expect(example.weights).toEqual(weights);
    }
  });

  it('has checks where a label is learned after each digit of a result too, and nothing is written', () => {
    const label = (right: boolean) => (right ? ids.plus : ids.minus);
    for (const example of checks) {
      const equations = equationsOf(example);
      expect(equations).toHaveLength(8);
      expect(example.tokens.slice(0, 2)).toEqual([ids.bos, ids.step]);
      const targets = example.tokens.map(() => -1);
      for (const { from, tag, left, result, truth } of equations) {
        targets[tag] = label(result === truth);
        const first = from + tokenizer.encode(left).length;
        [...result].forEach((_, digit) => {
          const written = result.slice(0, digit + 1);
          targets[first + digit] = label(truth.slice(0, digit + 1) === written);
        });
      }
      expect(example.targets).toEqual(targets);
      expect(new Set(example.weights)).toEqual(new Set([2]));
    }
  });

  it('has right and wrong equations, of one size of numbers in each sequence', () => {
    const sizes = new Set<number>();
    let [right, all] = [0, 0];
    for (const example of [...drills, ...checks]) {
      const equations = equationsOf(example);
      right += equations.filter(({ result, truth }) => result === truth).length;
      all += equations.length;
      const largest = Math.max(
        ...equations.flatMap(({ left, truth }) => [truth, ...left.match(/\d+/g)!]).map(Number),
      );
      expect(largest).toBeLessThanOrEqual(9999);
      sizes.add(largest <= 99 ? 99 : 9999);
    }
    expect(right / all).toBeGreaterThan(0.35);
    expect(right / all).toBeLessThan(0.65);
    expect(sizes.size).toBe(2);
  });

  const questionOf = (tokens: readonly number[]) => spell(tokens.slice(1)).split('\n')[0]!;
  const withStory = (question: string) => ({ id: '', question, answer: '', steps: [] });

  it('has attempts to judge: right so far, at each token up to the first wrong line, then at the tags', () => {
    const found = { right: 0, wrong: 0 };
    for (const { tokens, targets, weights } of judgements) {
      const question = questionOf(tokens);
      const start = codec.prompt(question).length;
      const tags = tokens.flatMap((token, at) => (token === ids.step && at > start ? [at] : []));
      const lines = tags.map((tag, i) => spell(tokens.slice((tags[i - 1] ?? start) + 1, tag)));
      const steps = lines.slice(0, -1).map((line) => line.trimEnd());
      const judged = judgeSteps(withStory(question), steps);
      const labels = tags.map((tag) => targets[tag] === ids.plus);
      const flip = labels.indexOf(false);
      expect(labels).toEqual(labels.map((_, i) => flip < 0 || i < flip));
      // A line that is not the worked solution's may still be right: the same changes in another order.
      const wrong = judged.indexOf(false);
      if (wrong >= 0) expect(flip).toBeLessThanOrEqual(wrong);
      if (flip >= 0 && flip < steps.length) expect(judged[flip]).toBe(false);
      found[flip < 0 ? 'right' : 'wrong']++;
      const dense = flip < 0 ? tokens.length : tags[flip]!;
      const learned = targets.flatMap((target, at) => (target < 0 ? [] : [at]));
      expect(learned).toEqual([
        ...[...tokens.keys()].filter((at) => at > start && (at <= dense || tags.includes(at))),
      ]);
      // Right up to the token that makes the line wrong.
      const values = learned.map((at) => targets[at] === ids.plus);
      expect(values).toEqual([...values].sort().reverse());
      expect(new Set(weights)).toEqual(new Set([2]));
    }
    expect(found.right).toBeGreaterThan(0);
    expect(found.wrong).toBeGreaterThan(0);
  });

  it('has attempts to revise: the right solution, or its rest from the marked line on', () => {
    const seen = { marked: 0, whole: 0 };
    for (const { tokens, targets } of revisions) {
      const question = questionOf(tokens);
      const [draftAt, revisionAt] = [ids.draft, ids.revision].map((id) => tokens.indexOf(id));
      const draft = tokens.slice(draftAt! + 1, revisionAt);
      const mark = draft.indexOf(ids.bad);
      const kept =
        mark < 0 ? [] : spell(draft.slice(0, mark)).trimEnd().split('\n').filter(Boolean);
      const target = codec.parse(tokens.slice(revisionAt! + 1));
      const steps = [...kept, ...target.steps];
      expect(judgeSteps(withStory(question), steps)).toEqual(steps.map(() => true));
      expect(target.answer).toBe(/(\d+)\.$/.exec(steps.at(-1)!)![1]);
      expect(targets).toEqual(
        tokens.map((_, at) => (at < revisionAt! || at === tokens.length - 1 ? -1 : tokens[at + 1])),
      );
      seen[mark < 0 ? 'whole' : 'marked']++;
      // The marked line is not the one that follows.
      if (mark >= 0) {
        const bad = spell(draft.slice(mark + 1)).split('\n')[0];
        expect(spell(tokens.slice(revisionAt! + 1)).split(/\n|<\|eos/)[0]).not.toBe(bad);
      }
    }
    expect(seen.marked).toBeGreaterThan(0);
    expect(seen.whole).toBeGreaterThan(0);
  });

  it('of a base that knows no truth has questions, solutions and right equations alone', () => {
    const plain: BaseMixture = {
      ...mixture,
      ...{ drills: 0, checks: 0, judgements: 0, revisions: 0, questionWeight: 0.1, sums: 4 },
    };
    const roles = [ids.step, ids.plus, ids.minus, ids.bad, ids.draft, ids.revision];
    for (const step of steps) {
      const batch = baseBatch(codec, plain, 'train', step);
      expect(batch).toHaveLength(10);
      for (const { tokens, targets } of batch) {
        expect([...tokens, ...targets].filter((token) => roles.includes(token))).toEqual([]);
      }
      for (const { tokens, targets, weights } of batch.slice(0, 6)) {
        // All of it is written, the question at a tenth.
        expect(targets).toEqual([...tokens.slice(1), -1]);
        const start = tokens.indexOf(tokenizer.encode('\n')[0]!);
        expect(weights!.map((weight) => weight < 1)).toEqual(tokens.map((_, at) => at < start));
      }
      for (const { tokens, targets } of batch.slice(6)) {
        const lines = spell(tokens.slice(1)).split('\n').filter(Boolean);
        expect(lines).toHaveLength(8);
        for (const line of lines) {
          const [, a, operator, b, result] = /^(\d+)([-+*/])(\d+)=(\d+)\.$/.exec(line)!;
          expect(result).toBe(String(operations[operator!]!(Number(a), Number(b))));
        }
        // What follows each sign = is learned.
        const learned = spell(targets.filter((target) => target >= 0));
        expect(learned).toBe(lines.map((line) => `${line.split('=')[1]}\n`).join(''));
      }
    }
  });

  it('shares no structure with the problems of the other splits', () => {
    const structureIn = ({ tokens }: Example) =>
      structureOf(parseStory(spell(tokens).slice('<|bos|>'.length).split('\n')[0]!));
    const learned = new Set(
      [...problems, ...judgements, ...revisions].map(
        (example) => structureIn(example).split(' #')[0],
      ),
    );
    for (const split of ['dev', 'test'] as const) {
      const settings = mixture.settings;
      for (const { structure } of generateProblems({ split, count: 100, seed: 1, settings })) {
        expect(learned.has(structure!.split(' #')[0])).toBe(false);
      }
    }
  });
});
