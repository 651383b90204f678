import { inspect } from 'node:util';
import { ConsoleLogger } from '@nestjs/common';

/** Nest 11 logs an object beside a sentence as a line of its own. */
const TAKES_FIELDS = 'stringifyParams' in ConsoleLogger.prototype;

/** The sentence says the same: a text logger has nothing to add to it. */
const IN_TEXT = { [inspect.custom]: () => '' };

/**
 * What a log line can be searched by, for a logger that writes JSON. It stands at
 * the end of the call, as in `logger.log(sentence, ...logFields({ gateway }))`.
 */
export function logFields(fields: object): readonly object[] {
  return TAKES_FIELDS ? [{ ...fields, ...IN_TEXT }] : [];
}
