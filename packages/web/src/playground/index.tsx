/** The playground: a question, and how its answer comes about. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Playground as Settings } from '../../../glore/src/view/wire.js';
import { Problem } from '../parts/problem.js';
import { hrefOf, type Route, replaceRoute } from '../route.js';
import { useAnswer } from './answer.js';
import { Controls } from './controls.js';
import { Opening } from './keeping.js';
import { Questions } from './questions.js';
import { settingsFor, usual, wantedBy } from './settings.js';
import { Shown } from './shown.js';
import { fromLink, type Trace } from './trace.js';
import './playground.css';

export function Playground({
  playground,
  runs,
  route,
}: {
  playground: Settings;
  runs: readonly string[];
  route: Route;
}) {
  const answer = useAnswer();
  const { state } = answer;
  const [question, setQuestion] = useState(state.question);
  const [controls, setControls] = useState(() => usual(playground));
  const form = useRef<HTMLFormElement>(null);
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    const isBlank = question !== '' && question.trim() === '';
    field.current!.setCustomValidity(isBlank ? 'There is no word in it.' : '');
  }, [question]);
  const isAsking = state.phase === 'asking';
  const show = (trace: Trace) => {
    setQuestion(trace.question);
    answer.show(trace);
  };
  useLinked(route.query.get('trace'), show, answer.fail);
  const ask = () => {
    if (isAsking) return;
    replaceRoute(hrefOf('play'));
    const wanted = wantedBy(controls);
    answer.ask(question.trim(), wanted, settingsFor(wanted, playground));
  };
  return (
    <div class="playground">
      <form
        ref={form}
        class="card"
        onSubmit={(event) => {
          event.preventDefault();
          ask();
        }}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
            event.preventDefault();
            form.current!.requestSubmit();
          }
        }}
      >
        <h1>
          <label for="question">Question</label> <small>to {playground.over}</small>
        </h1>
        <textarea
          id="question"
          ref={field}
          rows={3}
          required
          aria-describedby="asks"
          value={question}
          onInput={(event) => setQuestion(event.currentTarget.value)}
        />
        <div class="row">
          {/* Both stay as they are while the other is needed, so that neither takes the place of the keyboard. */}
          <button type="submit" class="main" aria-disabled={isAsking}>
            Ask
          </button>
          {isAsking && (
            <button
              type="button"
              onClick={() => {
                answer.stop();
                field.current!.focus();
              }}
            >
              Stop
            </button>
          )}
          <Opening
            onOpen={(trace) => {
              // The address may be the link of another one.
              replaceRoute(hrefOf('play'));
              show(trace);
            }}
            onFailure={answer.fail}
          />
          <small id="asks">Ctrl or Cmd with Return asks.</small>
        </div>
        <Questions
          examples={playground.examples}
          hasRun={runs.length > 0}
          onTake={(taken) => {
            setQuestion(taken);
            field.current!.focus();
          }}
        />
        <Controls values={controls} playground={playground} onChange={setControls} />
      </form>
      {state.failure && <Problem failure={state.failure} />}
      <Shown state={state} now={question} />
    </div>
  );
}

/** Shows the trace of a link, once. */
function useLinked(
  word: string | null,
  show: (trace: Trace) => void,
  fail: (failure: Error) => void,
): void {
  useEffect(() => {
    if (word === null) return;
    let gone = false;
    fromLink(word).then(
      (trace) => gone || show(trace),
      (failure: Error) => gone || fail(failure),
    );
    return () => {
      gone = true;
    };
  }, [word]);
}
