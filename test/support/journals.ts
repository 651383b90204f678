import { Inject, Injectable, type Provider } from '@nestjs/common';
import { afterAll, describe, onTestFinished, vi } from 'vitest';
import {
  OnDeliveryFailed,
  OnPaymentApproved,
  OnPaymentCanceled,
  OnPaymentIncomplete,
  OnPaymentMismatch,
  OnPaymentUnknown,
  type DeliveryFailedEvent,
  type PaymentApprovedEvent,
  type PaymentEvent,
  type PaymentUnknownEvent,
  type PlutuModuleOptions,
} from '../../src/index.js';
import {
  PaymentJournal,
  sqlJournal,
  type SqlExecutor,
  type SqlJournalOptions,
} from '../../src/sql/index.js';
import type { CheckoutFacts } from '../../src/payments/payment-journal.js';
import { startApp } from './app.js';
import { callbackQuery } from './callbacks.js';
import {
  executorOf,
  findMariaDb,
  findPostgres,
  HOW_TO_GET_MARIADB,
  HOW_TO_GET_POSTGRES,
  type FoundServer,
  type TestDatabase,
} from './databases.js';
import { isMissing } from './tools.js';

/** Describes what a journal does, on PostgreSQL and on MariaDB. */
export async function describeOnBoth(
  suite: string,
  tests: (server: FoundServer | undefined) => void,
): Promise<void> {
  for (const [name, server, howToGetIt] of [
    ['PostgreSQL', await findPostgres(), HOW_TO_GET_POSTGRES],
    ['MariaDB', await findMariaDb(), HOW_TO_GET_MARIADB],
  ] as const) {
    afterAll(() => server?.close());
    const title = `${suite} on ${name}`;
    describe.skipIf(isMissing(server, { suite: title, howToGetIt }))(
      `${title}:`,
      () => {
        tests(server);
      },
    );
  }
}

/** What a shop was handed, and what it has credited. */
@Injectable()
export class ShopBooks {
  readonly payments: PaymentEvent[] = [];
  readonly unknown: PaymentUnknownEvent[] = [];
  readonly failures: DeliveryFailedEvent[] = [];
  /** Credits of the wallet, in minor units. */
  readonly credits: number[] = [];
  /** Whether the wallet fails. */
  isDown = false;

  constructor(
    @Inject(PaymentJournal) private readonly journal: PaymentJournal,
  ) {}

  @OnPaymentApproved({ consumer: 'wallet' })
  async credit(payment: PaymentApprovedEvent): Promise<void> {
    if (this.isDown) throw new Error('the wallet is down');
    const { duplicate } = await this.journal.once('wallet', payment, () => {});
    this.payments.push(payment);
    // Last, so that a test that waits for it sees the rest.
    if (!duplicate) this.credits.push(payment.amountMinor);
  }

  @OnPaymentCanceled()
  @OnPaymentIncomplete()
  @OnPaymentMismatch({ consumer: 'wallet' })
  note(payment: PaymentEvent): void {
    this.payments.push(payment);
  }

  @OnPaymentUnknown()
  alert(payment: PaymentUnknownEvent): void {
    this.unknown.push(payment);
  }

  @OnDeliveryFailed()
  failed(failure: DeliveryFailedEvent): void {
    this.failures.push(failure);
  }
}

export interface JournalShop {
  readonly url: string;
  readonly journal: PaymentJournal;
  readonly books: ShopBooks;
  /** Brings a callback that Plutu signed; resolves to the status of the answer. */
  readonly bring: (
    ...values: Parameters<typeof callbackQuery>
  ) => Promise<number>;
}

/** A shop with a journal in a database, closed when the test is over. */
export async function startShop(
  database: TestDatabase,
  {
    plutu = {},
    providers = [],
    executor,
    ...journal
  }: Partial<SqlJournalOptions> & {
    plutu?: Partial<PlutuModuleOptions>;
    providers?: Provider[];
    executor?: SqlExecutor;
  } = {},
): Promise<JournalShop> {
  const { app, url } = await startApp(
    {
      ...plutu,
      journal: sqlJournal({
        backoff: 20,
        ...journal,
        useFactory: () => executor ?? executorOf(database),
      }),
    },
    { providers: [ShopBooks, ...providers], isDeaf: true },
  );
  const journalOfShop = app.get(PaymentJournal);
  endChargesBeforeClosing(journalOfShop);
  return {
    url,
    journal: journalOfShop,
    books: app.get(ShopBooks),
    bring: async (...values) => {
      const query = callbackQuery(...values);
      const { status } = await fetch(`${url}/plutu/mpgs/callback?${query}`);
      return status;
    },
  };
}

/** An application that is stopped waits for the charges that it has begun. */
function endChargesBeforeClosing(journal: PaymentJournal): void {
  const beginning = vi.spyOn(journal, 'beginCharge');
  onTestFinished(async () => {
    const charges = beginning.mock.calls.map(([charge]) => charge);
    await Promise.allSettled(
      charges.map((charge) => journal.endCharge(charge, 'unknown')),
    );
  });
}

/** An attempt of MPGS, as the module writes it down before it asks Plutu. */
export const attempt = (
  invoiceNo: string,
  facts: Partial<CheckoutFacts> = {},
): CheckoutFacts => ({
  tenant: undefined,
  gateway: 'mpgs',
  invoiceNo,
  orderNo: invoiceNo,
  amount: '5.00',
  currency: 'USD',
  ...facts,
});

/** For `expect.poll`: also on a machine that is busy. */
export const SOON = { timeout: 5_000 };

/** Everything of an async iterable. */
export async function listed<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}
