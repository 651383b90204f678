import { parseArgs } from 'node:util';
import { WrongUsage, type RunCommand } from '../cli/command.js';
import {
  journalStatements,
  type JournalStatementsOptions,
} from './journal-statements.js';
import { SCHEMA_VERSION } from './migrations.js';
import { DEFAULT_PREFIX } from './schema.js';

const USAGE = `Usage: nestjs-plutu sql --dialect <postgres|mysql> [options]

Prints the SQL that makes the tables of the journal, version ${SCHEMA_VERSION}.

Options:
  --dialect <name>   postgres, or mysql, which is also MariaDB's
  --schema <name>    the schema (PostgreSQL) or database (MySQL) of the tables
  --prefix <text>    what their names begin with (default: ${DEFAULT_PREFIX})
  --from <version>   the version that the tables have (default: 0, none yet)
  --help             show this
`;

/** `nestjs-plutu sql`: prints migrations. */
export const run: RunCommand = async (args) => {
  const { values } = parseArgs({
    args,
    options: {
      dialect: { type: 'string' },
      schema: { type: 'string' },
      prefix: { type: 'string', default: DEFAULT_PREFIX },
      from: { type: 'string', default: '0' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return;
  }
  const { dialect, schema, prefix, from } = values;
  if (dialect !== 'postgres' && dialect !== 'mysql') {
    throw new WrongUsage('--dialect must be postgres or mysql');
  }
  if (!/^\d+$/.test(from) || Number(from) > SCHEMA_VERSION) {
    throw new WrongUsage(
      `--from must be a version from 0 to ${SCHEMA_VERSION}`,
    );
  }
  const statements = statementsOf({
    dialect,
    schema,
    prefix,
    from: Number(from),
  });
  process.stdout.write(
    `-- The journal of nestjs-plutu, from version ${from} to ${SCHEMA_VERSION}.\n` +
      (dialect === 'postgres' ? 'BEGIN;\n' : '') +
      statements.map((statement) => `${statement};\n`).join('') +
      (dialect === 'postgres' ? 'COMMIT;\n' : ''),
  );
};

/** Everything else has been checked by now. */
function statementsOf(options: JournalStatementsOptions): string[] {
  try {
    return journalStatements(options);
  } catch {
    throw new WrongUsage(
      '--schema and --prefix must have 1 to 32 characters out of A-Z a-z 0-9 _',
    );
  }
}
