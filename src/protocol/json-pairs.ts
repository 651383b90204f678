import type { Pair } from './pairs.js';

/**
 * Reads a flat JSON object into pairs: in the order in which its members arrive,
 * with repeated names kept apart, and each value as PHP's `http_build_query` spells
 * it once PHP has decoded the JSON (text as it is, `true` as `1`, `false` as `0`,
 * a float with at most 14 digits; a `null` is left out).
 * `JSON.parse` keeps neither the order of all names nor the first of two.
 *
 * @returns `undefined` for anything else, such as an array, a nested value, or text
 *   with half a surrogate pair, which PHP refuses as well.
 */
export function parseJsonPairs(json: string): Pair[] | undefined {
  const pairs: Pair[] = [];
  if (EMPTY.test(json)) return pairs;
  const start = START.exec(json);
  if (!start) return undefined;
  MEMBER.lastIndex = start[0].length;
  for (;;) {
    const member = MEMBER.exec(json);
    if (!member) return undefined;
    const { lastIndex } = MEMBER;
    const [, name = '', value = '', separator] = member;
    try {
      const spelled = asPhp(value);
      if (spelled !== null) pairs.push([decodeText(name), spelled]);
    } catch {
      return undefined;
    }
    if (separator === '}') {
      return BLANK.test(json.slice(lastIndex)) ? pairs : undefined;
    }
  }
}

const SPACE = String.raw`[ \t\n\r]*`;
const STRING = String.raw`"(?:[^"\\]|\\.)*"`;
const NUMBER = String.raw`-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?`;
const EMPTY = new RegExp(`^${SPACE}\\{${SPACE}\\}${SPACE}$`);
const START = new RegExp(`^${SPACE}\\{`);
const BLANK = new RegExp(`^${SPACE}$`);
const MEMBER = new RegExp(
  `${SPACE}(${STRING})${SPACE}:${SPACE}(${STRING}|${NUMBER}|true|false|null)${SPACE}([,}])`,
  'y',
);

/** @throws {SyntaxError} for text that is not a JSON value. */
function asPhp(value: string): string | null {
  if (value.startsWith('"')) return decodeText(value);
  if (value === 'null') return null;
  if (value === 'true') return '1';
  if (value === 'false') return '0';
  return phpNumber(value);
}

/** @throws {SyntaxError} for a wrong escape, a control character or half a pair. */
function decodeText(literal: string): string {
  const text = String(JSON.parse(literal));
  if (/\p{Surrogate}/u.test(text)) throw new SyntaxError('not UTF-16');
  return text;
}

/** PHP's default for its setting `precision`. */
const PRECISION = 14;

/**
 * PHP keeps 64-bit integers and turns every other number into a float, also
 * `-0`. With an exponent, `http_build_query` writes them as in `1.0E+14`.
 */
function phpNumber(text: string): string {
  if (/^-?\d{1,19}$/.test(text) && text !== '-0') {
    const integer = BigInt(text);
    if (BigInt.asIntN(64, integer) === integer) return String(integer);
  }
  if (Object.is(Number(text), -0)) return '-0';
  const float = Number(Number(text).toPrecision(PRECISION));
  if (!Number.isFinite(float)) return float > 0 ? 'INF' : '-INF';
  const [digits = '', exponent] = float.toExponential().split('e');
  const power = Number(exponent);
  if (power >= -4 && power < PRECISION) return String(float);
  const mantissa = digits.includes('.') ? digits : `${digits}.0`;
  return `${mantissa}E${power < 0 ? '-' : '+'}${Math.abs(power)}`;
}
