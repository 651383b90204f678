import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Injectable, Logger } from '@nestjs/common';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { CallbackVerifier } from '../../src/callbacks/callback-verifier.js';
import {
  inProcessDelivery,
  mpgs,
  MPGS,
  OnDeliveryFailed,
  OnPaymentApproved,
  PlutuModule,
  type DeliveryFailedEvent,
} from '../../src/index.js';
import { PaymentIntake } from '../../src/payments/payment-intake.js';
import { ACCOUNT, recordErrors, startApp } from '../support/app.js';
import { callbackQuery } from '../support/callbacks.js';
import {
  approved,
  describeDeliveryContract,
  RecordingProcessor,
  startDelivery,
} from '../support/delivery-contract.js';
import { call } from '../support/queue.js';

describeDeliveryContract(
  'the delivery in the process',
  () => inProcessDelivery(),
  { isDurable: false },
);

const payment = (transactionId: string) => approved({ transactionId });

describe('the memory of the delivery in the process', () => {
  it('drops the oldest payment, by count', async () => {
    const { delivery } = await startDelivery(
      inProcessDelivery({ max: 2 }),
      new RecordingProcessor(),
    );

    for (const id of ['1', '2', '3']) await delivery.accept(payment(id));

    expect(await delivery.accept(payment('3'))).toMatchObject({
      duplicate: true,
    });
    expect(await delivery.accept(payment('1'))).toMatchObject({
      duplicate: false,
    });
  });

  it('drops a payment by age', async () => {
    const { delivery } = await startDelivery(
      inProcessDelivery({ rememberFor: 200 }),
      new RecordingProcessor(),
    );

    await delivery.accept(payment('1'));
    expect(await delivery.accept(payment('1'))).toMatchObject({
      duplicate: true,
    });

    await expect
      .poll(() => delivery.accept(payment('1')))
      .toMatchObject({ duplicate: false });
  });

  it('never drops what is still being published', async () => {
    let finish = () => {};
    const hanging = new Promise<void>((resolve) => (finish = resolve));
    const processor = new RecordingProcessor({ books: () => hanging });
    const { delivery } = await startDelivery(
      inProcessDelivery({ max: 1 }),
      processor,
    );

    const first = delivery.accept(payment('1'));
    const others = ['2', '3'].map((id) => delivery.accept(payment(id)));
    const second = delivery.accept(payment('1'));
    finish();

    await Promise.all([first, ...others]);
    expect(await second).toMatchObject({ duplicate: true });
    expect(processor.attempts).toHaveLength(3);
  });

  it('stays within 64 MiB for more payments than it remembers', async () => {
    const { app } = await startApp();
    const verifier = app.get(CallbackVerifier);
    const intake = app.get(PaymentIntake);
    const before = usedHeap();

    for (let i = 0; i < 120_000; i++) {
      const query = callbackQuery({ transactionId: `t-${i}` });
      const callback = await verifier.verify(MPGS.callback, {
        url: `/plutu/mpgs/callback?${query}`,
      });
      if (!('payment' in callback)) throw new Error('It is genuine.');
      await intake.take(callback.payment, 0);
    }

    expect((usedHeap() - before) / 2 ** 20).toBeLessThan(64);
  }, 180_000);
});

describe('a consumer that does not end', () => {
  it.each<[string, PromiseLike<void>]>([
    ['a promise', new Promise(() => {})],
    // As a query builder does that runs once it is awaited.
    // oxlint-disable-next-line unicorn/no-thenable -- that is what it is
    ['what is not quite a promise', { then: () => new Promise(() => {}) }],
  ])(
    'costs an arrival a bounded time, and the next arrival calls it again: it returns %s',
    async (_, hanging) => {
      let calls = 0;
      let credited = 0;

      @Injectable()
      class Orders {
        @OnPaymentApproved()
        hang(): PromiseLike<void> | undefined {
          return ++calls === 1 ? hanging : undefined;
        }

        @OnPaymentApproved()
        credit(): void {
          credited++;
        }
      }
      const logged = recordErrors();
      const app = await startApp(
        { delivery: inProcessDelivery({ handlerTimeout: 200 }) },
        { providers: [Orders], isDeaf: true },
      );

      const began = performance.now();
      const statuses = await Promise.all([
        call(app, callbackQuery()),
        call(app, callbackQuery()),
      ]);
      expect(statuses).toEqual([503, 503]);
      expect(performance.now() - began).toBeLessThan(3000);
      expect(logged()).toMatch(/Orders\.hang: .*did not finish in 200 ms/);
      expect(calls).toBe(1);

      expect(await call(app, callbackQuery())).toBe(200);
      expect({ calls, credited }).toEqual({ calls: 2, credited: 1 });
    },
  );
});

