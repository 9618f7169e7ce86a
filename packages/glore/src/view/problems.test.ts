/** Test problems as the pages list them: filters, search, pages, details, and files that change meanwhile. */
import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { judge } from '../reading/index.js';
import { folderWith, type Given, writeProblems } from './folder.testing.js';
import { TestProblems } from './problems.js';
import { filesOf } from './rows.js';
import { problemFilters } from './wire.js';

const fine: Given = { gold: '5', draft: '5', truth: [true, true], global: '5', choice: 0 };
const wrong: Given = { ...fine, draft: '6', truth: [true, false], global: '6' };

const all = { from: 0, count: 100 };
const open = async (problems: readonly Given[]) => new TestProblems(await folderWith(problems));
/** In which filters the only problem is. */
const filtersOf = async (given: Given) => (await (await open([given])).page(all)).rows[0]!.filters;

describe('filters', () => {
  const cases: [string, Given, string[]][] = [
    ['what is right from the draft on', fine, []],
    [
      'a draft whose first error was seen and put right',
      { ...wrong, local: '5', choice: 2 },
      ['wrong-to-right', 'draft-wrong'],
    ],
    [
      'a right draft that was given up',
      { ...fine, global: '7', choice: 1 },
      ['right-to-wrong', 'reranker-mistake'],
    ],
    [
      'an error that nobody saw or put right',
      wrong,
      ['missed-first-error', 'draft-wrong', 'none-right'],
    ],
    [
      'an error that was seen in another step',
      { ...wrong, local: '6', location: 1 },
      ['missed-first-error', 'draft-wrong', 'none-right'],
    ],
    [
      'an answer line that is the first error, and was seen',
      { ...wrong, truth: [true, true], local: '5', location: 3, choice: 2 },
      ['wrong-to-right', 'draft-wrong'],
    ],
    ['an error that was seen where there is none', { ...fine, local: '5' }, []],
    [
      'a wrong draft without known truth in which no error was seen',
      { gold: '5', draft: '6', global: '5', choice: 0 },
      ['missed-first-error', 'reranker-mistake', 'draft-wrong'],
    ],
    [
      'the same where one was seen',
      { gold: '5', draft: '6', global: '6', local: '6', choice: 0 },
      ['draft-wrong', 'none-right'],
    ],
    [
      'a draft without an answer, which is no doubt',
      { ...wrong, draft: null, local: '5', choice: 2 },
      ['wrong-to-right', 'draft-wrong'],
    ],
    [
      'an answer that a person might take for the gold one',
      { gold: '50', draft: '50', truth: [true, true], global: '50%', choice: 0 },
      ['doubtful-grade'],
    ],
  ];
  it.each(cases)('hold %s', async (_, given, filters) => {
    expect(await filtersOf(given)).toEqual(filters);
  });

  it('have no doubt of whole numbers, as the grader has none', () => {
    for (const gold of ['0', '7', '24', '60', '100', '1200', '2024', '007']) {
      for (const answer of ['0', '7', '24', '60', '100', '1200', '2024', '999999999999999']) {
        expect(judge({ gold, text: `#### ${answer}` }).doubtful).toBe(false);
      }
    }
  });
});

describe('pages', () => {
  const many = Array.from({ length: 25 }, (_, i) => (i % 5 === 0 ? wrong : fine));

  it('have so many of those that match, in their order, and count all of them', async () => {
    const problems = await open(many);
    const page = await problems.page({ filter: 'draft-wrong', from: 1, count: 2 });
    expect(page).toMatchObject({ total: 5, from: 1, rows: [{ index: 5 }, { index: 10 }] });
    expect(page.counts).toEqual({
      ...Object.fromEntries(problemFilters.map((filter) => [filter, 0])),
      ...{ all: 25, 'missed-first-error': 5, 'draft-wrong': 5, 'none-right': 5 },
    });
    expect(await problems.page({ from: 25, count: 10 })).toMatchObject({ total: 25, rows: [] });
  });

  it('are searched in ids, questions and answers, whatever the case', async () => {
    const problems = await open([...many, { ...fine, global: '1,234' }]);
    const found = async (search: string, filter?: 'draft-wrong') => {
      const { rows, total, counts } = await problems.page({ ...all, search, filter });
      expect(rows).toHaveLength(total);
      return { total, all: counts.all, wrong: counts['draft-wrong'] };
    };
    expect(await found(' TEST-26 ')).toEqual({ total: 1, all: 1, wrong: 0 });
    expect(await found('ärger” 😀')).toMatchObject({ total: 26 });
    expect(await found('basket 1')).toEqual({ total: 11, all: 11, wrong: 3 });
    expect(await found('basket 1', 'draft-wrong')).toEqual({ total: 3, all: 11, wrong: 3 });
    expect(await found('1,234')).toMatchObject({ total: 1 });
    expect(await found('nothing of the kind')).toMatchObject({ total: 0, all: 0 });
  });

  it('are empty before there are records, and there once they are', async () => {
    const folder = await folderWith(many);
    const { refinements } = filesOf(folder);
    rmSync(refinements);
    const problems = new TestProblems(folder);
    expect(await problems.page(all)).toMatchObject({ total: 0, rows: [], counts: { all: 0 } });
    await expect(problems.details(0)).rejects.toMatchObject({ code: 'problem-missing' });
    await writeProblems(folder, [wrong, fine]);
    expect(await problems.page(all)).toMatchObject({ total: 2, rows: [{ draft: false }, {}] });
  });
});

