/** Names with what they stand for, in a line or below each other. */
import type { ComponentChild } from 'preact';

export type Fact = readonly [name: string, value: ComponentChild];

export const Facts = ({ facts }: { facts: readonly Fact[] }) => (
  <dl class="facts">
    {facts.map(([name, value]) => (
      <div key={name}>
        <dt>{name}</dt>
        <dd>{value}</dd>
      </div>
    ))}
  </dl>
);
