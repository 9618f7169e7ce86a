/** Any texts, of what means something to a reader. */

/** Pieces that mean something to a reader of texts, whole and cut. */
export const pieces = [
  ...[
    '#### ',
    '####',
    '#### Answer: ',
    '**#### ',
    '\\boxed{',
    '\\boxed ',
    '}',
    '{',
    'The answer is ',
  ],
  ...[
    'the final answer is: ',
    'Answer:\n',
    '**Answer**\n',
    'A: ',
    '<answer>',
    '</answer>',
    '= ',
    '\n= ',
  ],
  ...['<think>', '</think>', '<thinking>', '[THINK]', '[/THINK]', '<reasoning>', '</reasoning>'],
  ...[
    '<|channel|>analysis<|message|>',
    '<|channel|>final<|message|>',
    '<|end|>',
    '<|start|>assistant',
  ],
  ...[
    'assistantfinal',
    'analysis',
    '<|im_end|>',
    '<|im_start|>user\n',
    '</s>',
    '<|eot_id|>',
    '[INST]',
  ],
  ...['Question: ', '\n\nQuestion: ', '\nProblem 2:\n', '### Instruction\n', 'Q: ', 'User: '],
  ...[
    '5',
    '12',
    '1,000',
    '1 000',
    '1.5',
    '-3',
    '(5)',
    '3/4',
    '1 1/2',
    '50%',
    '$5',
    '5 dollars',
    '₱500',
  ],
  ...[
    '2,74',
    '1.234,56',
    '10^6',
    '5e3',
    '5²',
    '½',
    '3⁄4',
    '٥٢',
    '五',
    '３',
    '5th',
    '3:30',
    '3:2',
    '5:00 PM',
  ],
  ...[
    'five',
    'twenty-one',
    'two and a half',
    'a dozen',
    'three hundred and five',
    'minus ',
    'negative ',
  ],
  ...[
    '\\frac{3}{4}',
    '\\cfrac12',
    '3 \\over 4',
    '\\sqrt{2}',
    '\\pi',
    '\\pm ',
    '\\text{ cups}',
    '\\%',
    '\\$',
  ],
  ...[
    '\\[',
    '\\]',
    '\\(',
    '\\)',
    '$$',
    '$',
    '~',
    '{,}',
    '\\,',
    '\\times 10^{3}',
    '^{2}',
    '_5',
    '_{5}',
  ],
  ...[
    '<<3+4=7>>',
    '<<',
    '>>',
    '**',
    '__',
    '`',
    '~~',
    '*',
    '_',
    '"',
    '<b>',
    '</b>',
    '<sup>2</sup>',
    '&nbsp;',
  ],
  ...[
    ' because ',
    ' so ',
    ' and ',
    ' or ',
    ' to ',
    ' < x',
    ' dollars',
    ' clips',
    '% of',
    ' per hour',
    ' left',
  ],
  ...[
    'Wait, ',
    'Check: ',
    'Actually ',
    'Step 1: ',
    '- ',
    '1. ',
    '\n',
    '\n\n',
    ' ',
    '.',
    ',',
    '!',
    '?',
    ':',
    '...',
  ],
  ...[
    '(A) ',
    'B. ',
    'option C',
    '\u200b',
    '\u00a0',
    '\u2028',
    '\r\n',
    '\t',
    '\0',
    '\ud83d',
    '。',
    'é',
    '>',
  ],
];

/** Any text: pieces in any order, sometimes again and again. */
export function soup(random, most = 40) {
  let text = '';
  for (let i = random.size(most); i > 0; i--) {
    const piece = random.of(pieces);
    text += random.chance(0.03) ? piece.repeat(random.size(60)) : piece;
    if (random.chance(0.3)) text += ' ';
  }
  return text;
}

/** A text of so many characters in which a few pieces come again and again. */
export function longText(random, length) {
  const start = random.several(pieces, 0, 4).join('');
  const piece = random.several(pieces, 1, 5).join('') || ' ';
  const text = start + piece.repeat(Math.ceil(length / piece.length));
  return text.slice(0, length) + random.several(pieces, 0, 3).join('');
}
