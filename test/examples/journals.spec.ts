import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { callbackQuery } from '../support/callbacks.js';
import {
  createDatabase,
  findMariaDb,
  findPostgres,
  HOW_TO_GET_MARIADB,
  HOW_TO_GET_POSTGRES,
  type FoundServer,
} from '../support/databases.js';
import { freePort } from '../support/servers.js';
import { isMissing } from '../support/tools.js';
import { vectors } from '../support/vectors.js';

const postgres = await findPostgres();
const mariadb = await findMariaDb();
afterAll(async () => {
  await postgres?.close();
  await mariadb?.close();
});

const PAYMENTS = 20;

/** Starts an example, and ends it with the test. */
async function startShop(
  example: string,
  url: string,
  port: number,
): Promise<ChildProcess> {
  const main = fileURLToPath(
    new URL(`../../examples/${example}/dist/main.js`, import.meta.url),
  );
  const shop = spawn(process.execPath, [main], {
    stdio: 'ignore',
    env: {
      ...process.env,
      DATABASE_URL: url,
      PORT: String(port),
      SHOP_URL: `http://127.0.0.1:${port}`,
      PLUTU_API_KEY: 'test-api-key',
      PLUTU_ACCESS_TOKEN: 'test-access-token',
      PLUTU_SECRET_KEY: vectors.secretKey,
    },
  });
  onTestFinished(() => void shop.kill('SIGKILL'));
  const address = `http://127.0.0.1:${port}/wallets/nobody`;
  while (!(await fetch(address).catch(() => undefined))) {
    if (shop.exitCode !== null) throw new Error(`${example} does not start.`);
    await sleep(100);
  }
  return shop;
}

async function creditedAfterAKill(
  example: string,
  server: FoundServer | undefined,
  prepare: string[] = [],
): Promise<unknown> {
  const database = await createDatabase(server);
  for (const statement of prepare) await database.query(statement);
  const port = await freePort();
  const bring = async (number: number) => {
    const query = callbackQuery({
      invoiceNo: `salma.${number}`,
      transactionId: `t-${number}`,
      amount: '5.00',
    });
    const answer = await fetch(
      `http://127.0.0.1:${port}/plutu/mpgs/callback?${query}`,
    ).catch(() => undefined);
    return answer?.ok ?? false;
  };
  const bringAll = () =>
    Promise.all(Array.from({ length: PAYMENTS }, (_, number) => bring(number)));

  const first = await startShop(example, database.url, port);
  // The kill comes while they are accepted and booked.
  const accepted = bringAll();
  await expect
    .poll(() => database.query('SELECT id FROM plutu_payment LIMIT 1'), {
      interval: 2,
    })
    .toHaveLength(1);
  const ended = once(first, 'exit');
  first.kill('SIGKILL');
  await Promise.all([accepted, ended]);

  const second = await startShop(example, database.url, port);
  await bringAll();
  const wallet = async (): Promise<unknown> => {
    const response = await fetch(`http://127.0.0.1:${port}/wallets/salma`);
    const text = await response.text();
    return text === '' ? undefined : JSON.parse(text);
  };
  await expect
    .poll(
      () =>
        database.query('SELECT id FROM plutu_payment WHERE done_at IS NULL'),
      { timeout: 20_000 },
    )
    .toEqual([]);
  const credited = await wallet();
  const stopped = once(second, 'exit');
  second.kill('SIGTERM');
  await stopped;
  return credited;
}

const CREDITED = { owner: 'salma', cents: PAYMENTS * 500 };

describe('an example that is killed while it books', () => {
  it.skipIf(
    isMissing(mariadb, {
      suite: 'the example with TypeORM',
      howToGetIt: HOW_TO_GET_MARIADB,
    }),
  )(
    'credits each payment exactly once with TypeORM and MariaDB',
    async () => {
      expect(await creditedAfterAKill('journal-typeorm', mariadb)).toEqual(
        CREDITED,
      );
    },
    40_000,
  );

  it.skipIf(
    isMissing(postgres, {
      suite: 'the example with Prisma',
      howToGetIt: HOW_TO_GET_POSTGRES,
    }),
  )(
    'credits each payment exactly once with Prisma and PostgreSQL',
    async () => {
      expect(
        await creditedAfterAKill('journal-prisma', postgres, [
          'CREATE TABLE "Wallet" (owner text PRIMARY KEY, cents int NOT NULL DEFAULT 0)',
        ]),
      ).toEqual(CREDITED);
    },
    40_000,
  );
});
