import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import {
  ADFALI,
  adfali,
  PLUTU_EVENTS,
  PlutuPaymentUnknownError,
} from '../../src/index.js';
import { recordPlutuEvents } from '../../src/testing/index.js';
import { record, recordErrors } from '../support/app.js';
import {
  otpShop as shopOf,
  PAID,
  refusal,
  type PlutuAnswer,
} from '../support/otp-contract.js';

const UNDER = { gateway: ADFALI, feature: adfali };
const CODE = '4242';

const otpShop = (setup: Parameters<typeof shopOf>[1] = {}) =>
  shopOf(UNDER, setup);

function paid(result: object): PlutuAnswer {
  return [200, { status: 200, result }];
}

describe('money that may have been taken', () => {
  it.each<[string, PlutuAnswer]>([
    ['a connection that ends', 'hang-up'],
    ['HTTP 500', refusal('BACKEND_SERVER_ERROR', 500)],
    ['a bank that does not record the payment', refusal('ADD_PAYMENT_ERROR')],
    ['a code that nobody knows, with HTTP 502', refusal('NEW_TROUBLE', 502)],
    ['a success without a transaction', paid({ amount: 5 })],
    ['an amount that cannot be read', paid({ transaction_id: 1, amount: 'x' })],
    ['no money at all', paid({ transaction_id: 1, amount: 0 })],
    ['something else than Plutu', [200, {}]],
    [
      'an error inside HTTP 200 that nobody knows',
      [200, { error: { code: 'PAYMENT_PENDING', message: 'x' } }],
    ],
    ['HTTP 409 without a code', [409, { message: 'conflict' }]],
    [
      'a transaction number that JavaScript cannot read',
      [
        200,
        JSON.parse(
          '{"status":200,"result":{"transaction_id":90071992547409931}}',
        ),
      ],
    ],
  ])('%s is reported, and never asked for again', async (_, answer) => {
    recordErrors();
    const { service, order, confirms, emitter } = await otpShop({
      confirms: [answer, PAID],
    });
    const events = record(emitter);
    const { token } = await service.sendOtp(order);

    const unknown = {
      code: 'PLUTU_PAYMENT_UNKNOWN',
      retryable: false,
      payment: {
        account: 'default',
        tenant: undefined,
        gateway: 'edfali',
        invoiceNo: 'inv-1',
        orderNo: 'inv-1',
        amount: '5.00',
        currency: 'LYD',
        processId: '1700000000001',
      },
    };
    await expect(service.confirm({ token, code: CODE })).rejects.toMatchObject(
      unknown,
    );
    await expect(service.confirm({ token, code: CODE })).rejects.toMatchObject(
      unknown,
    );
    expect(confirms()).toBe(1);
    expect(events).toEqual([[PLUTU_EVENTS.paymentUnknown, unknown.payment]]);
  });

  it('a test can wait for it by its name', async () => {
    recordErrors();
    const { app, service, order } = await otpShop({ confirms: ['hang-up'] });
    const events = recordPlutuEvents(app);
    const { token } = await service.sendOtp(order);

    await expect(service.confirm({ token, code: CODE })).rejects.toThrow(
      PlutuPaymentUnknownError,
    );

    expect(await events.next('unknown', { invoiceNo: 'inv-1' })).toMatchObject({
      gateway: 'edfali',
      amount: '5.00',
    });
  });

  it('an answer that takes too long is one of them, after a time of its own', async () => {
    recordErrors();
    const { service, order } = await otpShop({
      before: () => sleep(1_000),
      plutu: { timeout: 50, confirmTimeout: 300 },
    });
    const { token } = await service.sendOtp(order);
    const start = performance.now();

    await expect(service.confirm({ token, code: CODE })).rejects.toThrow(
      PlutuPaymentUnknownError,
    );

    expect(performance.now() - start).toBeGreaterThan(250);
  });

  it('blocks its order: another code of it charges nobody, and none is sent', async () => {
    recordErrors();
    const { service, order, confirms } = await otpShop({
      confirms: ['hang-up', PAID],
      before: () => sleep(200),
    });
    const [one, two] = [
      await service.sendOtp(order),
      await service.sendOtp(order),
    ];

    const results = await Promise.allSettled(
      [one, two].map(({ token }) => service.confirm({ token, code: CODE })),
    );

    expect(results).toMatchObject([
      { reason: { code: 'PLUTU_PAYMENT_UNKNOWN' } },
      { reason: { code: 'PLUTU_PAYMENT_UNKNOWN' } },
    ]);
    await expect(service.sendOtp(order)).rejects.toThrow(
      PlutuPaymentUnknownError,
    );
    expect(confirms()).toBe(1);
  });

  it('a token that has expired still says so, and does not ask for a new code', async () => {
    recordErrors();
    const { service, order } = await otpShop({
      confirms: ['hang-up'],
      options: { tokenLifetime: 300 },
    });
    const { token } = await service.sendOtp(order);
    await service.confirm({ token, code: CODE }).catch(() => {});
    await sleep(350);

    await expect(service.confirm({ token, code: CODE })).rejects.toThrow(
      PlutuPaymentUnknownError,
    );
  });
});

