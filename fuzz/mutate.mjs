/** Mutations of real inputs that know their structure: JSON values, lines, text, bytes. */

/** Text that readers stumble over. */
export const oddTexts = [
  '',
  ' ',
  '\0',
  '\u001b[31mred\u001b[0m',
  '\u001b]0;title\u0007',
  '\u202Eabc',
  '\ud800',
  '\ufeff',
  '\u2028',
  '\r\n',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '../../etc/passwd',
  '/dev/stdin',
  'null',
  'NaN',
  '-0',
  '1e999',
  '９９',
  'é'.normalize('NFD'),
  '👩‍👩‍👧',
  '<|bos|>',
  '#### ',
  '%00%s%n',
  'x'.repeat(5000),
  '9'.repeat(400),
];

/** Numbers at the edges of what holds them. */
export const oddNumbers = [
  0,
  -0,
  -1,
  1,
  2,
  0.5,
  -9999,
  1e-300,
  1e300,
  1e21,
  255,
  256,
  65536,
  2 ** 31 - 1,
  2 ** 31,
  -(2 ** 31) - 1,
  2 ** 32,
  2 ** 53 - 1,
  2 ** 53,
  2 ** 63,
  Number.MIN_VALUE,
  Number.MAX_VALUE,
];

const nested = (depth, open, close) => JSON.parse(open.repeat(depth) + close.repeat(depth));

/** A value of any type. */
export function oddValue(random) {
  switch (random.whole(0, 9)) {
    case 0:
      return null;
    case 1:
      return random.chance(0.5);
    case 2:
    case 3:
      return random.of(oddNumbers);
    case 4:
    case 5:
      return random.of(oddTexts);
    case 6:
      return random.of([[], {}, [[]], [{}], [null], ['']]);
    case 7:
      return { [random.of(oddTexts)]: random.of(oddNumbers) };
    case 8:
      return nested(random.of([3, 100, 1000]), '[', ']');
    default:
      return random.several(oddNumbers, 1, random.of([3, 3, 3000]));
  }
}

/** A value that is like this one, and another. */
function otherOf(random, value) {
  if (random.chance(0.3)) return oddValue(random);
  switch (typeof value) {
    case 'number':
      return random.of([
        -value,
        value + 1,
        value - 1,
        value + 0.5,
        value * 1e9,
        String(value),
        random.of(oddNumbers),
      ]);
    case 'string':
      return random.of([
        mutateText(random, value),
        mutateText(random, value),
        Number(value),
        [value],
        { text: value },
        value.repeat(random.of([2, 100])),
      ]);
    case 'boolean':
      return random.of([!value, String(value), Number(value), null]);
    default:
      return oddValue(random);
  }
}

/** Every place in a value, as the containers and keys that lead to it. */
function placesIn(value, places = []) {
  if (typeof value !== 'object' || value === null) return places;
  for (const key of Object.keys(value)) {
    places.push([value, key]);
    placesIn(value[key], places);
    if (places.length > 5000) break;
  }
  return places;
}

/** A copy of a JSON value with one to three changes. */
export function mutateValue(random, original) {
  let value = structuredClone(original);
  const changes = random.of([1, 1, 1, 2, 3]);
  for (let change = 0; change < changes; change++) {
    const places = placesIn(value);
    if (places.length === 0 || random.chance(0.02)) {
      value = otherOf(random, value);
      continue;
    }
    const [holder, key] = random.of(places);
    const list = Array.isArray(holder);
    switch (random.whole(0, 8)) {
      case 0:
      case 1:
        if (list) holder.splice(Number(key), 1);
        else delete holder[key];
        break;
      case 2:
        if (list) holder.splice(Number(key), 0, structuredClone(holder[key]));
        else holder[`${key}${random.of(['', ' ', '2', 's'])}`] = structuredClone(holder[key]);
        break;
      case 3: {
        const [from, name] = random.of(places);
        const moved = structuredClone(from[name]);
        assign(holder, key, moved);
        break;
      }
      case 4:
        if (!list) assign(holder, random.of(oddTexts), oddValue(random));
        else holder.push(oddValue(random));
        break;
      case 5:
        assign(holder, key, null);
        break;
      default:
        assign(holder, key, otherOf(random, holder[key]));
    }
  }
  return value;
}

/** Sets a key that may be spelt `__proto__`. */
function assign(holder, key, value) {
  Object.defineProperty(holder, key, {
    value,
    enumerable: true,
    writable: true,
    configurable: true,
  });
}

