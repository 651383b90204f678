import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseJsonPairs } from '../../src/protocol/json-pairs.js';
import {
  encodeAsPhp,
  parseQueryPairs,
  type Pair,
} from '../../src/protocol/pairs.js';
import {
  verifyCallback,
  type CallbackRules,
} from '../../src/protocol/signature.js';

const space = fc.string({ unit: fc.constantFrom(' ', '\t', '\n', '\r') });
const text = fc.string({ unit: 'grapheme' });

/** Writes members as JSON, with any space between them. */
function asJson(
  members: readonly (readonly [name: string, value: string])[],
  between = '',
): string {
  const body = members.map(
    ([name, value]) => `${JSON.stringify(name)}${between}:${between}${value}`,
  );
  const comma = `${between},${between}`;
  return `${between}{${between}${body.join(comma)}${between}}${between}`;
}

/** What `JSON.parse` takes for an object without nested values. */
function isFlatObject(json: string): boolean {
  try {
    const value: unknown = JSON.parse(json);
    return (
      typeof value === 'object' &&
      value !== null &&
      !Array.isArray(value) &&
      Object.values(value).every(
        (member) => typeof member !== 'object' || member === null,
      )
    );
  } catch {
    return false;
  }
}

describe('the pairs of a JSON object', () => {
  it('come in the order of their arrival, and a repeated name twice', () => {
    expect(
      parseJsonPairs('{"b":"1","a":"2","10":"3","9":"4","b":"5"}'),
    ).toEqual([
      ['b', '1'],
      ['a', '2'],
      ['10', '3'],
      ['9', '4'],
      ['b', '5'],
    ]);
  });

  it('are those that were written, whatever the text and the space between', () => {
    const names = fc.oneof(
      text,
      fc.constantFrom('amount', '__proto__', '1', '0', ''),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(names, text)), space, (pairs, between) => {
        const members = pairs.map(([name, value]): Pair => [
          name,
          JSON.stringify(value),
        ]);
        expect(parseJsonPairs(asJson(members, between))).toEqual(pairs);
      }),
    );
  });

  it.each([
    ['true', '1'],
    ['false', '0'],
    ['"true"', 'true'],
    ['""', ''],
    ['"5.00"', '5.00'],
    [String.raw`"a\"b\\c\/d\n\u0041\ud83d\ude00"`, 'a"b\\c/d\nA😀'],
    // Integers of 64 bits stay what they are …
    ['0', '0'],
    ['-5', '-5'],
    ['1234567890123', '1234567890123'],
    ['9007199254740993', '9007199254740993'],
    ['9223372036854775807', '9223372036854775807'],
    ['-9223372036854775808', '-9223372036854775808'],
    // … and all else is a float, which http_build_query writes with 14 digits.
    ['9223372036854775808', '9.2233720368548E+18'],
    ['-0', '-0'],
    ['-0.0', '-0'],
    ['5.0', '5'],
    ['5.00', '5'],
    ['25.50', '25.5'],
    ['6.01', '6.01'],
    ['1e2', '100'],
    ['1E+2', '100'],
    ['0.30000000000000004', '0.3'],
    ['0.1234567890123456', '0.12345678901235'],
    ['0.0001', '0.0001'],
    ['0.00001', '1.0E-5'],
    ['0.000015', '1.5E-5'],
    ['1e13', '10000000000000'],
    // php-src: ext/standard/tests/http/http_build_query/bug77608.phpt
    ['1E+14', '1.0E+14'],
    ['-123456789012345678901', '-1.2345678901235E+20'],
    ['1e-7', '1.0E-7'],
    ['1e999', 'INF'],
    ['-1e999', '-INF'],
  ])('has %s as PHP spells it: %j', (value, spelled) => {
    expect(parseJsonPairs(`{"a":${value}}`)).toEqual([['a', spelled]]);
  });

  it('have any float to 14 digits', () => {
    fc.assert(
      fc.property(
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        (float) => {
          const literal = float.toExponential();
          const [pair] = parseJsonPairs(`{"a":${literal}}`) ?? [];
          expect(Number(pair?.[1])).toBe(Number(float.toPrecision(14)));
          expect(pair?.[1]).toMatch(
            /^-?(\d{1,14}|\d{1,14}\.\d+|\d\.\d+E[+-]\d+)$/,
          );
        },
      ),
    );
  });

  it('leave a null out, as http_build_query does', () => {
    expect(parseJsonPairs('{"a":null,"b":"1","c":null}')).toEqual([['b', '1']]);
    expect(parseJsonPairs('{"a":null}')).toEqual([]);
  });

  it.each(['{}', ' { } ', '\n{\t}\r'])('are none in %j', (json) => {
    expect(parseJsonPairs(json)).toEqual([]);
  });

  it('verify as PHP signed them, numbers and all', () => {
    // Signed by PHP 8.2, with json_decode and http_build_query.
    const body =
      '{"gateway":"tlync","approved":1,"amount":6.01,"invoice_no":"INV-2001","payment_method":"tadawul","transaction_id":300100,"hashed":"DF63C545A70DAF8B4BC079895A3A0140A27D2968B6FF9ECFF6224891CEC5FB0C"}';
    const names = [
      'gateway',
      'approved',
      'amount',
      'invoice_no',
      'payment_method',
      'transaction_id',
    ];
    const rules: CallbackRules = {
      signable: names,
      required: names,
      accepted: { gateway: ['tlync'] },
    };
    const verify = (json: string) =>
      verifyCallback(
        parseJsonPairs(json),
        ['sk_derived_0123456789abcdef0123456789abcdef'],
        rules,
      );

    expect(verify(body)).toMatchObject({ verified: true });
    expect(verify(body.replace('6.01', '6.02'))).toMatchObject({
      reason: 'signature-mismatch',
    });
    expect(verify(body.replace('}', ',"amount":6.01}'))).toMatchObject({
      reason: 'ambiguous',
    });
  });
});

