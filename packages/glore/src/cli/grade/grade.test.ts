import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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
      accuracy: 7 / 11,
      // scipy 1.17: binomtest(7, 11).proportion_ci(method='wilson')
      interval: { low: expect.closeTo(0.3538, 4), high: expect.closeTo(0.84834, 4) },
      how: { marker: 5, boxed: 1, phrase: 1, bare: 1, 'last-number': 1 },
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
          reason: 'both are 49 if a unit is read the other way',
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

  it('refuses a limit that is no number, and missing fields', async () => {
    await expect(
      grade(file, '--gold', 'gold', '--answer', 'text', '--limit-doubtful', 'few'),
    ).rejects.toThrow('expected a whole number from 0, found "few"');
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