describe('a listener to a pattern that does not end', () => {
  it('does not hold up the end of the application', async () => {
    const app = await startApp({
      delivery: inProcessDelivery({ handlerTimeout: 200 }),
    });
    app.emitter.onAny(() => new Promise(() => {}));
    expect(await call(app, callbackQuery())).toBe(200);

    const began = performance.now();
    await app.app.close();

    expect(performance.now() - began).toBeLessThan(3000);
  });
});

describe('a consumer that runs after the payment is booked', () => {
  /** An application whose mail fails, so many times, once a payment is booked. */
  async function startShop(failures: number) {
    const counted = { books: 0, mails: 0 };
    const reports: DeliveryFailedEvent[] = [];

    @Injectable()
    class Orders {
      @OnPaymentApproved({ consumer: 'books' })
      book(): void {
        counted.books++;
      }

      @OnPaymentApproved({ consumer: 'mail', after: 'books' })
      mail(): void {
        if (++counted.mails <= failures) {
          throw new Error('the mail server is down');
        }
      }

      @OnDeliveryFailed()
      report(event: DeliveryFailedEvent): void {
        reports.push(event);
      }
    }
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const app = await startApp({}, { providers: [Orders], isDeaf: true });
    return { app, counted, reports };
  }

  const seconds = (count: number) => vi.advanceTimersByTimeAsync(count * 1000);

  it('and fails, is called again with growing pauses, and reported in the end', async () => {
    const logged = recordErrors();
    const { app, counted, reports } = await startShop(Infinity);

    expect(await call(app, callbackQuery())).toBe(200);
    expect(counted).toEqual({ books: 1, mails: 1 });

    let expected = 1;
    for (const pause of [1, 10, 60, 600]) {
      await seconds(pause - 0.1);
      expect(counted.mails).toBe(expected);
      await seconds(0.1);
      expect(counted.mails).toBe(++expected);
    }
    expect(reports).toMatchObject([
      {
        attempts: 5,
        reason: 'mail: the mail server is down',
        payment: { invoiceNo: 'inv-1', outcome: 'approved' },
      },
    ]);
    expect(logged()).toContain(
      'Consumers failed, not tried again: mpgs invoice inv-1, transaction t-1: mail: the mail server is down',
    );

    await seconds(24 * 60 * 60);
    expect(counted).toEqual({ books: 1, mails: 5 });
    expect(reports).toHaveLength(1);
  });

  it('and has failed, is called again by another arrival, which is answered as booked', async () => {
    const { app, counted } = await startShop(1);

    expect(await call(app, callbackQuery())).toBe(200);
    expect(await call(app, callbackQuery())).toBe(200);
    await seconds(24 * 60 * 60);

    expect(counted).toEqual({ books: 1, mails: 2 });
  });

  it('and has failed, is not called again once the application has ended', async () => {
    const warn = vi.spyOn(Logger.prototype, 'warn');
    onTestFinished(() => warn.mockRestore());
    const { app, counted } = await startShop(Infinity);

    await call(app, callbackQuery());
    await app.app.close();
    await seconds(24 * 60 * 60);

    expect(counted).toEqual({ books: 1, mails: 1 });
    expect(warn.mock.calls.flat().join('\n')).toMatch(
      /some consumers with "after" have not succeeded.*: mpgs invoice inv-1, transaction t-1/,
    );
  });
});

describe('in production, the start', () => {
  async function warnings(
    ...[plutu, metadata]: Parameters<typeof startApp>
  ): Promise<unknown[]> {
    vi.stubEnv('NODE_ENV', 'production');
    onTestFinished(() => void vi.unstubAllEnvs());
    const warn = vi.spyOn(Logger.prototype, 'warn');
    onTestFinished(() => warn.mockRestore());
    await startApp(plutu, metadata);
    return warn.mock.calls
      .map(([message]: unknown[]) => message)
      .filter((message) => String(message).includes('a restart'));
  }

  it('warns once of what a restart forgets, for all accounts with the default delivery', async () => {
    const another = PlutuModule.forRoot({
      ...ACCOUNT,
      name: 'eu',
      secretKey: `${ACCOUNT.secretKey}-eu`,
      gateways: [mpgs({ path: 'eu/mpgs' })],
    });

    expect(await warnings({}, { imports: [another] })).toEqual([
      expect.stringContaining('set the option "delivery"'),
    ]);
  });

  it('does not warn if the delivery was chosen', async () => {
    expect(await warnings({ delivery: inProcessDelivery() })).toEqual([]);
  });
});

describe('outside production, the start', () => {
  it('does not warn of the default delivery', async () => {
    const warn = vi.spyOn(Logger.prototype, 'warn');
    onTestFinished(() => warn.mockRestore());

    await startApp();

    expect(warn).not.toHaveBeenCalled();
  });
});

/** In bytes, of what is reachable. */
function usedHeap(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
}
