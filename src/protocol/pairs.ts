/** One `name=value` of a message, decoded. */
export type Pair = readonly [name: string, value: string];

/**
 * Splits a raw query string (without its `?`) into decoded pairs, in the order
 * in which they arrive and with repeated names kept apart.
 *
 * @returns the pairs, or `undefined` if a percent escape is malformed or
 *   does not spell UTF-8, or if a character should have been escaped.
 */
export function parseQueryPairs(rawQuery: string): Pair[] | undefined {
  if (!/^[\x21-\x7e]*$/.test(rawQuery)) return undefined;
  const read = ESCAPE.test(rawQuery) ? decode : asIs;
  const pairs: Pair[] = [];
  try {
    for (const part of rawQuery.split('&')) {
      if (part === '') continue;
      const equals = part.indexOf('=');
      pairs.push(
        equals === -1
          ? [read(part), '']
          : [read(part.slice(0, equals)), read(part.slice(equals + 1))],
      );
    }
  } catch {
    return undefined;
  }
  return pairs;
}

/**
 * Spells pairs as PHP's `http_build_query` does: a space as `+`, and everything
 * but `A-Z a-z 0-9 - _ .` percent-encoded with upper-case hex digits.
 * `encodeURIComponent` and `URLSearchParams` each leave other characters alone.
 *
 * @throws {URIError} if a name or value holds half a surrogate pair.
 */
export function encodeAsPhp(pairs: Iterable<Pair>): string {
  let encoded = '';
  for (const [name, value] of pairs) {
    if (encoded !== '') encoded += '&';
    encoded += `${encode(name)}=${encode(value)}`;
  }
  return encoded;
}

/**
 * The variable that PHP would put a query parameter in: `a[]` and `a[x]` are
 * `a`, and a dot, a space or a lone bracket becomes `_`. Two spellings of one
 * variable in a query mean different things to different parsers.
 */
export function phpVariableName(name: string): string {
  if (!NO_WORD.test(name)) return name;
  const trimmed = name.replace(/^ +/, '').replace(/\0.*$/s, '');
  const array = /^([^[]+)\[[^\]]*\]/.exec(trimmed);
  return (array?.[1] ?? trimmed).replace(/[. [\]]/g, '_');
}

const ESCAPE = /[%+]/;
const NO_WORD = /\W/;
const UNSAFE = /[^\w.-]/;

function encode(text: string): string {
  if (!UNSAFE.test(text)) return text;
  return encodeURIComponent(text)
    .replaceAll('%20', '+')
    .replace(
      /[~*!'()]/g,
      (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
    );
}

function asIs(text: string): string {
  return text;
}

function decode(text: string): string {
  return decodeURIComponent(text.replaceAll('+', ' '));
}