/** Another text of the same kind. */
export function mutateText(random, text) {
  const at = random.whole(0, text.length);
  const to = Math.min(text.length, at + random.size(40));
  switch (random.whole(0, 8)) {
    case 0:
      return text.slice(0, at);
    case 8:
      return text.slice(0, at) + random.of(['[', '{"a":', '(', '-']).repeat(random.of([3, 20_000]));
    case 1:
      return text.slice(0, at) + text.slice(to);
    case 2:
      return text.slice(0, at) + random.of(oddTexts) + text.slice(at);
    case 3:
      return text.slice(0, at) + text.slice(at, to).repeat(random.of([2, 3, 50])) + text.slice(to);
    case 4:
      return text.slice(0, at) + random.of(signs) + text.slice(at + 1);
    case 5:
      return text.replace(/\d+/, () => String(random.of(oddNumbers)));
    case 6: {
      const lines = text.split('\n');
      const [a, b] = [random.whole(0, lines.length - 1), random.whole(0, lines.length - 1)];
      [lines[a], lines[b]] = [lines[b], lines[a]];
      return lines.join('\n');
    }
    default:
      return text + text.slice(at);
  }
}

const signs = [...'{}[]",:\\/-+.0eE \t\n\r#&*!|>%@`\'<=~^$()', '\u0000', '\u00a0', '\u2212', '½'];

/** Other bytes, some of them no UTF-8. */
export function mutateBytes(random, bytes) {
  let out = Buffer.from(bytes);
  for (let i = random.of([1, 1, 2, 5]); i > 0; i--) {
    const at = random.whole(0, Math.max(0, out.length - 1));
    switch (random.whole(0, 6)) {
      case 0:
        out = out.subarray(0, at);
        break;
      case 1:
        if (out.length > 0) out[at] = random.whole(0, 255);
        break;
      case 2:
        if (out.length > 0) out[at] ^= 1 << random.whole(0, 7);
        break;
      case 3:
        out = Buffer.concat([out.subarray(0, at), out.subarray(at + random.size(64))]);
        break;
      case 4:
        out = Buffer.concat([
          out.subarray(0, at),
          Buffer.from(random.of(oddTexts)),
          out.subarray(at),
        ]);
        break;
      case 5:
        out = Buffer.concat([out.subarray(0, at), Buffer.of(0xff, 0xfe, 0xc0), out.subarray(at)]);
        break;
      default:
        out = Buffer.concat([out, out.subarray(at)]);
    }
  }
  return out;
}

/** JSON in which a value is nested more deeply than some that read or write JSON can go. */
function deep(random, original, spell) {
  const value = structuredClone(original);
  const mark = '"deep-below"';
  const places = placesIn(value);
  if (places.length > 0) {
    const [holder, key] = random.of(places);
    assign(holder, key, JSON.parse(mark));
  }
  const [open, close] = random.of([
    ['[', ']'],
    ['{"a":', '}'],
  ]);
  const depth = random.of([500, 5000, 50_000]);
  const text = open.repeat(depth) + (open === '[' ? '' : '1') + close.repeat(depth);
  return places.length > 0 ? spell(value).replace(mark, text) : text;
}

/** JSON of a value that was changed, or whose JSON was. */
export function mutateJson(random, value, spell = JSON.stringify) {
  const choice = random.share();
  if (choice < 0.04) return Buffer.from(deep(random, value, spell));
  if (choice < 0.7) return Buffer.from(spell(mutateValue(random, value)) ?? 'null');
  if (choice < 0.9) return Buffer.from(mutateText(random, spell(value)));
  return mutateBytes(random, Buffer.from(spell(value)));
}

/** JSON Lines of which a line or more was changed. */
export function mutateLines(random, rows) {
  const lines = rows.map((row) => Buffer.from(JSON.stringify(row)));
  for (let i = random.of([1, 1, 1, 3]); i > 0 && lines.length > 0; i--) {
    const at = random.whole(0, lines.length - 1);
    switch (random.whole(0, 9)) {
      case 0:
        lines.splice(at, 1);
        break;
      case 1:
        lines.splice(at, 0, lines[random.whole(0, lines.length - 1)]);
        break;
      case 2:
        lines[at] = Buffer.from(random.of(['', ' ', 'null', '[]', '5', '"x"', '{}', '{']));
        break;
      default:
        lines[at] = mutateJson(random, rows[at % rows.length]);
    }
  }
  const end = random.of(['\n', '\n', '\n', '\r\n', '\n\n', '']);
  return Buffer.concat(lines.flatMap((line) => [line, Buffer.from(end)]));
}
