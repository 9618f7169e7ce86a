/** Server-sent events, however they are cut into pieces. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { eventsIn } from './events.js';

const all = async (chunks: readonly Uint8Array[]): Promise<string[]> => {
  const found: string[] = [];
  for await (const data of eventsIn(chunks)) found.push(data);
  return found;
};

it('gives the data of each event, whichever ends lines have and wherever chunks end', async () => {
  const line = fc.stringMatching(/^[a-zé🙂:{} ]{0,6}$/u);
  const events = fc.array(fc.array(line, { minLength: 1, maxLength: 3 }), { maxLength: 5 });
  const end = fc.constantFrom('\n', '\r\n', '\r');
  await fc.assert(
    fc.asyncProperty(events, end, fc.infiniteStream(fc.nat(4)), async (data, newline, sizes) => {
      const text = data
        .map((lines) => [': hi', 'event: x', ...lines.map((one) => `data: ${one}`), '', ''])
        .map((lines) => lines.join(newline))
        .join('');
      const bytes = Buffer.from(text);
      const chunks: Buffer[] = [];
      for (let at = 0; at < bytes.length; ) {
        const size = 1 + sizes.next().value;
        chunks.push(bytes.subarray(at, at + size));
        at += size;
      }
      expect(await all(chunks)).toEqual(data.map((lines) => lines.join('\n')));
    }),
  );
});

it('takes an event without its end, and one without a space', async () => {
  expect(await all([Buffer.from('data:1\n\ndata: 2')])).toEqual(['1', '2']);
});

it.each([[[0xff]], [[0x64, 0xc3]]])('refuses what is no UTF-8: %j', async (bytes) => {
  await expect(all([Buffer.from(bytes)])).rejects.toThrow('a stream that is no UTF-8');
});
