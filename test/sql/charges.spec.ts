import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { SADAD, sadad } from '../../src/index.js';
import { sqlJournal } from '../../src/sql/index.js';
import {
  createDatabase,
  type TestDatabase,
  executorOf,
} from '../support/databases.js';
import { describeOnBoth, ShopBooks } from '../support/journals.js';
import { otpShop, PAID, refusal } from '../support/otp-contract.js';

const UNDER = {
  gateway: SADAD,
  feature: sadad,
  request: { birthYear: '1990' },
};
const CODE = '004242';

/** A shop with one-time passwords and a journal. */
const start = (
  database: TestDatabase,
  options: Parameters<typeof otpShop>[1] = {},
) =>
  otpShop(UNDER, {
    ...options,
    plutu: {
      journal: sqlJournal({
        backoff: 20,
        useFactory: () => executorOf(database),
      }),
      ...options.plutu,
    },
    setup: { providers: [ShopBooks], isDeaf: true },
  });

await describeOnBoth('charges with one-time passwords', (server) => {
  it('a double click that reaches two instances charges once, both get the payment, and the wallet is credited once', async () => {
    const database = await createDatabase(server);
    const one = await start(database, { before: () => sleep(300) });
    const two = await start(database, { plutu: { baseUrl: one.plutuUrl } });
    const { token, invoiceNo } = await one.service.sendOtp({
      ...one.order,
      invoiceNo: undefined,
      orderNo: 'order-1',
    });
    expect(invoiceNo).toMatch(/^order-1-[0-9a-f]{12}$/);

    const payments = await Promise.all([
      one.service.confirm({ token, code: CODE }),
      two.service.confirm({ token, code: CODE }),
    ]);

    expect(payments).toMatchObject([
      { orderNo: 'order-1', invoiceNo, outcome: 'approved' },
      { orderNo: 'order-1', invoiceNo, outcome: 'approved' },
    ]);
    expect(one.confirms()).toBe(1);
    const credits = () =>
      [one, two].flatMap(({ app }) => app.get(ShopBooks).credits);
    await expect.poll(credits).toEqual([5000]);
    await sleep(100);
    expect(credits()).toEqual([5000]);
  });

  it('a wrong code that reaches two instances is tried once, and both hear that it is wrong', async () => {
    const database = await createDatabase(server);
    const one = await start(database, {
      before: () => sleep(300),
      confirms: [refusal('INVLIAD_OTP'), PAID],
    });
    const two = await start(database, { plutu: { baseUrl: one.plutuUrl } });
    const { token } = await one.service.sendOtp(one.order);

    const results = await Promise.allSettled(
      [one, two].map(({ service }) => service.confirm({ token, code: CODE })),
    );

    expect(results).toMatchObject([
      { status: 'rejected', reason: { problem: 'wrong-code' } },
      { status: 'rejected', reason: { problem: 'wrong-code' } },
    ]);
    expect(one.confirms()).toBe(1);
    await expect(
      two.service.confirm({ token, code: CODE }),
    ).resolves.toMatchObject({ outcome: 'approved' });
  });

  it('two codes of one order, charged at two instances at the same moment, charge once', async () => {
    const database = await createDatabase(server);
    const one = await start(database, { before: () => sleep(300) });
    const two = await start(database, { plutu: { baseUrl: one.plutuUrl } });
    const order = { ...one.order, invoiceNo: undefined, orderNo: 'order-1' };
    const [first, second] = [
      await one.service.sendOtp(order),
      await two.service.sendOtp(order),
    ];

    const results = await Promise.allSettled([
      one.service.confirm({ token: first.token, code: CODE }),
      two.service.confirm({ token: second.token, code: CODE }),
    ]);

    expect(results.map(({ status }) => status).toSorted()).toEqual([
      'fulfilled',
      'rejected',
    ]);
    expect(results.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: { code: 'PLUTU_ALREADY_PAID', orderNo: 'order-1' },
    });
    expect(one.confirms()).toBe(1);
  });

  it('an application that is stopped while Plutu charges writes down how it ended', async () => {
    const database = await createDatabase(server);
    const { app, service, order } = await start(database, {
      before: () => sleep(500),
    });
    const { token } = await service.sendOtp(order);

    const confirming = service.confirm({ token, code: CODE });
    await expect
      .poll(() => database.query('SELECT state FROM plutu_checkout'))
      .toMatchObject([{ state: 'charging' }]);
    await app.close();

    await expect(confirming).resolves.toMatchObject({ outcome: 'approved' });
    expect(
      await database.query('SELECT state FROM plutu_checkout'),
    ).toMatchObject([{ state: 'settled' }]);
  });
});
