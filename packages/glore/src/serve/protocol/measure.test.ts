import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseBody } from './measure.js';

const read = (text: string, maxText: number) =>
  parseBody(Buffer.from(text), { maxText, maxChoices: 1, maxAnswer: 1 });

/** The largest limit by which a body is refused. */
function sizeOf(text: string): number {
  for (let maxText = 0; ; maxText++) {
    try {
      read(text, maxText);
      return maxText;
    } catch (error) {
      expect(error).toMatchObject({ code: 'limit_exceeded' });
    }
  }
}

describe('parseBody', () => {
  it.each([
    ['{}', 1],
    ['{"a":1}', 3],
    ['{"a":"12345","b":[7,8,9],"c":null}', 1 + 3 + 3 + 5 + 1 + 3],
    ['[[],[],{}]', 1 + 3 + 3],
    ['"a, b"', 4],
    ['5', 0],
  ])('measures %s', (text, size) => {
    expect(sizeOf(text)).toBe(size);
  });

  it('gives what is small enough, and refuses it by no count of its signs', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(read(text, sizeOf(text))).toEqual(JSON.parse(text));
      }),
    );
  });

  it('names the field that is most of it', () => {
    expect(() => read('{"a":"12","b":"123456789","c":[1]}', 9)).toThrow(
      expect.objectContaining({
        refusal: expect.objectContaining({ param: 'b', code: 'limit_exceeded' }),
      }),
    );
  });

  it('refuses values by the million without parsing them', () => {
    const deep = '['.repeat(4e6) + ']'.repeat(4e6);
    expect(() => read(deep, 1000)).toThrow('the body: expected at most 1000 ');
  });
});
