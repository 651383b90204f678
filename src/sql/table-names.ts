import { failOption } from '../utils/options.js';
import type { TableNames } from './dialect.js';

/** Short enough for every name that is made from it: PostgreSQL takes 63 bytes. */
const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,31}$/;

/** @throws {PlutuConfigurationError} if it cannot be part of a table's name. */
export function tableNames({ schema, prefix }: TableNames): TableNames {
  for (const [option, name] of Object.entries({ schema, prefix })) {
    if (name === undefined || NAME.test(name)) continue;
    failOption(
      `journal.${option}`,
      'must have 1 to 32 characters of A-Z a-z 0-9 _, and must not begin with a digit',
    );
  }
  return { schema, prefix };
}
