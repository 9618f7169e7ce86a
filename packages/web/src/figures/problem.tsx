/** A test problem with all that was made of it: the draft under both critics, its refinements, the choice, the samples. */
import type { Judged, ProblemDetails } from '../../../glore/src/view/wire.js';
import { fixed, whole } from '../parts/figures.js';
import { Mark } from '../parts/mark.js';
import { Solution } from '../parts/solution.js';
import { Facts } from './facts.js';
import { filterWords } from './filters.js';
import { Lines } from './lines.js';

/** `Heading`: of its parts, one below the title that stands above it. */
export function ProblemView({
  problem,
  heading: Heading,
}: {
  problem: ProblemDetails;
  heading: 'h2' | 'h4';
}) {
  const { row, gold, draft, samples, decision, right, firstError, threshold } = problem;
  const lines = linesOf(draft);
  const place = (step: number) => (step === -1 ? 'none' : `line ${step}`);
  return (
    <>
      <p class="question">{row.question}</p>
      <Facts
        facts={[
          ['gold answer', <strong key="gold">{gold.answer}</strong>],
          ['first error, by the SORM', place(decision.location)],
          ...(firstError === undefined ? [] : [['in truth', place(firstError)] as const]),
          [
            'chosen',
            <Mark key="chosen" right={row.choice}>
              {row.source}
            </Mark>,
          ],
        ]}
      />
      {row.filters.length > 0 && (
        <ul class="tags" aria-label="Sets that it is in">
          {row.filters.map((filter) => (
            <li key={filter} title={filterWords[filter].what}>
              {filterWords[filter].name}
            </li>
          ))}
        </ul>
      )}
      <div class="columns candidates">
        {decision.candidates.map(({ source, solution, score, tokens }, i) => (
          <div key={source} class={i === decision.choice ? 'card chosen' : 'card'}>
            <Heading class="candidate">
              <Mark right={right[i]}>{titles[source]}</Mark>
              {i === decision.choice && <span class="mark">chosen</span>}
            </Heading>
            <p class="faint">
              ORM {fixed(score)}, {whole(tokens)} tokens
            </p>
            {source === 'draft' ? (
              <Lines
                of={draft}
                caption={`Values of its lines; the SORM sees an error below ${fixed(threshold)}`}
                marked={decision.location}
              />
            ) : (
              <Solution
                lines={linesOf(solution).map((text) => ({ text }))}
                against={lines}
                label={`${titles[source]}, with its changes of the draft`}
              />
            )}
          </div>
        ))}
        {!decision.candidates.some(({ source }) => source === 'local') && (
          <p class="faint">No local refinement: the SORM sees no error in the draft.</p>
        )}
      </div>
      {gold.steps.length > 0 && (
        <details>
          <summary>The worked solution</summary>
          <Solution lines={linesOf(gold).map((text) => ({ text }))} label="The worked solution" />
        </details>
      )}
      {samples.length > 0 && (
        <details>
          <summary>
            {samples.length} samples, {samples.filter((sample) => sample.right).length} right
          </summary>
          <div class="columns samples">
            {samples.map((sample, i) => (
              <div key={i}>
                <Lines of={sample} caption={<Mark right={sample.right}>sample {i + 1}</Mark>} />
              </div>
            ))}
          </div>
        </details>
      )}
    </>
  );
}

const titles = { draft: 'Draft', global: 'Global', local: 'Local', sample: 'Sample' };

const linesOf = ({ steps, answer }: Pick<Judged, 'steps' | 'answer'>): string[] => [
  ...steps,
  ...(answer === null ? [] : [`Answer: ${answer}`]),
];
