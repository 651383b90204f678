import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { signCallback, verifyCallback } from '../../src/protocol/signature.js';
import { encodeAsPhp, type Pair } from '../../src/protocol/pairs.js';
import { MPGS } from '../../src/gateways/mpgs/mpgs.gateway.js';
import { vectors } from '../support/vectors.js';

const RULES = MPGS.callback.rules;
const KEY = vectors.secretKey;

const PAID: readonly Pair[] = [
  ['gateway', 'mpgs'],
  ['approved', '1'],
  ['amount', '5.00'],
  ['currency', 'USD'],
  ['invoice_no', 'inv-1'],
  ['transaction_id', '100918'],
];

function signedQuery(pairs: readonly Pair[], key = KEY): string {
  return encodeAsPhp([...pairs, ['hashed', signCallback(pairs, key)]]);
}

function verify(query: string, rules = RULES, keys: string[] = [KEY]) {
  const result = verifyCallback(query, keys, rules);
  return result.verified ? Object.fromEntries(result.fields) : result.reason;
}

describe("PHP's encoding", () => {
  it.each(Object.entries(vectors.phpEncoding))('of %j is %j', (text, php) => {
    expect(encodeAsPhp([[text, text]])).toBe(`${php}=${php}`);
  });

  it('is undone by its own decoding, for any text', () => {
    const text = fc.string({ unit: 'grapheme' });
    fc.assert(
      fc.property(text, text, (name, value) => {
        expect(encodeAsPhp([[name, value]])).toMatch(/^[\w.%+-]*=[\w.%+-]*$/);
        const decoded = new URLSearchParams(encodeAsPhp([[name, value]]));
        expect([...decoded]).toEqual([[name, value]]);
      }),
    );
  });
});

describe('a callback that PHP signed', () => {
  it.each(vectors.accepted)('verifies: $name', ({ query, signedString }) => {
    expect(verify(query)).toEqual(
      Object.fromEntries(new URLSearchParams(signedString)),
    );
  });

  it.each(vectors.refused)('is refused: $name', ({ query }) => {
    expect(verify(query)).toBeTypeOf('string');
  });

  it.each(vectors.accepted)('is signed alike here: $name', (vector) => {
    const pairs = [...new URLSearchParams(vector.signedString)];
    const hashed = new URLSearchParams(vector.query).get('hashed');
    expect(signCallback(pairs, KEY)).toBe(hashed);
  });
});

describe('the signature', () => {
  it('may be of any of the configured keys', () => {
    const query = signedQuery(PAID, 'old-key');
    expect(verify(query, RULES, ['new-key', 'old-key'])).toMatchObject({
      invoice_no: 'inv-1',
    });
    expect(verify(query, RULES, ['new-key'])).toBe('signature-mismatch');
  });

  it.each(['', 'A', 'Z'.repeat(64), 'A'.repeat(63), 'A'.repeat(65), '%00'])(
    'cannot be %j, and that does not crash',
    (hashed) => {
      const query = `${encodeAsPhp(PAID)}&hashed=${hashed}`;
      expect(verify(query)).toBe('signature-mismatch');
    },
  );

  it('is demanded', () => {
    expect(verify(encodeAsPhp(PAID))).toBe('unsigned');
    expect(verify('')).toBe('unsigned');
  });
});

describe('what an attacker may add', () => {
  const genuine = signedQuery(PAID);

  it.each([
    'amount=9999',
    'approved=0',
    'canceled=1&canceled=1',
    'hashed=00',
    '%61mount=9999',
    'amount[]=9999',
    'amount%5B%5D=9999',
    'amount[x]=9999',
    'invoice.no=other',
    'invoice%20no=other',
    '+amount=9999',
    'amount%00x=9999',
  ])('%s beside it makes it ambiguous, first or last', (addition) => {
    expect(verify(`${addition}&${genuine}`)).toBe('ambiguous');
    expect(verify(`${genuine}&${addition}`)).toBe('ambiguous');
  });

  it('a flag that Plutu did not sign changes the signature', () => {
    expect(verify(`${genuine}&canceled=1`)).toBe('signature-mismatch');
  });

  it.each([
    'x=%',
    'x=%G1',
    '%E0%A4%A=1',
    'x=%FF',
    'x=\u00e9',
    'x=\ud800',
    'x=a b',
  ])('%s makes it malformed', (addition) => {
    expect(verify(`${genuine}&${addition}`)).toBe('malformed');
  });

  it('a query of absurd length is not looked at', () => {
    expect(verify(`${genuine}&x=${'1'.repeat(8192)}`)).toBe('too-long');
  });

  it('parameters of its own stay out of the signed fields', () => {
    const fields = verify(`order=77&${genuine}&__proto__=x&tag=1&tag=2`);
    expect(fields).toEqual(Object.fromEntries(PAID));
  });
});

