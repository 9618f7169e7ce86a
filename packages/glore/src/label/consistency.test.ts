import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { usesPrefix } from './consistency.js';

const finish = (answer: string | null, ...steps: string[]) => ({ steps, answer });

describe('usesPrefix', () => {
  const wrong = 'Fay has 37+148=175.';

  it('accepts a trace that takes in the result of the prefix, or gives it as the answer', () => {
    expect(usesPrefix(['Fay has 37+148=185.'], finish('370', 'Fay has 185*2=370.'))).toBe(true);
    expect(usesPrefix(['Fay has 37+148=185.'], finish('185'))).toBe(true);
    expect(usesPrefix([], finish('370', 'Fay has 185*2=370.'))).toBe(true);
  });

  it('refuses a trace that reaches the answer past the prefix', () => {
    expect(usesPrefix([wrong], finish('370', 'Fay has 185*2=370.'))).toBe(false);
    expect(usesPrefix([wrong], finish('185', 'Fay has 37+148=185.'))).toBe(false);
    // The first step is used, the second is not.
    const prefix = ['Fay has 37+148=185.', 'Lee has 185-30=165.'];
    expect(usesPrefix(prefix, finish('370', 'Fay has 185*2=370.'))).toBe(false);
  });

  it('counts the use of a result inside the prefix', () => {
    const prefix = ['Fay has 37+148=185.', 'Fay has 185-29=156.'];
    expect(usesPrefix(prefix, finish('468', 'Fay has 156*3=468.'))).toBe(true);
    expect(usesPrefix(prefix.toReversed(), finish('468', 'Fay has 156*3=468.'))).toBe(false);
  });

  it('does not let a step use its own result, or a trace use what it works out itself', () => {
    expect(usesPrefix(['Fay has 37+0=37.'], finish('5', 'Lee has 2+3=5.'))).toBe(false);
    expect(usesPrefix(['Fay has 30+7=37.'], finish('5', 'Lee has 30+7=37.'))).toBe(false);
  });

  it('reads a value that occurs twice by its number alone', () => {
    const prefix = ['Fay has 3+4=7.', 'Lee has 5+2=7.'];
    expect(usesPrefix(prefix, finish('14', 'Together they have 7+7=14.'))).toBe(true);
    expect(usesPrefix(prefix, finish('21', 'Fay has 7*3=21.'))).toBe(true);
    expect(usesPrefix([prefix[0]!, prefix[0]!], finish('7'))).toBe(true);
  });

  it('does not ask for the use of lines without an equation', () => {
    expect(usesPrefix(['Let me think about 99 shells.'], finish('5', 'Lee has 2+3=5.'))).toBe(true);
  });

  it('reads a trace without an answer by its steps', () => {
    expect(usesPrefix([wrong], finish(null))).toBe(false);
    expect(usesPrefix([wrong], finish(null, 'Fay has 175*2=350.'))).toBe(true);
  });

  it('reads separators, decimals, spaces, units and annotations', () => {
    expect(usesPrefix(['She has 900 + 100 = $1,000.'], finish('2000', 'It is 1000*2=2000.'))).toBe(
      true,
    );
    expect(usesPrefix(['It is 1/2=0.50.'], finish('1.5', 'It is 0.5+1=1.5.'))).toBe(true);
    expect(usesPrefix(['It is 1/2=.5.'], finish('1.5', 'It is 0.5+1=1.5.'))).toBe(true);
    const annotated = ['Fay has 37+148=<<37+148=185>>185 shells in 2 boxes.'];
    expect(usesPrefix(annotated, finish('555', 'Fay has 185*3=<<185*3=555>>555.'))).toBe(true);
    expect(usesPrefix(annotated, finish('4', 'Fay has 2*2=<<2*2=4>>4.'))).toBe(false);
    expect(usesPrefix(['Fay has 600+400=1000.'], finish('1,000 shells'))).toBe(true);
  });

  it('agrees with looking for a later use of each result', () => {
    const small = fc.integer({ min: 0, max: 6 });
    const step = fc.record({
      inputs: fc.array(small, { minLength: 1, maxLength: 3 }),
      result: small,
    });
    const spell = ({ inputs, result }: { inputs: number[]; result: number }) =>
      `Fay has ${inputs.join('+')}=${result}.`;
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 4 }),
        fc.array(step, { maxLength: 3 }),
        fc.option(small),
        (prefix, trace, answer) => {
          const used = prefix.every(
            ({ result }, i) =>
              [...prefix.slice(i + 1), ...trace].some((later) => later.inputs.includes(result)) ||
              result === answer,
          );
          const rest = { steps: trace.map(spell), answer: answer === null ? null : String(answer) };
          expect(usesPrefix(prefix.map(spell), rest)).toBe(used);
        },
      ),
    );
  });
});
