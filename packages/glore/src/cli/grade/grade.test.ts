import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { passAt } from './figures.js';
import { gradeCommand } from './index.js';

const answers = [
  { gold: '18', text: '16 - 3 - 4 = 9. 9 * 2 = 18.\n#### 18' },
  { gold: 3, text: 'The answer is 3.' },
  { gold: 'So 70000.\n#### 70,000', text: 'It is \\boxed{70{,}000}.' },
  { gold: '540', text: '540' },
  { gold: '20', text: 'She feeds them 20 cups.' },
  { gold: '64', text: '#### 60\nWait.\n#### 64' },
  { gold: '50', text: '#### 50%' },
  { gold: '49', text: '#### $0.49' },
  { gold: '160', text: '#### 161' },
  { gold: '45', text: null },
  { gold: '460', text: 'I do not know.' },
];

let folder: string;
let file: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'glore-grade-'));
  file = join(folder, 'answers.jsonl');
  writeFileSync(file, answers.map((answer) => `${JSON.stringify(answer)}\n`).join(''));
});
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, ...rows: readonly object[]): string {
  return writeAll(name, rows);
}

function writeAll(name: string, rows: readonly object[]): string {
  const path = join(folder, name);
  writeFileSync(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  return path;
}

const linesOf = (path: string): Record<string, unknown>[] =>
  readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

/** What `glore grade` with these arguments writes to standard output. */
async function grade(...args: string[]): Promise<string> {
  let output = '';
  const command = gradeCommand()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => {
        output += text;
      },
      writeErr: () => {},
    });
  await command.parseAsync(args, { from: 'user' });
  return output;
}

const table = `accuracy 63.6% (7 of 11), 95% interval 35.4% to 84.8%

result           answers
---------------  -------
right                  7
wrong                  2
no answer found        2

answer found by  answers
---------------  -------
marker                 5
boxed                  1
phrase                 1
bare                   1
last-number            1

no answer found in lines 10, 11

doubtful: 4, shown: 3

line  judged  gold  answer  why
----  ------  ----  ------  --------------------------------------------------
   5  right   20    20      no number is marked as the answer, so the last one
                            was taken
   6  right   64    64      several answers are marked (60, 64), and 64 was
                            taken
   7  right   50    50%     one is a percentage, the other a bare number
`;