describe('a message that Plutu signed with the same key for something else', () => {
  const without = (...names: string[]) =>
    PAID.filter(([name]) => !names.includes(name));
  const having = (name: string, value: string) =>
    PAID.map((pair): Pair => (pair[0] === name ? [name, value] : pair));

  it.each([
    [
      'a T-Lync return',
      without('gateway', 'amount', 'currency', 'transaction_id'),
    ],
    ['a local bank card callback', without('currency')],
    ['one without an amount', without('amount')],
    ['one without an invoice', without('invoice_no')],
    ['one without a transaction', without('transaction_id')],
  ])('is refused: %s', (_name, pairs) => {
    expect(verify(signedQuery(pairs))).toBe('missing-parameter');
  });

  it('stays refused when what it lacks is added unsigned', () => {
    const tlync = without('gateway', 'amount', 'currency', 'transaction_id');
    const added = 'gateway=mpgs&amount=5&currency=USD&transaction_id=1';
    expect(verify(`${added}&${signedQuery(tlync)}`)).toBe('signature-mismatch');
  });

  it.each([
    ['gateway', 'localbankcards'],
    ['gateway', ''],
  ])('is refused with %s=%s', (name, value) => {
    expect(verify(signedQuery(having(name, value)))).toBe('unaccepted-value');
  });

  it('is genuine in any currency: whether that was due is judged later', () => {
    expect(verify(signedQuery(having('currency', 'EUR')))).toMatchObject({
      currency: 'EUR',
    });
  });
});

describe('for any callback', () => {
  const anyText = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 });
  const anyPaid = fc
    .tuple(anyText, anyText, anyText)
    .map(([amount, invoiceNo, transactionId]): Pair[] => [
      ['gateway', 'mpgs'],
      ['approved', '1'],
      ['amount', amount],
      ['currency', 'USD'],
      ['invoice_no', invoiceNo],
      ['transaction_id', transactionId],
    ])
    .chain((pairs) => fc.shuffledSubarray(pairs, { minLength: pairs.length }));
  const anyKey = fc.string({ minLength: 1 });

  it('what is signed verifies, whatever the values and their order', () => {
    fc.assert(
      fc.property(anyPaid, anyKey, (pairs, key) => {
        expect(verify(signedQuery(pairs, key), RULES, [key])).toEqual(
          Object.fromEntries(pairs),
        );
      }),
    );
  });

  it('a change to any one signed field is refused', () => {
    fc.assert(
      fc.property(
        anyPaid,
        anyKey,
        fc.nat(5),
        anyText,
        (pairs, key, index, value) => {
          const changed = pairs.map((pair, at): Pair =>
            at === index ? [pair[0], value] : pair,
          );
          fc.pre(pairs[index]?.[1] !== value);
          const hashed = signCallback(pairs, key);
          const query = encodeAsPhp([...changed, ['hashed', hashed]]);
          expect(verify(query, RULES, [key])).toBeTypeOf('string');
        },
      ),
    );
  });

  it('one signed field less, or two in another order, is refused', () => {
    fc.assert(
      fc.property(anyPaid, anyKey, fc.nat(4), (pairs, key, index) => {
        const hashed = signCallback(pairs, key);
        const swapped = [...pairs];
        swapped.splice(index, 2, pairs[index + 1]!, pairs[index]!);
        for (const changed of [pairs.toSpliced(index, 1), swapped]) {
          const query = encodeAsPhp([...changed, ['hashed', hashed]]);
          expect(verify(query, RULES, [key])).toBe('signature-mismatch');
        }
      }),
    );
  });

  it('no text at all makes it throw', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: 'binary' }), fc.webQueryParameters()),
        (query) => {
          expect(verify(query)).toBeTypeOf('string');
          expect(verify(`${query}&${signedQuery(PAID)}`)).toBeDefined();
        },
      ),
    );
  });
});

it('what cannot be UTF-8 is refused, and nothing is thrown', () => {
  for (const broken of ['\ud800', 'a\udc00b']) {
    const pairs: Pair[] = [...PAID, ['note', broken]];
    const signed = PAID.map(([name]): Pair => [name, broken]);
    for (const message of [pairs, signed]) {
      expect(
        verifyCallback([...message, ['hashed', 'A'.repeat(64)]], [KEY], RULES),
      ).toEqual({ verified: false, reason: 'signature-mismatch' });
    }
  }
});

describe('a secret key that is empty', () => {
  it('signs and verifies nothing', () => {
    expect(() => signCallback(PAID, '')).toThrow(TypeError);
    const forged = encodeAsPhp([
      ...PAID,
      [
        'hashed',
        createHmac('sha256', '').update(encodeAsPhp(PAID)).digest('hex'),
      ],
    ]);
    expect(() => verify(forged, RULES, [''])).toThrow(TypeError);
  });
});

it('a signature in lower case is the same signature', () => {
  const query = signedQuery(PAID);
  const lower = query.replace(/hashed=.*/, (hashed) => hashed.toLowerCase());
  expect(verify(lower)).toEqual(Object.fromEntries(PAID));
});

it('a parameter that is not known and stands twice is covered by no signature', () => {
  const pairs: Pair[] = [...PAID, ['note', 'a'], ['note', 'b']];
  expect(verify(signedQuery(pairs))).toBe('signature-mismatch');
});
