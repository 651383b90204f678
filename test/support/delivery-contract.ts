import { setTimeout as sleep } from 'node:timers/promises';
import { Test } from '@nestjs/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  judgedPayment,
  PaymentApprovedEvent,
  PaymentCanceledEvent,
  PaymentIncompleteEvent,
  PaymentMismatchEvent,
  type DeliveryFailure,
  type PaymentDelivery,
  type PaymentDeliveryDefinition,
  type PaymentEvent,
  type PaymentFacts,
  type PaymentProcessor,
  type PaymentRecord,
  type SignedPayment,
  type UnknownPayment,
} from '../../src/index.js';
import {
  PAYMENT_DELIVERY,
  PAYMENT_PROCESSOR,
} from '../../src/payments/payment-delivery.js';

const FACTS: PaymentFacts = {
  gateway: 'mpgs',
  invoiceNo: 'inv-1',
  transactionId: 't-1',
  amount: '5.00',
  currency: 'USD',
};

/** A payment that a delivery may be given, as Plutu signed it. */
export function approved(facts: Partial<PaymentFacts> = {}): SignedPayment {
  return new PaymentApprovedEvent({ ...FACTS, ...facts });
}

export const APPROVED = approved();

type Verdict = NonNullable<PaymentRecord['verdict']>;

const NOT_DUE: Verdict = {
  mismatch: { reason: 'amount', due: { amount: '7.50', currency: 'USD' } },
};

/** An application's end of a delivery, recorded. */
export class RecordingProcessor implements PaymentProcessor {
  /** What it was handed, in order. */
  readonly attempts: PaymentRecord[] = [];
  /** The names of the consumers that were called. */
  readonly calls: string[] = [];
  /** What every consumer has done. */
  readonly published: PaymentEvent[] = [];
  readonly failures: DeliveryFailure[] = [];
  readonly unknown: UnknownPayment[] = [];
  /** How often it was asked whether a payment was due. */
  judged = 0;

  constructor(
    /** Called with how often any of them has been called. */
    private readonly consumers: Readonly<
      Record<string, (call: number) => unknown>
    > = { books: () => {} },
    /** Called with how often it has been asked. */
    private readonly judge: (time: number) => Verdict = () => ({}),
  ) {}

