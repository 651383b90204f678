import { inspect } from 'node:util';
import { ConsoleLogger } from '@nestjs/common';

/** Nest 11 would log the fields as a line of their own. */
const TAKES_FIELDS = 'stringifyParams' in ConsoleLogger.prototype;

/** A text logger prints nothing for the fields: the sentence says the same. */
const IN_TEXT = { [inspect.custom]: () => '' };

/**
 * The fields that a log line can be searched by, for a logger that writes JSON. They
 * come last in the call, as in `logger.log(sentence, ...logFields({ gateway }))`.
 */
export function logFields(fields: object): readonly object[] {
  return TAKES_FIELDS ? [{ ...fields, ...IN_TEXT }] : [];
}
