/** A decision as text: where the draft goes wrong, what each refinement changes, and the choice. */
import type { Solution } from '../../codec/index.js';
import type { Decision, RefineOptions } from '../../refine/index.js';
import { visible } from '../../visible.js';
import { renderWithin, wrap } from '../layout.js';
import type { Screen } from '../terminal.js';
import { keptLines } from './changes.js';
import { answerOf } from './models.js';

/** All rounds of a question, and its answer. */
export function renderRounds(
  rounds: readonly Decision[],
  settings: RefineOptions,
  screen: Screen,
): string {
  const parts = rounds.map((decision, i) => {
    const round = i > 0 ? [`round ${i + 1}: what was chosen is refined again`] : [];
    return [...round, renderDecision(decision, settings, screen)].join('\n\n');
  });
  const answer = screen.paint.bold(`answer: ${shown(answerOf(rounds) ?? 'none')}`);
  return `${parts.join('\n\n\n')}\n\n${answer}`;
}

function renderDecision(
  { values, location, candidates, choice }: Decision,
  settings: RefineOptions,
  screen: Screen,
): string {
  const { paint, width } = screen;
  if (settings.mode === 'vote') return renderVote(candidates, choice, screen);
  const [draft, ...refined] = candidates;
  const lines = linesOf(draft!.solution);
  const parts = [
    renderLines(
      'draft',
      lines.map((text, i) => {
        const wrong = i + 1 === location;
        return { text, value: values[i], ...(wrong && { mark: '!', note: 'E', paint: paint.red }) };
      }),
      screen,
    ),
  ];
  const [threshold, tau] = [settings.threshold, settings.tau].map(fixed);
  const where =
    refined.length === 0
      ? `kept by the gate: the ORM values the draft at ${fixed(draft!.score)}, not below ${tau}`
      : location === -1
        ? `no first error: the SORM values no line below ${threshold}, so there is nothing to refine locally`
        : `first error E = ${location}: the first line that the SORM values below ${threshold}`;
  parts.push(wrap(where, width));
  for (const { source, solution } of refined) {
    const own = linesOf(solution);
    const kept = keptLines(lines, own);
    parts.push(
      renderLines(
        source === 'local' ? `local, from line ${location} on` : source,
        own.map((text, i) =>
          kept[i] ? { text, paint: paint.dim } : { text, mark: '+', paint: paint.green },
        ),
        screen,
      ),
    );
  }
  const both = candidates.some(({ least }) => least !== undefined);
  const table = renderWithin(screen, {
    headers: ['candidate', 'ORM', ...(both ? ['least SORM'] : []), 'tokens', 'answer'],
    rows: candidates.map(({ source, score, least = 1, tokens, solution }, i) => [
      source,
      fixed(score),
      ...(both ? [fixed(least)] : []),
      String(tokens),
      shown(solution.answer ?? 'none') + (i === choice ? '  <- chosen' : ''),
    ]),
    align: ['left', 'right', ...(both ? ['right' as const] : []), 'right', 'left'],
  });
  parts.push(table.replace(/^.*<- chosen$/m, (line) => paint.bold(line)));
  return parts.join('\n\n');
}

/** What was chosen, and the votes. */
function renderVote(candidates: Decision['candidates'], choice: number, screen: Screen): string {
  const { solution, original } = candidates[choice]!;
  const text = shownText(original?.text ?? linesOf(solution).join('\n'));
  const table = renderWithin(screen, {
    headers: ['candidate', 'votes', 'tokens', 'answer'],
    rows: candidates.map(({ source, score, tokens, solution }, i) => [
      source,
      `${Math.round(score * candidates.length)} of ${candidates.length}`,
      String(tokens),
      shown(solution.answer ?? 'none') + (i === choice ? '  <- chosen' : ''),
    ]),
    align: ['left', 'right', 'right', 'left'],
  });
  return [
    screen.paint.bold(candidates[choice]!.source),
    text,
    '',
    table.replace(/^.*<- chosen$/m, (line) => screen.paint.bold(line)),
  ].join('\n');
}

const shownText = (text: string): string => text.trim().split('\n').map(shown).join('\n');

/** Lines as locations count them: the steps, then the answer, or that there is none. */
const linesOf = ({ steps, answer }: Solution): string[] => [
  ...steps.map(shown),
  answer === null ? NO_ANSWER : shown(`#### ${answer}`),
];

/** A model's line, with nothing in it that a terminal would obey. */
const shown = (line: string): string => visible(line.replaceAll('\t', ' '));

const NO_ANSWER = '(stops without an answer)';

interface Line {
  readonly text: string;
  /** What the line is, for those who see no colours. */
  readonly mark?: string;
  /** The SORM's value. */
  readonly value?: number | undefined;
  /** Said of the value. */
  readonly note?: string;
  readonly paint?: (text: string) => string;
}

/** Numbered lines under a title, with their values where there are any; long lines hang from their first one. */
function renderLines(title: string, lines: readonly Line[], { width, paint }: Screen): string {
  const valued = lines.some(({ value }) => value !== undefined);
  const digits = String(lines.length).length;
  const gutter = `! ${'0'.repeat(digits)}  `.length;
  const most = width - gutter - (valued ? '  0.000  <- E'.length : 0);
  const wrapped = lines.map(({ text }) => wrap(text, most).split('\n'));
  const longest = Math.max(...wrapped.flat().map(({ length }) => length));
  const head = valued ? `${title.padEnd(gutter + longest)}  SORM` : title;
  const rendered = lines.flatMap(({ text, mark = ' ', value, note, paint: colour }, i) => {
    const number = text === NO_ANSWER ? '-' : String(i + 1);
    return wrapped[i]!.map((piece, part) => {
      const begin =
        part === 0 ? `${mark} ${number.padStart(digits)}  ${piece}` : ' '.repeat(gutter) + piece;
      const end = `${fixed(value ?? 0)}${note ? `  <- ${note}` : ''}`;
      const line =
        value === undefined || part > 0 ? begin : `${begin.padEnd(gutter + longest)}  ${end}`;
      return colour ? colour(line) : line;
    });
  });
  return [paint.bold(head), ...rendered].join('\n');
}

const fixed = (value: number): string => value.toFixed(3);