describe('money that was taken', () => {
  it('while the application is being stopped still becomes a payment', async () => {
    const { app, service, order, confirms } = await otpShop({
      before: () => sleep(300),
    });
    const { token } = await service.sendOtp(order);

    const confirming = service.confirm({ token, code: CODE });
    await expect.poll(confirms).toBe(1);
    await app.close();

    await expect(confirming).resolves.toMatchObject({ outcome: 'approved' });
  });

  it('and whose consumer fails is no refusal: the error has the payment, and the next call delivers it without a charge', async () => {
    recordErrors();
    const { service, order, emitter, confirms } = await otpShop({
      setup: { isDeaf: true },
    });
    let calls = 0;
    emitter.on(PLUTU_EVENTS.paymentApproved, () => {
      if (++calls === 1) throw new Error('the database is down');
    });
    const { token } = await service.sendOtp(order);

    await expect(service.confirm({ token, code: CODE })).rejects.toMatchObject({
      code: 'PLUTU_PAYMENT_NOT_DELIVERED',
      payment: { outcome: 'approved', transactionId: '100923' },
    });
    await expect(service.confirm({ token, code: CODE })).resolves.toMatchObject(
      { transactionId: '100923' },
    );
    expect([calls, confirms()]).toEqual([2, 1]);
  });

  it('and whose consumer fails is handed over again by itself', async () => {
    recordErrors();
    const { service, order, emitter, confirms } = await otpShop({
      setup: { isDeaf: true },
    });
    let calls = 0;
    emitter.on(PLUTU_EVENTS.paymentApproved, () => {
      if (++calls === 1) throw new Error('the database is down');
    });
    const { token } = await service.sendOtp(order);
    await service.confirm({ token, code: CODE }).catch(() => {});

    await expect.poll(() => calls).toBe(2);
    expect(confirms()).toBe(1);
  });

  it('and whose consumer fails does not hold up an application that is stopped', async () => {
    recordErrors();
    const { app, service, order, emitter } = await otpShop({
      setup: { isDeaf: true },
    });
    let calls = 0;
    emitter.on(PLUTU_EVENTS.paymentApproved, () => {
      calls++;
      throw new Error('the database is down');
    });
    const { token } = await service.sendOtp(order);
    await service.confirm({ token, code: CODE }).catch(() => {});

    await app.close();

    expect(calls).toBe(2);
  });

  it('of another amount than was asked for is a mismatch that says what was due', async () => {
    recordErrors();
    const { service, order } = await otpShop({
      confirms: [paid({ transaction_id: '77', amount: '4.00' })],
    });
    const { token } = await service.sendOtp(order);

    await expect(service.confirm({ token, code: CODE })).resolves.toMatchObject(
      {
        outcome: 'mismatch',
        reason: 'amount',
        amount: '4.00',
        due: { amount: '5.00', currency: 'LYD' },
      },
    );
  });

  it('is of the amount that was asked for, if Plutu does not say', async () => {
    const { service, order } = await otpShop({
      confirms: [paid({ transaction_id: '77' })],
    });
    const { token } = await service.sendOtp(order);

    await expect(service.confirm({ token, code: CODE })).resolves.toMatchObject(
      { outcome: 'approved', amount: '5.00' },
    );
  });

  it('for an order is not taken again: no code is sent, and another code of it does not charge', async () => {
    const { service, order, confirms } = await otpShop();
    const first = await service.sendOtp(order);
    const second = await service.sendOtp(order);
    await service.confirm({ token: first.token, code: CODE });

    const alreadyPaid = {
      code: 'PLUTU_ALREADY_PAID',
      orderNo: 'inv-1',
      first: { gateway: 'edfali', transactionId: '100923' },
    };
    await expect(
      service.confirm({ token: second.token, code: CODE }),
    ).rejects.toMatchObject(alreadyPaid);
    await expect(service.sendOtp(order)).rejects.toMatchObject(alreadyPaid);
    expect(confirms()).toBe(1);
  });

  it('in two tabs at the same moment is taken once', async () => {
    const { service, order, confirms } = await otpShop({
      before: () => sleep(200),
    });
    const [one, two] = [
      await service.sendOtp(order),
      await service.sendOtp(order),
    ];

    const results = await Promise.allSettled(
      [one, two].map(({ token }) => service.confirm({ token, code: CODE })),
    );

    expect(results.map(({ status }) => status).toSorted()).toEqual([
      'fulfilled',
      'rejected',
    ]);
    expect(confirms()).toBe(1);
  });
});

