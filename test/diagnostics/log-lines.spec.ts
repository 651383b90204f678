import { ConsoleLogger, Logger, type LoggerService } from '@nestjs/common';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { adfali, ADFALI, OnPaymentApproved } from '../../src/index.js';
import { startApp } from '../support/app.js';
import { callbackQuery } from '../support/callbacks.js';
import { otpShop } from '../support/otp-contract.js';
import { call } from '../support/queue.js';

/** What is written to the console from now on, until the test is over. */
function recordConsole(): () => string[] {
  const lines: string[] = [];
  for (const stream of [process.stdout, process.stderr]) {
    const spy = vi.spyOn(stream, 'write').mockImplementation((text) => {
      lines.push(...String(text).trimEnd().split('\n'));
      return true;
    });
    onTestFinished(() => spy.mockRestore());
  }
  return () => lines;
}

/** Two callbacks of one payment whose consumer fails at first, and a forged one. */
async function useShop(logger: LoggerService): Promise<void> {
  let calls = 0;
  class Orders {
    @OnPaymentApproved({ consumer: 'booking' })
    book() {
      if (++calls === 1) throw new Error('the database is down');
    }
  }
  const app = await startApp(
    {},
    { isDeaf: true, providers: [Orders] },
    { logger },
  );
  for (const query of [callbackQuery(), callbackQuery(), 'hashed=0']) {
    await call(app, query);
  }
}

const PAYMENT = {
  account: 'default',
  gateway: 'mpgs',
  invoiceNo: 'inv-1',
  orderNo: 'inv-1',
  transactionId: 't-1',
  outcome: 'approved',
  paymentId: expect.stringMatching(/^[\w-]+$/),
};

describe('a log line', () => {
  it('has fields beside its sentence, for a logger that writes JSON', async () => {
    const console = recordConsole();
    await useShop(new ConsoleLogger({ json: true }));

    const lines = console()
      .map((line): { context: string } => JSON.parse(line))
      .filter(({ context }) => context.startsWith('Plutu'));
    expect(lines).toMatchObject([
      {
        level: 'warn',
        message: expect.stringContaining(
          'Consumers failed, trying again in 1 s',
        ),
        params: {
          ...PAYMENT,
          attempt: 1,
          consumers: ['booking'],
          reason: 'booking: the database is down',
        },
      },
      {
        level: 'error',
        message: expect.stringContaining('Callback not accepted: mpgs invoice'),
        context: 'PlutuPayments',
        stack: expect.stringContaining('the database is down'),
        params: { ...PAYMENT, source: 'callback' },
      },
      {
        level: 'log',
        message: expect.stringContaining('Callback accepted: mpgs invoice'),
        params: { ...PAYMENT, duplicate: false, ms: expect.any(Number) },
      },
      {
        level: 'warn',
        message: expect.stringContaining('Callback of mpgs rejected at'),
        params: {
          account: 'default',
          gateway: 'mpgs',
          path: '/plutu/mpgs/callback',
          reason: 'signature-mismatch',
        },
      },
    ]);
  });

  it('is the sentence alone, for a logger that writes text', async () => {
    const console = recordConsole();
    await useShop(new ConsoleLogger({ colors: false }));

    const text = console().join('\n');
    expect(text).toMatch(
      /\[PlutuPayments\] Callback accepted: mpgs invoice inv-1, transaction t-1, approved, \d+ ms *$/m,
    );
    expect(text).toMatch(
      /Callback of mpgs rejected at \/plutu\/mpgs\/callback: signature-mismatch *$/m,
    );
    expect(text).toContain('Error: the database is down');
    expect(text).not.toContain('paymentId');
  });

  it('of a charge that is unknown says which', async () => {
    const console = recordConsole();
    const { service, order } = await otpShop(
      { gateway: ADFALI, feature: adfali },
      { confirms: ['hang-up'] },
    );
    Logger.overrideLogger(new ConsoleLogger({ json: true }));
    onTestFinished(() => Logger.overrideLogger(false));
    const { token } = await service.sendOtp(order);
    await service.confirm({ token, code: '4242' }).catch(() => {});

    expect(console().map((line): unknown => JSON.parse(line))).toContainEqual(
      expect.objectContaining({
        message: expect.stringContaining(
          'It is unknown whether edfali invoice',
        ),
        params: expect.objectContaining({
          gateway: 'edfali',
          invoiceNo: 'inv-1',
          amount: '5.00',
        }),
      }),
    );
  });
});
