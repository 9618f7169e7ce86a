/** The figures of `glore grade` as text. */
import { percent, renderTable } from '../../evaluate/index.js';
import { readGold } from '../../reading/index.js';
import { visible } from '../../visible.js';
import { accuracyOf } from '../accuracy.js';
import { renderWithin } from '../layout.js';
import type { Screen } from '../terminal.js';
import type { Grades } from './figures.js';

/** @param most so many doubtful answers are shown, and lines without an answer */
export function renderGrades(grades: Grades, screen: Screen, most: number): string {
  const { answers, right, wrong, noAnswer, unanswered, doubtful, sampled } = grades;
  const counts: [string, number][] = [
    ['right', right],
    ['wrong', wrong],
    ['no answer found', noAnswer],
  ];
  const found = Object.entries(grades.how).filter(([, count]) => count > 0);
  const parts = [
    sampled ? renderSampled(grades) : accuracyOf(right, answers),
    renderTable(['result', 'answers'], cells(counts)),
    renderTable(['answer found by', 'answers'], cells(found)),
  ];
  if (unanswered.length > 0 && most > 0) {
    const more = unanswered.length > most ? ', ..' : '';
    parts.push(`no answer found in lines ${unanswered.slice(0, most).join(', ')}${more}`);
  }
  const shown = doubtful.slice(0, most);
  if (doubtful.length > 0) parts.push(`doubtful: ${doubtful.length}, shown: ${shown.length}`);
  if (shown.length > 0) {
    parts.push(
      renderWithin(screen, {
        headers: ['line', 'judged', 'gold', 'answer', 'why'],
        rows: shown.map(({ line, sample, right, gold, answer, reason }) => [
          sample === undefined ? String(line) : `${line}.${sample}`,
          right ? 'right' : 'wrong',
          shownOf(readGold(gold)!.value),
          shownOf(answer),
          shownOf(reason),
        ]),
        align: ['right', 'left', 'left', 'left', 'left'],
      }),
    );
  }
  return parts.join('\n\n');
}

function renderSampled({ accuracy, interval: { low, high }, sampled }: Grades): string {
  const { rows, least, most, passAt, majority } = sampled!;
  const texts = least === most ? `${least}` : `${least} to ${most}`;
  return [
    `mean accuracy ${percent(accuracy)} (${texts} answers to each of ${rows} questions), 95% interval ${percent(low)} to ${percent(high)}`,
    renderTable(
      ['of each question', 'right'],
      [
        ...Object.entries(passAt).map(([k, rate]) => [`one of ${k} (pass@${k})`, percent(rate)]),
        ['most frequent answer', percent(majority)],
      ],
    ),
  ].join('\n\n');
}

/** The beginning of what a model wrote, which may hold anything that a terminal obeys. */
const shownOf = (text: string): string =>
  visible(text.slice(0, longest)) + (text.length > longest ? '..' : '');

const longest = 200;

const cells = (counts: readonly (readonly [string, number])[]): string[][] =>
  counts.map(([name, count]) => [name, String(count)]);
