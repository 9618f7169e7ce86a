/** One round: the draft, what is made of it beside it, and the choice. */
import type { Source } from '../../../glore/src/refine/decision.js';
import { Candidate } from './candidate.js';
import { linesOf, thoughtOf } from './lines.js';
import type { Round as Shown } from './state.js';
import type { Settings } from './trace.js';
import { capital, isSame, nameOf, sayWhere, sayWhy } from './why.js';

export function Round({
  round,
  number,
  settings,
  open,
}: {
  round: Shown;
  /** From 1. */
  number: number;
  settings: Settings;
  /** More of it is to come. */
  open: boolean;
}) {
  const { candidates, choice, values, location, writing } = round;
  const isVote = settings.mode === 'vote';
  const [draft] = candidates;
  const before = draft && linesOf(draft, values, location);
  const against = draft && linesOf(draft).map(({ text }) => text);
  const names = candidates.map((candidate, i) => nameOf(candidate, i, number));
  const counted = candidates.some(({ score }) => score > 0) || choice !== undefined;
  const votes = (score: number) =>
    counted ? `${Math.round(score * candidates.length)} of ${candidates.length}` : '';
  const same = (place: number): string | undefined => {
    const first = candidates.findIndex((one) => isSame(one, candidates[place]!));
    return first < place && !isVote ? names[first] : undefined;
  };
  // What has come of a solution stays, whatever comes no more.
  const unfinished = open ? awaited(round, isVote) : writing.map(({ source }) => source);
  return (
    <section aria-label={`Round ${number}`}>
      {settings.rounds > 1 && (
        <h3>
          Round {number}
          {number > 1 && <small> what was chosen is refined again, with other samples</small>}
        </h3>
      )}
      <div class="sheets">
        {candidates.map((candidate, i) => (
          <Candidate
            key={i}
            title={titleOf(candidate.source, i, number)}
            lines={i === 0 ? before : linesOf(candidate)}
            thought={thoughtOf(candidate)}
            candidate={candidate}
            against={i === 0 || isVote ? undefined : against}
            votes={isVote ? votes(candidate.score) : undefined}
            same={same(i)}
            chosen={i === choice}
            remark={i === 0 ? sayWhere(round, settings) : undefined}
          />
        ))}
        {unfinished.map((source, i) => {
          const text = writing.find((one) => one.source === source)?.text;
          const place = candidates.length + i;
          return (
            <Candidate
              key={place}
              title={titleOf(source, place, number)}
              lines={text === undefined ? undefined : writtenLines(text)}
              against={place === 0 ? undefined : against}
              chosen={false}
              remark={open ? undefined : 'It was not written to its end.'}
            />
          );
        })}
      </div>
      {choice !== undefined && (!isVote || !open) && (
        <Why sentences={sayWhy({ values: [], location: -1, ...round, choice }, settings, number)} />
      )}
    </section>
  );
}

/** Lines as they are written: which of them are a step together is not known yet. */
const writtenLines = (text: string) =>
  text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => ({ text: line }));

/** What was chosen stands out, and the figures after it. */
function Why({ sentences }: { sentences: readonly string[] }) {
  const [, what, figures] = /^([^:;]*)(.*)$/s.exec(sentences.join(' '))!;
  return (
    <p class="why">
      <strong>{what}</strong>
      {figures}
    </p>
  );
}

const titleOf = (source: Source, place: number, round: number): string =>
  capital(nameOf({ source }, place, round).replace(/^the /, ''));

/** What is not there yet, as far as it is known that it comes. */
function awaited({ candidates, values, location }: Shown, isVote: boolean): Source[] {
  const sources: readonly Source[] =
    isVote || values === undefined
      ? ['draft']
      : ['draft', 'global', ...(location! > 0 ? (['local'] as const) : [])];
  return sources.slice(candidates.length);
}
