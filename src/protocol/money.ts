const digitsByCurrency = new Map<string, number>();

/**
 * How many digits the minor unit of a currency has: 2 for USD, 3 for LYD
 * (ISO 4217, as `Intl` knows it).
 *
 * @param currency three capital letters.
 */
export function minorDigits(currency: string): number {
  let digits = digitsByCurrency.get(currency);
  if (digits === undefined) {
    digits =
      new Intl.NumberFormat('en', {
        style: 'currency',
        currency,
      }).resolvedOptions().maximumFractionDigits ?? 2;
    digitsByCurrency.set(currency, digits);
  }
  return digits;
}

/**
 * What an amount on the wire looks like. Twelve digits before the point and three
 * after it still make an exact integer.
 */
export const WIRE_AMOUNT = /^(0|[1-9]\d{0,11})(?:\.(\d+))?$/;

/**
 * An amount in minor units of its currency, such as 550 for `'5.5'` USD and 5500
 * for `'5.5'` LYD.
 *
 * @returns `undefined` for what is not an amount: zero, negative, more decimals
 *   than the currency has, an exponent, separators, spaces. Nothing is rounded.
 */
export function minorUnits(
  amount: string,
  currency: string,
): number | undefined {
  const [, whole, digits = ''] = WIRE_AMOUNT.exec(amount) ?? [];
  if (whole === undefined) return undefined;
  const decimals = withoutEndingZeros(digits);
  const places = minorDigits(currency);
  if (decimals.length > places) return undefined;
  const units =
    Number(whole) * 10 ** places + Number(decimals.padEnd(places, '0'));
  return units > 0 ? units : undefined;
}

/** What Plutu takes in a request: at most two decimals, in every currency. */
export const REQUEST_AMOUNT = /^(0|[1-9]\d{0,11})(?:\.\d{1,2})?$/;

/** Whether Plutu takes it as the amount of a request: more than 0. */
export function isRequestAmount(amount: unknown): amount is string | number {
  if (typeof amount !== 'string' && typeof amount !== 'number') return false;
  const text = String(amount);
  return REQUEST_AMOUNT.test(text) && /[1-9]/.test(text);
}

/**
 * An amount due in the form that Plutu takes in a request: `25.50` for `25.500`. An
 * amount that already has this form is returned unchanged.
 *
 * @param amount a decimal number as text.
 * @returns `undefined` for what Plutu cannot charge, such as zero or a third
 *   decimal that is not zero. Nothing is rounded.
 */
export function chargeable(amount: string): string | undefined {
  const fit = amount.replace(/(\.\d{2})0+$/, '$1');
  return isRequestAmount(fit) ? fit : undefined;
}

/**
 * The canonical spelling of a decimal number: `25.5` for `'25.500'`,
 * `25.5`, a `Decimal` of an ORM or `'+025.50'`. Nothing is rounded: it works on text
 * only.
 *
 * @returns `undefined` for what is not written as a plain decimal number.
 */
export function canonicalDecimal(value: unknown): string | undefined {
  const [, sign, whole, fraction = ''] =
    /^([+-]?)(\d+)(?:\.(\d+))?$/.exec(textOf(value)) ?? [];
  if (whole === undefined) return undefined;
  const units = whole.replace(/^0+(?=\d)/, '');
  const decimals = withoutEndingZeros(fraction);
  const digits = decimals === '' ? units : `${units}.${decimals}`;
  return sign === '-' && digits !== '0' ? `-${digits}` : digits;
}

// A loop: a regular expression would scan a long run of zeros again from each zero.
function withoutEndingZeros(decimals: string): string {
  let end = decimals.length;
  while (decimals[end - 1] === '0') end--;
  return decimals.slice(0, end);
}

function textOf(value: unknown): string {
  switch (typeof value) {
    case 'string':
    case 'number':
    case 'bigint':
      return String(value);
    case 'object':
      return textOfObject(value);
    default:
      return '';
  }
}

/** The text of an object such as an ORM's `Decimal`; none without a prototype. */
function textOfObject(value: object | null): string {
  const toText: unknown = value && Reflect.get(value, 'toString');
  return typeof toText === 'function'
    ? String(Reflect.apply(toText, value, []))
    : '';
}
