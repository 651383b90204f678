import { ConsumerError } from '../payments/plutu-events.js';

/** What may be shown as an error's kind: a code, never text about a customer. */
const CODE = /^(?:[A-Za-z][A-Za-z0-9_]{0,63}|[0-9A-Z]{5})$/;

/**
 * Says which consumers failed, and with what kind of error. An error's message may
 * name a customer, so it belongs in the log.
 */
export function errorSummaryOf(error: unknown): string {
  if (error instanceof AggregateError) {
    const errors: unknown[] = error.errors;
    return errors.map(errorSummaryOf).join('; ');
  }
  if (error instanceof ConsumerError) {
    return `${error.consumer}: ${errorSummaryOf(error.cause)}`;
  }
  if (!(error instanceof Error)) return typeof error;
  const code: unknown = Reflect.get(error, 'code');
  const kind = error.constructor.name;
  return typeof code === 'string' && CODE.test(code) ? `${kind} ${code}` : kind;
}