describe('what is not a flat JSON object is refused:', () => {
  it.each([
    '',
    ' ',
    '{',
    '}',
    'null',
    '5',
    '"a"',
    '[]',
    '["a"]',
    '{"a":["b"]}',
    '{"a":{"b":"c"}}',
    '{"a":[]}',
    '{"a":{}}',
    '{"a":"b"},{"c":"d"}',
    '{"a":"b"}{}',
    '{"a":"b"} x',
    'x {"a":"b"}',
    '{"a":"b",}',
    '{,"a":"b"}',
    '{"a":"b",,"c":"d"}',
    '{"a":"b" "c":"d"}',
    '{"a"}',
    '{"a":}',
    '{:"b"}',
    '{a:"b"}',
    "{'a':'b'}",
    '{"a":undefined}',
    '{"a":NaN}',
    '{"a":Infinity}',
    '{"a":TRUE}',
    '{"a":05}',
    '{"a":+5}',
    '{"a":.5}',
    '{"a":5.}',
    '{"a":0x5}',
    '{"a":5e}',
    '{"a":"\n"}',
    '{"a":"\\x41"}',
    '{"a":"\\u00"}',
    '{"a":"b}',
    '{"a":"\\"}',
    '{/**/"a":"b"}',
    // Space that JSON does not have.
    '\u00a0{"a":"b"}',
    '{"a":\u00a0"b"}',
    '\ufeff{"a":"b"}',
    // Half a surrogate pair.
    '{"a":"\\ud800"}',
    '{"\\udc00":"a"}',
    'gateway=mpgs&approved=1',
  ])('%j', (json) => {
    expect(parseJsonPairs(json)).toBeUndefined();
  });

  it('and taken in any JSON, so that neither reads what the other does not', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.json(),
          fc
            .dictionary(
              text,
              fc.oneof(
                text,
                fc.boolean(),
                fc.constant(null),
                fc.double({ noNaN: true, noDefaultInfinity: true }),
                fc.integer(),
              ),
            )
            .map((value) => JSON.stringify(value)),
        ),
        (json) => {
          fc.pre(!/\\ud[89a-f]/i.test(json));
          expect(parseJsonPairs(json) !== undefined).toBe(isFlatObject(json));
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('whatever is changed in one, and nothing is ever thrown', () => {
    const objects = fc
      .array(
        fc.tuple(
          text,
          text.map((value) => JSON.stringify(value)),
        ),
      )
      .map((members) => asJson(members));
    fc.assert(
      fc.property(
        objects,
        fc.nat(),
        fc.nat(3),
        fc.string({ unit: 'binary', maxLength: 3 }),
        (json, position, length, replacement) => {
          const at = position % (json.length + 1);
          const changed =
            json.slice(0, at) + replacement + json.slice(at + length);
          const pairs = parseJsonPairs(changed);
          if (pairs) {
            expect(isFlatObject(changed)).toBe(true);
            // What is handed on can be signed over.
            expect(parseQueryPairs(encodeAsPhp(pairs))).toBeDefined();
          }
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('also any text at all, and nothing is ever thrown', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (any) => {
        expect(parseJsonPairs(any) !== undefined).toBe(isFlatObject(any));
      }),
    );
  });

  it('without looking for long at what is absurdly long', () => {
    const long = 100_000;
    const start = performance.now();
    for (const json of [
      '{'.repeat(long),
      '{"a":'.repeat(long),
      `{"a":${' '.repeat(long)}`,
      `{${' '.repeat(long)}x}`,
      `${' '.repeat(long)}x`,
      `{"a":"b"}${' '.repeat(long)}x`,
      `{"a":"${'x'.repeat(long)}`,
      `{"a":"${'\\'.repeat(long)}`,
      `{"a":${'1'.repeat(long)}`,
      `{"a":0.${'1'.repeat(long)}x}`,
      `{${'"a":1,'.repeat(long)}}`,
    ]) {
      expect(parseJsonPairs(json)).toBeUndefined();
    }
    expect(parseJsonPairs(`{"a":"${'x'.repeat(long)}"}`)).toBeDefined();
    expect(parseJsonPairs(`{"a":${'1'.repeat(long)}}`)).toEqual([['a', 'INF']]);
    expect(performance.now() - start).toBeLessThan(2_000);
  });
});
