import { PGlite } from '@electric-sql/pglite';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import {
  SCHEMA,
  sqlDelivery,
} from '../examples/sql-delivery/sql-callback-delivery.js';
import { describeDeliveryContract } from './support/delivery-contract.js';

// The example of a delivery of one's own, on a PostgreSQL without a server.
let database: PGlite;

beforeAll(async () => {
  database = new PGlite();
  await database.exec(SCHEMA);
});
beforeEach(async () => {
  await database.exec('TRUNCATE plutu_callback');
});
afterAll(() => database.close());

describeDeliveryContract('the example for an SQL database', () =>
  sqlDelivery(database, { poll: 20, backoff: 20 }),
);
