import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  canonicalDecimal,
  chargeable,
  isRequestAmount,
  minorDigits,
  minorUnits,
} from '../../src/protocol/money.js';

/** A currency of each number of digits. */
const CURRENCIES = ['JPY', 'USD', 'LYD'] as const;
const DIGITS = { JPY: 0, USD: 2, LYD: 3 } as const;

const anyCurrency = fc.constantFrom(...CURRENCIES);

/** A decimal number as text, with as many decimals as asked for. */
const decimal = (decimals: number) =>
  fc
    .tuple(
      fc.nat(999_999_999_999),
      fc.string({
        unit: fc.nat(9).map(String),
        minLength: decimals,
        maxLength: decimals,
      }),
    )
    .map(([whole, fraction]) =>
      fraction === '' ? String(whole) : `${whole}.${fraction}`,
    );

const anyDecimal = fc.nat(6).chain(decimal);

/** The value in units of 10 to the power of -`digits`, or none if it has more. */
function exactUnits(amount: string, digits: number): bigint | undefined {
  const [whole = '', fraction = ''] = amount.split('.');
  const significant = fraction.replace(/0+$/, '');
  if (significant.length > digits) return undefined;
  return BigInt(whole + significant.padEnd(digits, '0'));
}

describe('the minor unit of a currency', () => {
  it.each(Object.entries(DIGITS))('%s has %i digits', (currency, digits) => {
    expect(minorDigits(currency)).toBe(digits);
    // The second time it is remembered.
    expect(minorDigits(currency)).toBe(digits);
  });
});