describe('details', () => {
  it('are the records, with what is right of them', async () => {
    const problems = await open([fine, { ...wrong, local: '5', choice: 2 }]);
    const details = await problems.details(1);
    expect(details).toMatchObject({
      row: { index: 1, id: 'test-2', draft: false, global: false, local: true, choice: true },
      gold: { answer: '5', steps: ['There are 1+1=2.'] },
      draft: { answer: '6', right: false, orm: [0.9, 0.2, 0.6], truth: [true, false] },
      samples: [{ answer: '5', right: true }],
      decision: { location: 2, choice: 2 },
      right: [false, false, true],
      firstError: 2,
      threshold: 0.25,
    });
    expect(details.row.source).toBe('local');
    expect(details.draft.steps).toEqual(['first, "samples":[', ',"samples":[ 6']);
    expect(details.samples[0]).not.toHaveProperty('truth');
    const { truth: _, ...unknown } = wrong;
    expect(await (await open([unknown])).details(0)).not.toHaveProperty('firstError');
  });

  it('are of the records as they are now', async () => {
    const folder = await folderWith([fine, fine]);
    const problems = new TestProblems(folder);
    expect((await problems.details(1)).draft.answer).toBe('5');
    await writeProblems(folder, [{ ...fine, gold: '12345' }, wrong, wrong]);
    expect((await problems.details(1)).draft.answer).toBe('6');
    await expect(problems.details(3)).rejects.toMatchObject({ code: 'problem-missing' });
  });
});

describe('records that are broken', () => {
  it('are named with their line', async () => {
    const folder = await folderWith([fine, fine]);
    const { attempts, refinements } = filesOf(folder);
    appendFileSync(refinements, '{"problem":\n');
    const problems = new TestProblems(folder);
    await expect(problems.page(all)).rejects.toMatchObject({ code: 'record-broken' });
    writeFileSync(attempts, '{"problem":"test-1","draft":{"steps":[]}}\n');
    await expect(problems.page(all)).rejects.toMatchObject({
      code: 'record-broken',
      message: expect.stringContaining('test.attempts.jsonl:1: draft.answer: '),
    });
  });

  it.each(['problems', 'attempts', 'refinements'] as const)(
    'are sought in the file that has too few: %s',
    async (name) => {
      const folder = await folderWith([fine, fine]);
      const path = filesOf(folder)[name];
      writeFileSync(path, readFileSync(path, 'utf8').replace(/\n.*\n$/, '\n'));
      await expect(new TestProblems(folder).page(all)).rejects.toMatchObject({
        code: 'record-broken',
        message: expect.stringMatching(`${path}: .* found 1; correct it, or delete ${path}`),
      });
    },
  );

  it('are those of other problems, too', async () => {
    const folder = await folderWith([fine, fine]);
    const { problems } = filesOf(folder);
    writeFileSync(
      problems,
      '{"id":"a","question":"b","answer":"c","steps":[]}\n{"id":"d","question":"b","answer":"c","steps":[]}\n',
    );
    await expect(new TestProblems(folder).page(all)).rejects.toMatchObject({
      message: expect.stringContaining('test.attempts.jsonl:1: problem: expected a, found test-1'),
    });
  });
});