  async process(
    record: PaymentRecord,
    save: (record: PaymentRecord) => Promise<void>,
  ): Promise<PaymentRecord> {
    this.attempts.push(record);
    let current = record;
    const keep = async (change: Partial<PaymentRecord>) => {
      current = { ...current, ...change };
      await save(current);
    };
    if (!record.verdict) await keep({ verdict: this.judge(++this.judged) });
    const names = Object.keys(this.consumers);
    const failures: unknown[] = [];
    for (const name of names.filter((one) => !record.done.includes(one))) {
      try {
        this.calls.push(name);
        await this.consumers[name]?.(this.calls.length);
        const done = [...current.done, name];
        await keep({ done, booked: names.every((one) => done.includes(one)) });
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
    this.published.push(judgedPayment(current));
    return { ...current, booked: true };
  }

  async reportFailure(failure: DeliveryFailure): Promise<void> {
    this.failures.push(failure);
  }

  async reportUnknown(payment: UnknownPayment): Promise<void> {
    this.unknown.push(payment);
  }
}

export interface StartedDelivery {
  readonly delivery: PaymentDelivery;
  readonly close: () => Promise<void>;
}

/** Makes a delivery as the module does, with a processor of the test's. */
export async function startDelivery(
  definition: PaymentDeliveryDefinition,
  processor: PaymentProcessor,
): Promise<StartedDelivery> {
  const started = await openDelivery(definition, processor);
  onTestFinished(started.close);
  return started;
}

/** The same outside of a test: whoever opens it closes it. */
export async function openDelivery(
  { imports, providers = [], ...definition }: PaymentDeliveryDefinition,
  processor: PaymentProcessor,
): Promise<StartedDelivery> {
  const testingModule = await Test.createTestingModule({
    imports,
    providers: [
      { provide: PAYMENT_PROCESSOR, useValue: processor },
      ...providers,
      { provide: PAYMENT_DELIVERY, ...definition },
    ],
  }).compile();
  testingModule.useLogger(false);
  await testingModule.init();
  let closed: Promise<void> | undefined;
  const close = () => (closed ??= testingModule.close());
  return { delivery: testingModule.get(PAYMENT_DELIVERY), close };
}

/**
 * What every {@link PaymentDelivery} has to keep.
 *
 * @param define makes the definition of a delivery that has seen nothing yet.
 * @param isDurable whether it accepts a payment before anybody has judged it, and
 *   tries again by itself; if not, the next arrival does.
 */
export function describeDeliveryContract(
  name: string,
  define: () => PaymentDeliveryDefinition,
  { isDurable }: { isDurable: boolean },
): void {
  const start = (processor: PaymentProcessor) =>
    startDelivery(define(), processor);

  /** For a poll: brings a payment before each look, as a customer's browser does. */
  const bringAnd =
    (delivery: PaymentDelivery, look: () => unknown) => async () => {
      if (!isDurable) await delivery.accept(APPROVED).catch(() => {});
      return look();
    };

  describe(`${name} keeps the contract of a delivery:`, () => {
    it.each<[string, SignedPayment]>([
      ['approved', APPROVED],
      [
        'approved, with all it may have',
        approved({ account: 'eu', tenant: 'acme', method: 'mobicash' }),
      ],
      [
        'approved, in a currency of three digits',
        approved({ currency: 'LYD' }),
      ],
      ['canceled', new PaymentCanceledEvent(FACTS)],
      ['incomplete', new PaymentIncompleteEvent(FACTS)],
    ])(
      'a new payment is published whole, as the event it is: %s',
      async (_, payment) => {
        const processor = new RecordingProcessor();
        const { delivery } = await start(processor);

        expect(await delivery.accept(payment)).toMatchObject({
          duplicate: false,
        });

        await expect.poll(() => processor.published).toHaveLength(1);
        expect(processor.published).toStrictEqual([payment]);
        expect(processor.attempts).toMatchObject([
          { version: 1, done: [], booked: false },
        ]);
        expect(processor.attempts[0]?.verdict).toBeUndefined();
      },
    );

    it('a payment that was not due is booked as the mismatch it was judged to be', async () => {
      const processor = new RecordingProcessor(undefined, () => NOT_DUE);
      const { delivery } = await start(processor);

      await delivery.accept(APPROVED);

      await expect.poll(() => processor.published).toHaveLength(1);
      const mismatch = new PaymentMismatchEvent(APPROVED, {
        reason: 'amount',
        due: { amount: '7.50', currency: 'USD' },
      });
      expect(processor.published).toStrictEqual([mismatch]);
      expect((await delivery.accept(APPROVED)).booked).toStrictEqual(mismatch);
    });

    it('a payment that is booked is in the receipt, and found by whoever waits', async () => {
      let finish = () => {};
      const handled = new Promise<void>((resolve) => (finish = resolve));
      const processor = new RecordingProcessor({ books: () => handled });
      const { delivery } = await start(processor);

      const accepted = delivery.accept(APPROVED);
      await expect.poll(() => processor.calls).toEqual(['books']);
      expect(await delivery.findBooked?.(APPROVED.id)).toBeUndefined();
      finish();

      const first = await accepted;
      expect(first.duplicate).toBe(false);
      if (!isDurable) expect(first.booked).toStrictEqual(APPROVED);
      await expect.poll(() => processor.published).toHaveLength(1);
      const again = await delivery.accept(APPROVED);
      expect(again.duplicate).toBe(true);
      expect(again.booked).toStrictEqual(APPROVED);
      if (delivery.findBooked) {
        expect(await delivery.findBooked(APPROVED.id)).toStrictEqual(APPROVED);
        expect(await delivery.findBooked('unknown')).toBeUndefined();
      }
    });

    it('a second arrival is said to be a duplicate, and is not published', async () => {
      const processor = new RecordingProcessor();
      const { delivery } = await start(processor);

      await delivery.accept(APPROVED);
      await expect.poll(() => processor.published).toHaveLength(1);

      for (const again of [approved(), approved({ amount: '5' })]) {
        expect(await delivery.accept(again)).toMatchObject({
          duplicate: true,
          booked: { id: APPROVED.id, outcome: 'approved' },
        });
      }
      await sleep(200);
      expect(processor.calls).toEqual(['books']);
      expect(processor.judged).toBe(1);
    });

    it('of many arrivals at the same moment one is new', async () => {
      const processor = new RecordingProcessor({ books: () => sleep(50) });
      const { delivery } = await start(processor);

      const receipts = await Promise.all(
        Array.from({ length: 20 }, () => delivery.accept(approved())),
      );

      expect(receipts.filter(({ duplicate }) => !duplicate)).toHaveLength(1);
      await expect.poll(() => processor.published).toHaveLength(1);
      await sleep(200);
      expect(processor.attempts).toHaveLength(1);
    });

    it('what differs in any signed fact is another payment', async () => {
      const processor = new RecordingProcessor();
      const { delivery } = await start(processor);
      const payments: SignedPayment[] = [
        new PaymentIncompleteEvent(FACTS),
        new PaymentCanceledEvent(FACTS),
        APPROVED,
        approved({ transactionId: 't/1' }),
        approved({ transactionId: 't%2F1' }),
        approved({ transactionId: 't:1' }),
        approved({ transactionId: 't-1/approved' }),
        approved({ gateway: 'other' }),
        approved({ account: 'eu' }),
        approved({ tenant: 'acme' }),
        approved({ tenant: '' }),
        approved({ account: 'default~acme' }),
        approved({ invoiceNo: 'inv-2' }),
        approved({ amount: '7.00' }),
        approved({ currency: 'EUR' }),
      ];

      for (const payment of payments) {
        expect(await delivery.accept(payment)).toMatchObject({
          duplicate: false,
        });
      }

      await expect
        .poll(() => processor.published)
        .toHaveLength(payments.length);
      expect(processor.published).toEqual(expect.arrayContaining(payments));
    });

    it('a payment is taken also while nobody can judge it, or is taken anew', async () => {
      const unreadable = new Error('the invoices cannot be read');
      const processor = new RecordingProcessor(undefined, (time) => {
        if (time < 3) throw unreadable;
        return NOT_DUE;
      });
      const { delivery } = await start(processor);

      if (isDurable) {
        expect(await delivery.accept(APPROVED)).toMatchObject({
          duplicate: false,
          booked: undefined,
        });
      } else {
        for (let arrival = 0; arrival < 2; arrival++) {
          await expect(delivery.accept(APPROVED)).rejects.toBe(unreadable);
        }
        expect(await delivery.accept(APPROVED)).toMatchObject({
          duplicate: false,
          booked: { outcome: 'mismatch' },
        });
      }

      await expect
        .poll(() => processor.published)
        .toMatchObject([{ outcome: 'mismatch', id: APPROVED.id }]);
      expect(processor.judged).toBe(3);
    });

    it('a payment is judged once, also if consumers fail and it would be judged otherwise later', async () => {
      const processor = new RecordingProcessor(
        {
          books: (call) => {
            if (call <= 3) throw new Error('the database is down');
          },
        },
        (time) => (time === 1 ? NOT_DUE : {}),
      );
      const { delivery } = await start(processor);

      await delivery.accept(APPROVED).catch(() => {});
      await expect
        .poll(bringAnd(delivery, () => processor.published))
        .toMatchObject([{ outcome: 'mismatch', reason: 'amount' }]);

      expect(processor.judged).toBe(1);
      expect(processor.attempts.slice(1)).toMatchObject([
        { verdict: NOT_DUE },
        { verdict: NOT_DUE },
        { verdict: NOT_DUE },
      ]);
    });

    it('a payment whose consumers fail is published again, until they do not', async () => {
      const processor = new RecordingProcessor({
        books: (call) => {
          if (call <= 3) throw new Error('the database is down');
        },
      });
      const { delivery } = await start(processor);

      await delivery.accept(APPROVED).catch(() => {});
      await expect
        .poll(bringAnd(delivery, () => processor.published))
        .toStrictEqual([APPROVED]);

      expect(processor.attempts).toHaveLength(4);
    });

    it('what one consumer has done is handed back at the next attempt', async () => {
      let mails = 0;
      const processor = new RecordingProcessor({
        mail: () => {
          if (++mails < 3) throw new Error('the mail server is down');
        },
        books: () => {},
        stock: () => {},
      });
      const { delivery } = await start(processor);

      await delivery.accept(APPROVED).catch(() => {});
      await expect
        .poll(bringAnd(delivery, () => processor.published))
        .toHaveLength(1);

      expect(processor.attempts.map(({ done }) => done)).toEqual([
        [],
        ['books', 'stock'],
        ['books', 'stock'],
      ]);
      expect(processor.calls).toEqual([
        'mail',
        'books',
        'stock',
        'mail',
        'mail',
      ]);
    });

    it('what is being published when the application ends is finished first', async () => {
      const processor = new RecordingProcessor({ books: () => sleep(300) });
      const { delivery, close } = await start(processor);

      const accepted = delivery.accept(APPROVED);
      await expect.poll(() => processor.calls).toHaveLength(1);
      await close();

      expect(processor.published).toStrictEqual([APPROVED]);
      await accepted;
    });

    it('the application ends, in bounded time, beside a consumer that does not', async () => {
      const processor = new RecordingProcessor({
        books: () => new Promise(() => {}),
      });
      const { delivery, close } = await start(processor);
      void delivery.accept(APPROVED);
      await expect.poll(() => processor.calls).toHaveLength(1);

      const began = performance.now();
      await close();

      expect(performance.now() - began).toBeLessThan(14_000);
    }, 25_000);
  });
}
