/** Texts: what models write, and gold fields. */

import {
  parseLines,
  parseSolution,
  renderSolution,
} from '../../packages/glore/dist/codec/index.js';
import { canonical } from '../../packages/glore/dist/reading/canonical.js';
import {
  extractAnswer,
  goldAnswer,
  judge,
  readSolution,
  sameAnswer,
} from '../../packages/glore/dist/reading/index.js';
import { plain } from '../../packages/glore/dist/reading/plain.js';
import { known } from '../known.mjs';
import { mutateText } from '../mutate.mjs';
import { holds } from '../outcome.mjs';
import { longText, soup } from '../texts.mjs';

/** Everything that reads texts. */
const readers = {
  number: (text) => extractAnswer(text),
  words: (text) => extractAnswer(text, 'text'),
  solution: (text) => readSolution(text),
  unfinished: (text) => readSolution(text, { finished: false }),
  gold: goldAnswer,
  same: (text) => sameAnswer(text, '5'),
};

const shown = (value) => JSON.stringify(value).slice(0, 300);

/** What must hold of any text. */
function consistent(text) {
  const [number, , solution, , gold] = Object.values(readers).map((read) => read(text));
  const { steps, answer } = parseSolution(text);
  holds(
    JSON.stringify([steps, answer]) === JSON.stringify([solution.steps, solution.answer]),
    'two-readings',
    () => `parseSolution and readSolution differ on ${shown(text)}`,
  );
  for (const step of steps) {
    holds(step.trim() !== '' && !step.includes('\n'), 'step', () => `the step ${shown(step)}`);
  }
  const again = parseLines(renderSolution({ steps, answer }));
  holds(
    again.answer === answer && JSON.stringify(again.steps) === JSON.stringify(steps),
    'render',
    () => `${shown({ steps, answer })} is ${shown(again)} once it was written and read`,
  );
  // What words say is cut where they have marks in them; of a number nothing may be lost.
  if (gold !== '' && canonical(gold).kind === 'number') {
    const twice = goldAnswer(gold);
    holds(
      twice !== '' && (twice === gold || sameAnswer(twice, gold)),
      'gold-twice',
      () => `the gold answer ${shown(gold)} is ${shown(twice)} when it is read again`,
    );
    const own = judge({ gold, text: `#### ${gold}` });
    holds(
      own.right || own.doubtful,
      'gold-itself',
      () =>
        `the gold answer ${shown(gold)} is wrong for certain where it is given as it is: ${shown(own)}`,
    );
  }
  // Nobody encloses an answer more often.
  if (text.length <= 500 && (text.match(/[$*_`]/g) ?? []).length <= 24) {
    const once = plain(text);
    holds(
      plain(once) === once,
      'plain-twice',
      () => `${shown(once)} becomes ${shown(plain(once))}`,
    );
    holds(
      canonical(text) === undefined || sameAnswer(text, text),
      'unlike-itself',
      () => `${shown(text)} is not the same as itself`,
    );
  }
  return number ? `answer by ${number.how}` : 'no answer';
}

export const texts = {
  name: 'texts',
  about:
    'any text: every reader reads it, reading twice is reading once, an answer is equal to itself',
  share: 3,
  weight: 1,
  open: async () => ({
    make(random) {
      const base = random.chance(0.5) ? soup(random) : known(random).text;
      return random.chance(0.5) ? base : mutateText(random, base);
    },
    run: consistent,
  }),
};

export const answers = {
  name: 'answers',
  about: 'texts made with a known answer, or with another: none is judged wrongly for certain',
  share: 3,
  weight: 1,
  open: async () => ({
    make: known,
    run({ gold, text, expect }) {
      const { right, doubtful, extracted, reason } = judge({ gold, text });
      holds(
        doubtful || right === (expect === 'right'),
        'wrong-and-sure',
        () =>
          `gold ${shown(gold)}, text ${shown(text)}: expected ${expect}, found ${right ? 'right' : 'wrong'} (${shown(extracted ?? null)}${reason ? `, ${reason}` : ''})`,
      );
      return `${expect}${doubtful ? ', doubted' : ''}`;
    },
  }),
};

export const long = {
  name: 'long',
  about: 'pieces again and again, up to 400,000 characters: each reader takes less than a second',
  share: 2,
  weight: 0.1,
  open: async () => ({
    make: (random) => ({
      reader: random.of(Object.keys(readers)),
      text: longText(random, random.of([300, 500, 20_000, 100_000, 400_000])),
    }),
    run({ reader, text }) {
      readers[reader](text);
      return `${reader}${text.length > 50_000 ? ', long' : ''}`;
    },
  }),
};

export const pairs = {
  name: 'equality',
  about:
    'pairs of answers: equality is the same both ways, and of what it says a judge is never sure of the opposite',
  share: 1,
  weight: 1,
  open: async () => ({
    make: (random) => [soup(random, 4), soup(random, 4)],
    run([a, b]) {
      const same = sameAnswer(a, b);
      holds(same === sameAnswer(b, a), 'one-way', () => `${shown(a)} and ${shown(b)}`);
      return same ? 'same' : 'other';
    },
  }),
};
