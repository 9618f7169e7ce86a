/** One candidate: its lines, beside the draft's, and what the critics say of it. */
import type { Candidate as Written } from '../../../glore/src/refine/decision.js';
import { type Line, Solution } from '../parts/solution.js';
import { tintOf } from '../parts/tint.js';
import { isEmpty } from './why.js';

export function Candidate({
  title,
  lines,
  thought,
  candidate,
  against,
  votes,
  same,
  chosen,
  remark,
}: {
  title: string;
  /** Undefined until the first is there. */
  lines: readonly Line[] | undefined;
  /** What its model thought before it. */
  thought?: string | undefined;
  /** Undefined until it is written and valued. */
  candidate?: Written | undefined;
  /** The draft's lines, of which this is to be a refinement. */
  against?: readonly string[] | undefined;
  /** Of a vote: `5 of 8`; empty while votes are not counted. */
  votes?: string | undefined;
  /** The candidate whose text it has, too. */
  same?: string | undefined;
  chosen: boolean;
  remark?: string | undefined;
}) {
  const { answer } = candidate?.solution ?? {};
  return (
    <article
      class={chosen ? 'card sheet chosen' : 'card sheet'}
      aria-busy={!candidate && remark === undefined}
    >
      <div class="head">
        <h3>{title}</h3>
        {chosen && <span class="mark">chosen</span>}
        <span class="figures">
          {!candidate ? (
            remark === undefined && <small>{lines ? 'being written ..' : 'waited for ..'}</small>
          ) : votes !== undefined ? (
            votes && <span class="chip">{votes} votes</span>
          ) : (
            <Values {...candidate} />
          )}
        </span>
      </div>
      {thought !== undefined && (
        <details>
          <summary>Reasoning</summary>
          <p class="thought">{thought}</p>
        </details>
      )}
      {lines && lines.length > 0 && (
        <Solution label={title} lines={lines} against={against} unfinished={!candidate} />
      )}
      {candidate && (
        <p class="faint">
          {isEmpty(candidate)
            ? 'Not written.'
            : `${answer == null ? 'No answer' : `Answer ${answer}`}; ${candidate.tokens} tokens.`}
          {same !== undefined && ` The same as ${same}.`}
        </p>
      )}
      {remark !== undefined && <p>{remark}</p>}
    </article>
  );
}

function Values({ score, least }: Written) {
  return (
    <>
      <Value name="ORM" value={score} />
      {least !== undefined && <Value name="least SORM" value={least} />}
    </>
  );
}

function Value({ name, value }: { name: string; value: number }) {
  return (
    <data class="chip" value={value} title={`${name} ${value.toFixed(4)}`} style={tintOf(value)}>
      {name} {value.toFixed(2)}
    </data>
  );
}