describe('glore grade', () => {
  it('prints accuracy, counts and doubtful answers', async () => {
    const output = await grade(file, '--gold', 'gold', '--answer', 'text', '--limit-doubtful', '3');
    expect(output).toBe(table);
  });

  it('prints one JSON object', async () => {
    const output = await grade(file, '--gold', 'gold', '--answer', 'text', '--json');
    expect(JSON.parse(output)).toEqual({
      file,
      answers: 11,
      right: 7,
      wrong: 2,
      noAnswer: 2,
      unanswered: [10, 11],
      accuracy: 7 / 11,
      // scipy 1.17: binomtest(7, 11).proportion_ci(method='wilson')
      interval: { low: expect.closeTo(0.3538, 4), high: expect.closeTo(0.84834, 4) },
      how: { tag: 0, marker: 5, boxed: 1, phrase: 1, bare: 1, 'last-number': 1 },
      doubtfulCount: 4,
      doubtful: [
        {
          line: 5,
          right: true,
          gold: '20',
          answer: '20',
          reason: 'no number is marked as the answer, so the last one was taken',
        },
        {
          line: 6,
          right: true,
          gold: '64',
          answer: '64',
          reason: 'several answers are marked (60, 64), and 64 was taken',
        },
        {
          line: 7,
          right: true,
          gold: '50',
          answer: '50%',
          reason: 'one is a percentage, the other a bare number',
        },
        {
          line: 8,
          right: false,
          gold: '49',
          answer: '$0.49',
          reason: 'both are 49 if a unit or a sign is read the other way',
        },
      ],
    });
  });

  it('shows no doubtful answers when asked for none', async () => {
    const output = await grade(file, '--gold', 'gold', '--answer', 'text', '--limit-doubtful', '0');
    expect(output.trimEnd().split('\n').at(-1)).toBe('doubtful: 4, shown: 0');
  });

  it('names a field that is not there', async () => {
    await expect(grade(file, '--gold', 'answer', '--answer', 'text')).rejects.toMatchObject({
      code: 'field-missing',
      message: `${file}:1: expected the field "answer", found "gold", "text"; add it or name another field`,
    });
  });

  it('names the line of an empty gold answer', async () => {
    const path = join(folder, 'empty-gold.jsonl');
    writeFileSync(path, '{"gold": "1", "text": "1"}\n{"gold": "", "text": "1"}\n');
    await expect(grade(path, '--gold', 'gold', '--answer', 'text')).rejects.toMatchObject({
      code: 'gold-unparsable',
      message: `${path}:2: expected a gold answer in the field "gold", found ""; give the answer alone, or mark it with ####`,
    });
  });

  it('writes each row with its verdict', async () => {
    const out = join(folder, 'made', 'graded.jsonl');
    await grade(file, '--gold', 'gold', '--answer', 'text', '--out', out);
    const rows = linesOf(out);
    expect(rows.map(({ glore, ...row }) => row)).toEqual(answers);
    const sure = { doubtful: false, reason: null };
    expect(rows.map(({ glore }) => glore)).toEqual([
      { right: true, answer: '18', how: 'marker', ...sure },
      { right: true, answer: '3', how: 'phrase', ...sure },
      { right: true, answer: '70,000', how: 'boxed', ...sure },
      { right: true, answer: '540', how: 'bare', ...sure },
      ...[4, 5, 6, 7].map(() =>
        expect.objectContaining({ doubtful: true, reason: expect.any(String) }),
      ),
      { right: false, answer: '161', how: 'marker', ...sure },
      ...[9, 10].map(() => ({
        right: false,
        doubtful: false,
        answer: null,
        how: null,
        reason: 'no answer found',
      })),
    ]);
    await expect(
      grade(out, '--gold', 'gold', '--answer', 'text', '--out', out),
    ).rejects.toMatchObject({
      code: 'file-same',
    });
    await expect(
      grade(out, '--gold', 'gold', '--answer', 'text', '--out', join(folder, 'again.jsonl')),
    ).rejects.toMatchObject({ code: 'field-taken' });
  });

  it('leaves no file where a row is bad', async () => {
    const path = write('bad.jsonl', { gold: '1', text: '1' }, { gold: '', text: '1' });
    const out = join(folder, 'bad-out.jsonl');
    await expect(grade(path, '--gold', 'gold', '--answer', 'text', '--out', out)).rejects.toThrow();
    expect(existsSync(out)).toBe(false);
  });

  it('follows paths into fields', async () => {
    const path = write('nested.jsonl', {
      doc: { answer: '9*2\n#### 18' },
      choices: [{ text: '#### 18' }],
      'a.b': '#### 18',
    });
    for (const answer of ['choices.0.text', 'a.b']) {
      const output = await grade(path, '--gold', 'doc.answer', '--answer', answer, '--json');
      expect(JSON.parse(output)).toMatchObject({ answers: 1, right: 1 });
    }
    await expect(grade(path, '--gold', 'doc.gold', '--answer', 'a.b')).rejects.toMatchObject({
      code: 'field-missing',
      message: `${path}:1: expected "gold" of the field "doc.gold", found "answer"; add it or name another field`,
    });
    await expect(grade(path, '--gold', 'doc', '--answer', 'a.b')).rejects.toMatchObject({
      code: 'field-type',
    });
  });

  const samples = [
    { gold: '18', texts: ['#### 18', '#### 17', '#### 17', '#### 18.00'] },
    { gold: '5', texts: ['#### 5', '#### 6', '#### 6', 'no idea'] },
    { gold: '7', texts: ['#### 8', '#### 9', null, '#### 9'] },
  ];

  it('grades lists of texts: all of them, one of k, and what most of them say', async () => {
    const path = write('lists.jsonl', ...samples);
    const out = join(folder, 'lists-out.jsonl');
    const output = await grade(path, '--gold', 'gold', '--answer', 'texts', '--json', '--out', out);
    expect(JSON.parse(output)).toMatchObject({
      answers: 12,
      right: 3,
      wrong: 7,
      noAnswer: 2,
      unanswered: [2, 3],
      accuracy: 0.25,
      sampled: {
        rows: 3,
        least: 4,
        most: 4,
        // 1 - C(2, 2) / C(4, 2), 1 - C(3, 2) / C(4, 2) and 0.
        passAt: {
          1: 0.25,
          2: expect.closeTo((5 / 6 + 1 / 2) / 3, 12),
          4: expect.closeTo(2 / 3, 12),
        },
        majority: expect.closeTo(1 / 3, 12),
      },
    });
    const written = linesOf(out).map(
      ({ glore }) => glore as { answer: string; samples: unknown[] },
    );
    expect(written.map(({ answer, samples }) => [answer, samples.length])).toEqual([
      ['18', 4],
      ['6', 4],
      ['9', 4],
    ]);
    expect(await grade(path, '--gold', 'gold', '--answer', 'texts')).toContain(
      `mean accuracy 25.0% (4 answers to each of 3 questions), 95% interval 0.0% to 53.3%

of each question      right
--------------------  -----
one of 1 (pass@1)     25.0%
one of 2 (pass@2)     44.4%
one of 4 (pass@4)     66.7%
most frequent answer  33.3%
`,
    );
  });

  it('counts pass@k as all ways to draw k do', () => {
    for (let count = 1; count <= 7; count++) {
      for (let right = 0; right <= count; right++) {
        for (let k = 1; k <= count; k++) {
          let [hits, ways] = [0, 0];
          for (let drawn = 0; drawn < 2 ** count; drawn++) {
            const members = Array.from({ length: count }, (_, i) => (drawn >> i) & 1);
            if (members.filter(Boolean).length !== k) continue;
            ways++;
            if (members.some((member, i) => member === 1 && i < right)) hits++;
          }
          expect(passAt(k, right, count)).toBeCloseTo(hits / ways, 12);
        }
      }
    }
  });

  it('refuses an empty list and what is no text', async () => {
    const empty = write('empty-list.jsonl', { gold: '1', texts: [] });
    await expect(grade(empty, '--gold', 'gold', '--answer', 'texts')).rejects.toMatchObject({
      code: 'field-empty',
    });
    const wrong = write('wrong.jsonl', { gold: '1', texts: [{ text: '1' }] });
    await expect(grade(wrong, '--gold', 'gold', '--answer', 'texts')).rejects.toMatchObject({
      code: 'field-type',
      message: `${wrong}:1: expected a string or a number in the field "texts", found an object; change its type`,
    });
  });

  it('reads sample files of lm-evaluation-harness as they are', async () => {
    const sample = (id: number, filter: string, text: string, exact_match: number) => ({
      doc_id: id,
      doc: { question: 'How many?', answer: '9*2=18\n#### 18' },
      target: '9*2=18\n#### 18',
      arguments: { gen_args_0: { arg_0: 'Question: How many?\nAnswer:' } },
      resps: [[text]],
      filtered_resps: ['18'],
      filter,
      metrics: ['exact_match'],
      doc_hash: 'a',
      exact_match,
    });
    const texts = [' 9*2=18\n#### 18', ' So it is $18.', ' \\boxed{18}'];
    const path = write(
      'samples_gsm8k.jsonl',
      ...texts.map((text, i) => sample(i, 'strict-match', text, i === 0 ? 1 : 0)),
      ...texts.map((text, i) => sample(i, 'flexible-extract', text, 1)),
    );
    expect(JSON.parse(await grade(path, '--json'))).toMatchObject({
      answers: 3,
      right: 3,
      accuracy: 1,
      exactMatch: { 'strict-match': 1 / 3, 'flexible-extract': 1 },
    });
    expect(await grade(path)).toContain(
      'exact_match by the harness: strict-match 33.3%, flexible-extract 100.0%',
    );
    const odd = write('odd.jsonl', sample(0, '\u0000\u001b[31mstrict', texts[0]!, 1));
    expect(await grade(odd)).toContain('harness: \\u0000\\u001b[31mstrict 100.0%');
  });

  it('shows as many doubtful answers as are asked for, with nothing that a terminal obeys', async () => {
    const rows = Array.from({ length: 150_000 }, (_, i) => ({
      gold: '5',
      text: `It is\u001b ${i}`,
    }));
    rows.push({ gold: '5', text: 'The answer is 5 \u001b[31m or 6' });
    const path = writeAll('many.jsonl', rows);
    const output = await grade(
      path,
      '--gold',
      'gold',
      '--answer',
      'text',
      '--limit-doubtful',
      '200000',
    );
    expect(output).toContain('doubtful: 150001, shown: 150001');
    expect(output).toContain('5 \\u001b[31m or 6');
    expect(output).not.toContain('\u001b');
  });

  it('refuses a limit that is no number, and missing fields', async () => {
    await expect(
      grade(file, '--gold', 'gold', '--answer', 'text', '--limit-doubtful', 'few'),
    ).rejects.toThrow('expected a whole number from 0.');
    await expect(grade(file, '--gold', 'gold')).rejects.toThrow('--answer <field>');
  });

  it('shows examples in its help', () => {
    let help = '';
    gradeCommand()
      .configureOutput({
        writeOut: (text) => {
          help += text;
        },
      })
      .outputHelp();
    expect(help).toContain('glore grade answers.jsonl --gold answer --answer completion');
  });

  const built = join(import.meta.dirname, '../../../dist/cli/grade/index.js');
  it.skipIf(!existsSync(built))('reads standard input (needs npm run build)', () => {
    const script = `
      import { gradeCommand } from ${JSON.stringify(built)};
      await gradeCommand().parseAsync(process.argv.slice(1), { from: 'user' });`;
    const { stdout, stderr, status } = spawnSync(
      process.execPath,
      ['--input-type=module', '-e', script, '--', '-', '--gold', 'g', '--answer', 'a', '--json'],
      { input: '{"g": "1", "a": "#### 1"}\n{"g": "2", "a": "#### 1"}\n', encoding: 'utf8' },
    );
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
    expect(JSON.parse(stdout)).toMatchObject({ file: '-', answers: 2, right: 1, wrong: 1 });
  });
});
