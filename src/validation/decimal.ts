/**
 * The one spelling of a decimal number's value: `25.5` for `'25.500'`, `25.5`, a
 * `Decimal` of an ORM or `'+025.50'`. Nothing is rounded: only text is looked at.
 *
 * @returns `undefined` for what is not written as a plain decimal number.
 */
export function canonicalDecimal(value: unknown): string | undefined {
  const [, sign, whole, decimals = ''] =
    /^([+-]?)0*(\d+)(?:\.(\d+?)0*)?$/.exec(textOf(value)) ?? [];
  if (whole === undefined) return undefined;
  const digits = /[1-9]/.test(decimals) ? `${whole}.${decimals}` : whole;
  return sign === '-' && digits !== '0' ? `-${digits}` : digits;
}

function textOf(value: unknown): string {
  switch (typeof value) {
    case 'string':
    case 'number':
    case 'bigint':
      return String(value);
    case 'object':
      return value === null ? '' : String(value);
    default:
      return '';
  }
}
