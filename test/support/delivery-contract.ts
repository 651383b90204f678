import { setTimeout as sleep } from 'node:timers/promises';
import { Test } from '@nestjs/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  CALLBACK_DELIVERY,
  CALLBACK_PUBLISHER,
  type CallbackDelivery,
  type CallbackDeliveryDefinition,
  type DeliveryFailure,
  type VerifiedCallback,
} from '../../src/callbacks/callback-delivery.js';

/** A callback that a delivery may be given. */
export const APPROVED: VerifiedCallback = {
  account: 'default',
  gateway: 'mpgs',
  outcome: 'approved',
  invoiceNo: 'inv-1',
  transactionId: 't-1',
  amount: '5.00',
  amountCents: 500,
  currency: 'USD',
};

/** Admits a callback as what it says it is. */
const as = (callback: VerifiedCallback) => async () => callback;
const admitted = as(APPROVED);

/** An application's end of a delivery, recorded. */
export class RecordingPublisher {
  readonly calls: VerifiedCallback[] = [];
  readonly published: VerifiedCallback[] = [];
  readonly failures: DeliveryFailure[] = [];

  /** @param handle what its event handlers do. */
  constructor(
    private readonly handle: (call: number) => Promise<void> = async () => {},
  ) {}

  async publish(callback: VerifiedCallback): Promise<void> {
    this.calls.push(callback);
    await this.handle(this.calls.length);
    this.published.push(callback);
  }

  async reportFailure(failure: DeliveryFailure): Promise<void> {
    this.failures.push(failure);
  }
}

export interface StartedDelivery {
  readonly delivery: CallbackDelivery;
  readonly close: () => Promise<void>;
}

/** Makes a delivery as the module does, with a publisher of the test's. */
export async function startDelivery(
  { imports, providers = [], ...definition }: CallbackDeliveryDefinition,
  publisher: RecordingPublisher,
): Promise<StartedDelivery> {
  const testingModule = await Test.createTestingModule({
    imports,
    providers: [
      { provide: CALLBACK_PUBLISHER, useValue: publisher },
      ...providers,
      { provide: CALLBACK_DELIVERY, ...definition },
    ],
  }).compile();
  testingModule.useLogger(false);
  await testingModule.init();
  let closed: Promise<void> | undefined;
  const close = () => (closed ??= testingModule.close());
  onTestFinished(close);
  return { delivery: testingModule.get(CALLBACK_DELIVERY), close };
}

/**
 * What every {@link CallbackDelivery} has to keep.
 *
 * @param define makes the definition of a delivery that has seen nothing yet.
 */