describe('nobody is charged', () => {
  it('for an invoice that is due another amount by now, and then still can be', async () => {
    let amount = '5.00';
    const orders = { findInvoice: () => ({ amount, currency: 'LYD' }) };
    const { service, order, confirms } = await otpShop({
      plutu: { invoices: 'ORDERS' },
      setup: { providers: [{ provide: 'ORDERS', useValue: orders }] },
    });
    const { token } = await service.sendOtp({ ...order, amount: undefined });
    amount = '7.00';

    await expect(service.confirm({ token, code: CODE })).rejects.toMatchObject({
      code: 'PLUTU_INVOICE_MISMATCH',
      fields: { amount: [expect.any(String)] },
    });
    expect(confirms()).toBe(0);
    amount = '5.00';
    await expect(service.confirm({ token, code: CODE })).resolves.toMatchObject(
      { outcome: 'approved' },
    );
  });

  it('who has waited for another tab, if the invoice is not due any more by then', async () => {
    let isDue = true;
    const orders = {
      findInvoice: () => (isDue ? { amount: '5.00', currency: 'LYD' } : null),
    };
    const { service, order, confirms } = await otpShop({
      confirms: [refusal('CONFIRMATION_ERROR'), PAID],
      before: async () => {
        await sleep(300);
        isDue = false;
      },
      plutu: { invoices: 'ORDERS' },
      setup: { providers: [{ provide: 'ORDERS', useValue: orders }] },
    });
    const [one, two] = [
      await service.sendOtp(order),
      await service.sendOtp(order),
    ];

    const results = await Promise.allSettled(
      [one, two].map(({ token }) => service.confirm({ token, code: CODE })),
    );

    expect(results).toMatchObject([
      { reason: { problem: 'wrong-code' } },
      { reason: { code: 'PLUTU_INVOICE_MISMATCH' } },
    ]);
    expect(confirms()).toBe(1);
  });

  it('for a process that Plutu has opened for another amount', async () => {
    const { service, order } = await otpShop({
      verify: [
        200,
        { status: 200, result: { process_id: 1700000000001, amount: 50 } },
      ],
    });
    await expect(service.sendOtp(order)).rejects.toMatchObject({
      code: 'PLUTU_UNEXPECTED_ANSWER',
    });
  });

  it('after too many wrong codes: the next one is not even tried', async () => {
    const { service, order, confirms } = await otpShop({
      confirms: [refusal('CONFIRMATION_ERROR')],
      options: { maxRefusals: 3 },
    });
    const { token } = await service.sendOtp(order);
    for (let time = 0; time < 3; time++) {
      await expect(
        service.confirm({ token, code: CODE }),
      ).rejects.toMatchObject({ problem: 'wrong-code' });
    }

    await expect(service.confirm({ token, code: CODE })).rejects.toMatchObject({
      problem: 'too-many-refusals',
    });
    expect(confirms()).toBe(3);
  });

  it('and no more codes are sent, once a number has had its share, however it is written', async () => {
    const { service, order } = await otpShop({ options: { maxCodes: 2 } });
    await service.sendOtp({ ...order, invoiceNo: 'a' });
    await service.sendOtp({
      ...order,
      invoiceNo: 'b',
      mobileNumber: '+218 91-234-5678',
    });

    await expect(
      service.sendOtp({ ...order, invoiceNo: 'c' }),
    ).rejects.toMatchObject({ problem: 'too-many-codes', retryable: true });
    await expect(
      service.sendOtp({ ...order, invoiceNo: 'd', mobileNumber: '0911111111' }),
    ).resolves.toBeDefined();
  });

  it('and a code that may have been sent counts, too', async () => {
    const { service, order } = await otpShop({
      verify: 'hang-up',
      options: { maxCodes: 2 },
    });
    for (let time = 0; time < 2; time++) {
      await expect(service.sendOtp(order)).rejects.toMatchObject({
        code: 'PLUTU_OUTCOME_UNKNOWN',
        message: expect.stringContaining('A code may have been sent'),
      });
    }
    await expect(service.sendOtp(order)).rejects.toMatchObject({
      problem: 'too-many-codes',
    });
  });

  it('after too many refusals with a code that nobody knows, whatever their HTTP status', async () => {
    const { service, order, confirms } = await otpShop({
      confirms: [refusal('NEW_REFUSAL', 403)],
      options: { maxRefusals: 2 },
    });
    const { token } = await service.sendOtp(order);
    for (let time = 0; time < 4; time++) {
      await service.confirm({ token, code: CODE }).catch(() => {});
    }
    expect(confirms()).toBe(2);
  });

  it('a code that Plutu did not send counts for nothing', async () => {
    const { service, order } = await otpShop({
      verify: refusal('NOT_SUBSCRIBED'),
      options: { maxCodes: 1 },
    });
    for (let time = 0; time < 3; time++) {
      await expect(service.sendOtp(order)).rejects.toMatchObject({
        problem: 'not-subscribed',
      });
    }
  });

  it.each([
    ['UNAUTHORIZED', 401, { code: 'UNAUTHORIZED', fault: 'configuration' }],
    ['TOO_MAY_REQUESTS', 429, { fault: 'plutu' }],
    ['MAINTENANCE_MODE', 503, { fault: 'plutu' }],
  ])(
    'by a Plutu that turns requests away (%s), and no try is used up',
    async (code, status, error) => {
      const { service, order } = await otpShop({
        confirms: [refusal(code, status), PAID],
        options: { maxRefusals: 1 },
      });
      const { token } = await service.sendOtp(order);

      await expect(
        service.confirm({ token, code: CODE }),
      ).rejects.toMatchObject(error);
      await expect(
        service.confirm({ token, code: CODE }),
      ).resolves.toMatchObject({ outcome: 'approved' });
    },
  );

  it.each([
    ['OTP_EXPIRED', 'expired'],
    ['OTP_WAIT_BEFORE_RESNED', 'wait'],
    ['PHONE_NUMBER_IS_LOCKED', 'locked'],
    ['NOT_SUBSCRIBED', 'not-subscribed'],
    ['INVALID_MOBILE_NUMBER_OR_BIRTH_YEAR', 'wrong-number'],
    ['INSUFFICIENT_BALANCE', 'insufficient-balance'],
    ['CHECK_BANK_ACCOUNT', 'account-problem'],
  ])('and a page can say what is wrong: %s is "%s"', async (code, problem) => {
    const answer = refusal(code);
    const atOnce = await otpShop({ verify: answer });
    const later = await otpShop({ confirms: [answer] });
    const { token } = await later.service.sendOtp(later.order);

    const expected = { problem, plutuCode: code };
    await expect(atOnce.service.sendOtp(atOnce.order)).rejects.toMatchObject(
      expected,
    );
    await expect(
      later.service.confirm({ token, code: CODE }),
    ).rejects.toMatchObject(expected);
  });

  it('for an invoice number that was used before, and the error says that it may have been paid', async () => {
    const { service, order } = await otpShop({
      confirms: [refusal('DUPLICATED_INVOICE_NUMBER')],
    });
    const { token } = await service.sendOtp(order);

    await expect(service.confirm({ token, code: CODE })).rejects.toMatchObject({
      code: 'DUPLICATED_INVOICE_NUMBER',
      knownCode: 'DUPLICATED_INVOICE_NUMBER',
      fault: 'request',
      message: expect.stringContaining('may have been paid'),
    });
  });
});

it('an application in production that keeps its attempts in one process says so when it starts', async () => {
  vi.stubEnv('NODE_ENV', 'production');
  onTestFinished(() => void vi.unstubAllEnvs());
  const warnings: unknown[] = [];
  const spy = vi
    .spyOn(Logger.prototype, 'warn')
    .mockImplementation((warning: unknown) => void warnings.push(warning));
  onTestFinished(() => spy.mockRestore());

  await otpShop();

  expect(warnings).toContainEqual(
    expect.stringContaining('One-time passwords without the option "journal"'),
  );
});
