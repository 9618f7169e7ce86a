import { expect, it } from 'vitest';
import { readSolution } from './solution.js';

const stepsOf = (text: string, steps: 'lines' | 'paragraphs' | 'found' = 'found') =>
  readSolution(text, { steps }).steps;

it('takes lines where nothing else is meant', () => {
  const text = 'Fay has 3.\nShe buys 4.\n\nThat makes 7.\n#### 7';
  expect(stepsOf(text)).toEqual(['Fay has 3.', 'She buys 4.', 'That makes 7.']);
  expect(stepsOf(text, 'paragraphs')).toEqual(['Fay has 3. She buys 4.', 'That makes 7.']);
});

it.each([
  [
    'a block of LaTeX with the line before it',
    'First we add:\n\\[\n3 + 4 = 7\n\\]\nThen double it.\n$$\n14\n$$\nSo \\(14\\).',
    ['First we add: \\[ 3 + 4 = 7 \\]', 'Then double it. $$ 14 $$', 'So \\(14\\).'],
  ],
  [
    'an environment',
    'We get\n\\begin{align}\na &= 3\n\\end{align}\nDone.',
    ['We get \\begin{align} a &= 3 \\end{align}', 'Done.'],
  ],
  [
    'code',
    'Run it\n```python\nx = 3\n\nprint(x)\n```\nIt prints 3.',
    ['Run it ```python x = 3 print(x) ```', 'It prints 3.'],
  ],
  [
    'headed steps with all below them',
    'Let us see.\n\n### Step 1: Add\n\nWe add.\n\n\\[ 3+4=7 \\]\n\n### Step 2: Double\nIt is 14.',
    ['Let us see.', '### Step 1: Add We add. \\[ 3+4=7 \\]', '### Step 2: Double It is 14.'],
  ],
  [
    'items of a list with what is indented, but not what follows',
    '1. **Add**:\n   3 + 4 = 7\n2. Double:\n   - 14\n\nSo it is 14.',
    ['1. **Add**: 3 + 4 = 7', '2. Double: - 14', 'So it is 14.'],
  ],
  ['what a heading announces', '**Adding**\n3 + 4 = 7', ['**Adding** 3 + 4 = 7']],
  ['a rule with the line before it', 'One.\n---\nTwo.', ['One. ---', 'Two.']],
  ['nothing that is not closed', 'One:\n\\[\n3', ['One: \\[ 3']],
  ['no numbers out of turn', '7. Seven.\n3. Three.', ['7. Seven.', '3. Three.']],
])('finds %s', (_, text, expected) => {
  expect(stepsOf(text)).toEqual(expected);
});

it('says where steps end in the text, behind reasoning too', () => {
  const text = '<think>a\nb</think>\n\nAdd:\n\\[\n7\n\\]\n\nDone.\r\n#### 7<|im_end|>';
  const { steps, ends, answer } = readSolution(text, { steps: 'found' });
  expect(steps).toEqual(['Add: \\[ 7 \\]', 'Done.']);
  expect(answer).toBe('7');
  // Lines' ends of two characters are not looked for.
  expect(ends).toEqual([]);
  const plain = text.replace('\r', '');
  const read = readSolution(plain, { steps: 'found' });
  expect(read.ends.map((end) => plain.slice(0, end))).toEqual([
    '<think>a\nb</think>\n\nAdd:\n\\[\n7\n\\]',
    '<think>a\nb</think>\n\nAdd:\n\\[\n7\n\\]\n\nDone.',
  ]);
});
