/** The frame of the pages: what there is to see, where one is, and the key if the server wants one. */
import { lazy, Suspense } from 'preact/compat';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { About } from '../../glore/src/view/wire.js';
import { ApiFailure, askJson, keepKey, readKey } from './api.js';
import { useAsked } from './parts/asked.js';
import { Problem } from './parts/problem.js';
import { Playground } from './playground/index.js';
import { hrefOf, type Route, useRoute } from './route.js';

// Its charts are three quarters of what there is to load.
const Runs = lazy(() => import('./run/index.js').then(({ Runs }) => Runs));

export function App() {
  const route = useRoute();
  const [asked, setAsked] = useState(0);
  const about = useAsked<About>((signal) => askJson('api/about', signal), [asked]);
  const { value, failure } = about;
  if (failure instanceof ApiFailure && failure.code === 'invalid_api_key') {
    return <KeyForm refused={readKey() !== ''} onKey={() => setAsked(asked + 1)} />;
  }
  if (failure) {
    return (
      <main>
        <Problem failure={failure} onAgain={() => setAsked(asked + 1)} />
      </main>
    );
  }
  if (!value) return <main aria-busy="true" />;
  const views = viewsOf(value);
  const [first] = route.path;
  const view = views.find(({ name }) => name === first) ?? views[0];
  return (
    <>
      <button type="button" class="skip" onClick={() => document.getElementById('main')?.focus()}>
        Skip to the content
      </button>
      <header>
        <strong>glore</strong>
        <nav aria-label="Views">
          {views.map(({ name, title }) => (
            <a
              key={name}
              href={hrefOf(name)}
              aria-current={name === view?.name ? 'page' : undefined}
            >
              {title}
            </a>
          ))}
        </nav>
        <small>{value.version}</small>
      </header>
      <main id="main" tabIndex={-1}>
        {view === undefined ? (
          <p>There is nothing to see here: no run, and no models.</p>
        ) : (
          <View name={view.name} about={value} route={route} />
        )}
      </main>
    </>
  );
}

function viewsOf({ playground, runs }: About): { name: string; title: string }[] {
  return [
    ...(playground ? [{ name: 'play', title: 'Playground' }] : []),
    ...(runs.length > 0 ? [{ name: 'runs', title: runs.length === 1 ? 'Run' : 'Runs' }] : []),
  ];
}

function View({ name, about, route }: { name: string; about: About; route: Route }) {
  if (name === 'play' && about.playground) {
    return <Playground playground={about.playground} runs={about.runs} route={route} />;
  }
  return (
    <Suspense fallback={<p aria-busy="true">loading ..</p>}>
      <Runs names={about.runs} route={route} />
    </Suspense>
  );
}

function KeyForm({ refused, onKey }: { refused: boolean; onKey: () => void }) {
  const [key, setKey] = useState('');
  const field = useRef<HTMLInputElement>(null);
  // There is nothing else to do here, and the button that was pressed last is gone.
  useEffect(() => field.current?.focus(), []);
  return (
    <main>
      <form
        class="card"
        onSubmit={(event) => {
          event.preventDefault();
          keepKey(key);
          onKey();
        }}
      >
        <h1>This server wants a key</h1>
        <label>
          Key{' '}
          <input
            ref={field}
            type="password"
            autocomplete="current-password"
            required
            aria-invalid={refused}
            aria-describedby={refused ? 'refused' : undefined}
            value={key}
            onInput={(event) => setKey(event.currentTarget.value)}
          />
        </label>{' '}
        <button type="submit">Open</button>
        {refused && (
          <p role="alert" class="failure" id="refused">
            The key given last is not this server's.
          </p>
        )}
        <p>
          <small>It is the value of GLORE_API_KEY. It is kept until this tab is closed.</small>
        </p>
      </form>
    </main>
  );
}