describe('an amount in minor units', () => {
  it.each([
    ['5', 'USD', 500],
    ['5.5', 'USD', 550],
    ['5.00', 'USD', 500],
    ['5.50000', 'USD', 550],
    ['0.01', 'USD', 1],
    ['19.99', 'USD', 1999],
    ['4.35', 'USD', 435],
    ['5', 'LYD', 5000],
    ['5.5', 'LYD', 5500],
    ['5.125', 'LYD', 5125],
    ['5.1250', 'LYD', 5125],
    ['0.001', 'LYD', 1],
    ['500', 'JPY', 500],
    ['500.00', 'JPY', 500],
    ['999999999999.99', 'USD', 99_999_999_999_999],
    ['999999999999.999', 'LYD', 999_999_999_999_999],
  ])('%s %s is %i', (amount, currency, units) => {
    expect(minorUnits(amount, currency)).toBe(units);
  });

  it.each([
    // More decimals than the currency has are never rounded.
    ['5.001', 'USD'],
    ['5.999', 'USD'],
    ['0.004', 'USD'],
    ['5.0001', 'LYD'],
    ['5.5', 'JPY'],
    ['5.01', 'JPY'],
    // Not an amount.
    ['0', 'USD'],
    ['0.00', 'USD'],
    ['-5', 'USD'],
    ['+5', 'USD'],
    ['05', 'USD'],
    ['.5', 'USD'],
    ['5.', 'USD'],
    ['', 'USD'],
    [' 5', 'USD'],
    ['5\n', 'USD'],
    ['5,00', 'USD'],
    ['1,000', 'USD'],
    ['1e3', 'USD'],
    ['0x5', 'USD'],
    ['NaN', 'USD'],
    ['Infinity', 'USD'],
    ['٥', 'USD'],
    // Thirteen digits.
    ['1000000000000', 'USD'],
  ])('%j %s is none', (amount, currency) => {
    expect(minorUnits(amount, currency)).toBeUndefined();
  });

  it('is exact for any decimal number, or none: nothing is rounded', () => {
    fc.assert(
      fc.property(anyDecimal, anyCurrency, (amount, currency) => {
        const exact = exactUnits(amount, DIGITS[currency]);
        const units = minorUnits(amount, currency);
        expect(units).toBe(exact === 0n || !exact ? undefined : Number(exact));
        if (units !== undefined) {
          expect(Number.isSafeInteger(units)).toBe(true);
          expect(BigInt(units)).toBe(exact);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('is the same however many zeros stand at the end', () => {
    fc.assert(
      fc.property(
        anyCurrency.chain((currency) =>
          fc.tuple(fc.constant(currency), decimal(DIGITS[currency])),
        ),
        fc.nat(5),
        ([currency, amount], zeros) => {
          const padded = amount.includes('.')
            ? amount + '0'.repeat(zeros)
            : `${amount}.0${'0'.repeat(zeros)}`;
          expect(minorUnits(padded, currency)).toBe(
            minorUnits(amount, currency),
          );
        },
      ),
    );
  });

  it('is none for any other text, which never makes it throw', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        anyCurrency,
        (text, currency) => {
          fc.pre(!/^\d+(\.\d+)?$/.test(text));
          expect(minorUnits(text, currency)).toBeUndefined();
        },
      ),
    );
  });

  it('is not looked for long in a text of absurd length', () => {
    const start = performance.now();
    for (const text of [
      `5.${'0'.repeat(100_000)}x`,
      `5.${'10'.repeat(100_000)}x`,
      `${'0'.repeat(200_000)}x`,
      '5'.repeat(200_000),
    ]) {
      expect(minorUnits(text, 'USD')).toBeUndefined();
      expect(chargeable(text)).toBeUndefined();
      canonicalDecimal(text);
    }
    expect(performance.now() - start).toBeLessThan(1_000);
  });
});

describe('what Plutu takes in a request', () => {
  it.each(['5', '5.5', '5.50', 5, 5.5, '0.01', '999999999999.99'])(
    '%j is an amount',
    (amount) => expect(isRequestAmount(amount)).toBe(true),
  );

  it.each([
    '5.500',
    '5.001',
    '0',
    '0.00',
    '-1',
    '1e3',
    1e21,
    0.1 + 0.2,
    5n,
    null,
  ])('%s is none', (amount) => expect(isRequestAmount(amount)).toBe(false));

  it.each([
    ['25.5', '25.5'],
    ['25.500', '25.50'],
    ['25.5000', '25.50'],
    ['25.00', '25.00'],
    ['25', '25'],
    ['25.505', undefined],
    ['0.000', undefined],
    ['-5.00', undefined],
  ])('of %s that is due, %s is charged', (due, charged) => {
    expect(chargeable(due)).toBe(charged);
  });

  it('what is charged always has the value of what is due, or nothing is', () => {
    fc.assert(
      fc.property(anyDecimal, (due) => {
        const charged = chargeable(due);
        const exact = exactUnits(due, 2);
        expect(charged === undefined).toBe(exact === 0n || !exact);
        if (charged === undefined) return;
        expect(isRequestAmount(charged)).toBe(true);
        expect(exactUnits(charged, 2)).toBe(exact);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('the one spelling of a value', () => {
  it.each([
    ['25.500', '25.5'],
    ['+025.50', '25.5'],
    ['25.', undefined],
    ['.5', undefined],
    [25.5, '25.5'],
    [25n, '25'],
    [{ toString: () => '25.50' }, '25.5'],
    ['-0.00', '0'],
    ['-2.50', '-2.5'],
    ['1e3', undefined],
    [1e21, undefined],
    [Number.NaN, undefined],
    ['', undefined],
    [null, undefined],
    [undefined, undefined],
    [true, undefined],
    [Object.create(null), undefined],
  ])('of %s is %s', (value, spelled) => {
    expect(canonicalDecimal(value)).toBe(spelled);
  });

  it('is the same for two decimal numbers only if they have one value', () => {
    const spellings = fc
      .tuple(anyDecimal, fc.nat(3), fc.nat(3))
      .map(([amount, before, after]) => {
        const padded = amount.includes('.')
          ? amount + '0'.repeat(after)
          : amount;
        return ['0'.repeat(before) + padded, amount] as const;
      });
    fc.assert(
      fc.property(spellings, anyDecimal, ([spelled, amount], other) => {
        expect(canonicalDecimal(spelled)).toBe(canonicalDecimal(amount));
        expect(canonicalDecimal(amount) === canonicalDecimal(other)).toBe(
          exactUnits(amount, 6) === exactUnits(other, 6),
        );
      }),
    );
  });
});