export function describeDeliveryContract(
  name: string,
  define: () => CallbackDeliveryDefinition,
): void {
  const start = (publisher: RecordingPublisher) =>
    startDelivery(define(), publisher);

  describe(`${name} keeps the contract of a delivery:`, () => {
    it('a new callback is published whole, and said to be new', async () => {
      const publisher = new RecordingPublisher();
      const { delivery } = await start(publisher);
      const mismatch: VerifiedCallback = {
        ...APPROVED,
        outcome: 'mismatch',
        due: { amount: '7.50', currency: 'USD' },
      };

      expect(await delivery.accept(mismatch, as(mismatch))).toEqual({
        duplicate: false,
        outcome: 'mismatch',
      });

      await expect.poll(() => publisher.published).toEqual([mismatch]);
    });

    it('one that is admitted as something else stays that', async () => {
      const publisher = new RecordingPublisher();
      const { delivery } = await start(publisher);
      const mismatch: VerifiedCallback = { ...APPROVED, outcome: 'mismatch' };

      await delivery.accept(APPROVED, as(mismatch));

      expect(await delivery.accept(APPROVED, admitted)).toEqual({
        duplicate: true,
        outcome: 'mismatch',
      });
      await expect.poll(() => publisher.published).toEqual([mismatch]);
    });

    it('a second arrival is said to be a duplicate, and is not published', async () => {
      const publisher = new RecordingPublisher();
      const { delivery } = await start(publisher);

      await delivery.accept(APPROVED, admitted);
      await expect.poll(() => publisher.published).toHaveLength(1);

      expect(await delivery.accept({ ...APPROVED }, admitted)).toEqual({
        duplicate: true,
        outcome: 'approved',
      });
      await sleep(200);
      expect(publisher.calls).toHaveLength(1);
    });

    it('of many arrivals at the same moment one is new', async () => {
      const publisher = new RecordingPublisher(() => sleep(50));
      const { delivery } = await start(publisher);

      const receipts = await Promise.all(
        Array.from({ length: 20 }, () => delivery.accept(APPROVED, admitted)),
      );

      expect(receipts.filter(({ duplicate }) => !duplicate)).toHaveLength(1);
      await expect.poll(() => publisher.published).toHaveLength(1);
      await sleep(200);
      expect(publisher.calls).toHaveLength(1);
    });

    it('what differs in any signed fact is no duplicate', async () => {
      const publisher = new RecordingPublisher();
      const { delivery } = await start(publisher);
      const news: VerifiedCallback[] = [
        { ...APPROVED, outcome: 'incomplete' },
        APPROVED,
        { ...APPROVED, transactionId: 't/1' },
        { ...APPROVED, transactionId: 't%2F1' },
        { ...APPROVED, transactionId: 't:1' },
        { ...APPROVED, transactionId: 't-1/approved' },
        { ...APPROVED, gateway: 'other' },
        { ...APPROVED, account: 'eu' },
        { ...APPROVED, tenant: 'acme' },
        { ...APPROVED, account: 'default~acme' },
        { ...APPROVED, invoiceNo: 'inv-2' },
        { ...APPROVED, amount: '7.00', amountCents: 700 },
        { ...APPROVED, currency: 'EUR' },
      ];

      for (const callback of news) {
        expect(await delivery.accept(callback, as(callback))).toEqual({
          duplicate: false,
          outcome: callback.outcome,
        });
      }

      await expect.poll(() => publisher.published).toHaveLength(news.length);
      expect(publisher.published).toEqual(expect.arrayContaining(news));
    });

    it('a callback whose handlers fail is published again, until they do not', async () => {
      const publisher = new RecordingPublisher(async (call) => {
        if (call <= 3) throw new Error('the database is down');
      });
      const { delivery } = await start(publisher);

      // A delivery that waits for the handlers says so; the next arrival comes.
      await expect
        .poll(async () => {
          await delivery.accept(APPROVED, admitted).catch(() => {});
          return publisher.published;
        })
        .toEqual([APPROVED]);

      expect(publisher.calls).toHaveLength(4);
    });

    it('what is not admitted is not accepted, and is news the next time', async () => {
      const publisher = new RecordingPublisher();
      const { delivery } = await start(publisher);
      const notThisOne = new Error('not this one');

      await expect(
        delivery.accept(APPROVED, () => Promise.reject(notThisOne)),
      ).rejects.toBe(notThisOne);
      expect(publisher.calls).toEqual([]);

      expect(await delivery.accept(APPROVED, admitted)).toMatchObject({
        duplicate: false,
      });
      await expect.poll(() => publisher.published).toEqual([APPROVED]);
    });

    it('a duplicate is not asked to be admitted', async () => {
      const { delivery } = await start(new RecordingPublisher());
      let asked = 0;
      const admit = async () => {
        asked++;
        return APPROVED;
      };

      await delivery.accept(APPROVED, admit);
      await delivery.accept(APPROVED, admit);

      expect(asked).toBe(1);
    });

    it('what is being published when the application ends is finished first', async () => {
      const publisher = new RecordingPublisher(() => sleep(300));
      const { delivery, close } = await start(publisher);

      const accepted = delivery.accept(APPROVED, admitted);
      await expect.poll(() => publisher.calls).toHaveLength(1);
      await close();

      expect(publisher.published).toEqual([APPROVED]);
      await accepted;
    });
  });
}
