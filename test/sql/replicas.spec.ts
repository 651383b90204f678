import { sql } from 'drizzle-orm';
import { withReplicas as withMysqlReplicas } from 'drizzle-orm/mysql-core';
import { drizzle as drizzleMysql } from 'drizzle-orm/mysql2';
import { drizzle as drizzlePg } from 'drizzle-orm/node-postgres';
import { withReplicas as withPgReplicas } from 'drizzle-orm/pg-core';
import { expect, it } from 'vitest';
import {
  fromDrizzle,
  sqlJournal,
  type PaymentJournal,
  type SqlExecutor,
} from '../../src/sql/index.js';
import {
  createDatabase,
  mysqlPool,
  pgPool,
  type FoundServer,
  type TestDatabase,
} from '../support/databases.js';
import {
  approved,
  RecordingProcessor,
  startDelivery,
} from '../support/delivery-contract.js';
import { describeOnBoth } from '../support/journals.js';
import { typeOrmLibrary } from '../support/sql-libraries.js';

const throughTypeOrm = async (primary: TestDatabase, replica: TestDatabase) => {
  const { executor } = await typeOrmLibrary(primary, {
    replication: {
      master: { url: primary.url },
      slaves: [{ url: replica.url }],
    },
  });
  return executor;
};

const throughDrizzleOnPg = async (
  primary: TestDatabase,
  replica: TestDatabase,
) =>
  fromDrizzle(
    withPgReplicas(drizzlePg(pgPool(primary)), [drizzlePg(pgPool(replica))]),
    sql,
  );

const throughDrizzleOnMysql = async (
  primary: TestDatabase,
  replica: TestDatabase,
) =>
  fromDrizzle(
    withMysqlReplicas(drizzleMysql(mysqlPool(primary)), [
      drizzleMysql(mysqlPool(replica)),
    ]),
    sql,
  );

function itAsksNoReplica(
  library: string,
  server: FoundServer | undefined,
  connect: (primary: TestDatabase, replica: TestDatabase) => Promise<unknown>,
): void {
  it(`works on the primary alone through ${library}`, async () => {
    const primary = await createDatabase(server);
    // It stays empty: a statement that reads from it finds no tables.
    const replica = await createDatabase(server);
    const executor = (await connect(primary, replica)) as SqlExecutor;
    const processor = new RecordingProcessor();
    const { delivery } = await startDelivery(
      sqlJournal({ useFactory: () => executor }),
      processor,
    );
    const journal = delivery as PaymentJournal;

    await journal.accept(approved());
    await expect.poll(() => processor.published).toHaveLength(1);

    expect(await primary.query('SELECT id FROM plutu_payment')).toEqual([
      { id: approved().id },
    ]);
    expect(await journal.findBooked(approved().id)).toStrictEqual(approved());
    expect(await journal.once('wallet', approved(), () => 1)).toEqual({
      duplicate: false,
      result: 1,
    });
  });
}

await describeOnBoth('the journal beside a replica', (server) => {
  itAsksNoReplica('TypeORM', server, throughTypeOrm);
  itAsksNoReplica('Drizzle', server, (primary, replica) =>
    primary.dialect === 'postgres'
      ? throughDrizzleOnPg(primary, replica)
      : throughDrizzleOnMysql(primary, replica),
  );
});
