/**
 * Accepts payments and books each in a wallet: by hand, in two transactions or in
 * one (the floors), or through the journal.
 */
import 'reflect-metadata';
import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventEmitterModule } from '@nestjs/event-emitter';
import { createPool } from 'mysql2/promise';
import {
  newRecord,
  OnPaymentApproved,
  PaymentApprovedEvent,
  PlutuModule,
} from 'nestjs-plutu';
import {
  fromMysql2,
  fromPg,
  PaymentJournal,
  sqlJournal,
  type SqlExecutor,
  type SqlValue,
} from 'nestjs-plutu/sql';
import pg from 'pg';
import { ACCOUNT } from '../callbacks.js';
import { runMany, serve } from './serve.js';

export interface JournalSettings {
  readonly side: 'two' | 'one' | 'ours';
  readonly dialect: 'postgres' | 'mysql';
  /** Of a database with the table `wallet`. */
  readonly url: string;
  /** What this process's transactions begin with. */
  readonly name: string;
}

export interface JournalTask {
  readonly count: number;
  readonly inFlight: number;
  /** Do nothing for so many milliseconds. */
  readonly idle?: number;
}

/** How many wallets the shop has. */
const WALLETS = 1_000;

const { side, dialect, url, name } = JSON.parse(
  process.argv[2] ?? '',
) as JournalSettings;
const isPostgres = dialect === 'postgres';
const executor: SqlExecutor = isPostgres
  ? fromPg(new pg.Pool({ connectionString: url }))
  : fromMysql2(createPool({ uri: url }));
const execute = (text: string, values: SqlValue[], tx?: unknown) => {
  let place = 0;
  return executor.execute(
    {
      text: isPostgres ? text.replace(/\?/g, () => `$${++place}`) : text,
      values,
    },
    tx,
  );
};
const now = isPostgres
  ? 'CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS bigint)'
  : "TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(3)) DIV 1000";

const { book, settle, latencies } =
  side === 'ours' ? await throughJournal() : byHand();
let transactions = 0;

serve(undefined, async ({ count, inFlight, idle }: JournalTask) => {
  if (idle !== undefined) await sleep(idle);
  latencies.length = 0;
  await runMany(count, inFlight, () => book(paymentOf(transactions++)));
  await settle();
  return latencies;
});

async function credit(
  tx: unknown,
  { amountMinor, transactionId }: PaymentApprovedEvent,
): Promise<void> {
  const wallet = Number(/\d+$/.exec(transactionId)) % WALLETS;
  await execute(
    'UPDATE wallet SET cents = cents + ? WHERE id = ?',
    [amountMinor, wallet],
    tx,
  );
}

async function throughJournal() {
  const booked = new Map<string, () => void>();
  const times: number[] = [];

  @Injectable()
  class Payments {
    constructor(private readonly payments: PaymentJournal) {}

    @OnPaymentApproved({ consumer: 'wallet' })
    async credit(payment: PaymentApprovedEvent) {
      await this.payments.once('wallet', payment, (tx) => credit(tx, payment));
      booked.get(payment.id)?.();
    }
  }
  @Module({
    imports: [
      EventEmitterModule.forRoot(),
      PlutuModule.forRoot({
        ...ACCOUNT,
        journal: sqlJournal({ useFactory: () => executor }),
      }),
    ],
    providers: [Payments],
  })
  class ShopModule {}

  const app = await NestFactory.createApplicationContext(ShopModule, {
    logger: false,
  });
  const journal = app.get(PaymentJournal);
  return {
    latencies: times,
    book: async (payment: PaymentApprovedEvent) => {
      const done = new Promise<void>((resolve) =>
        booked.set(payment.id, resolve),
      );
      const start = performance.now();
      await journal.accept(payment);
      times.push(performance.now() - start);
      await done;
      booked.delete(payment.id);
    },
    settle: async () => {
      const undone = `SELECT id FROM plutu_payment WHERE done_at IS NULL AND transaction_id LIKE '${name}%' LIMIT 1`;
      while ((await executor.query({ text: undone, values: [] })).length > 0) {
        await sleep(5);
      }
    },
  };
}

/** The same tables and the same statements, by somebody who knows them. */
function byHand() {
  return {
    latencies: [] as number[],
    settle: async () => {},
    book: async (payment: PaymentApprovedEvent) => {
      if (side === 'two') {
        await insert(payment);
        await executor.transaction((tx) => bookIt(payment, tx));
      } else {
        await executor.transaction(async (tx) => {
          await insert(payment, tx);
          await bookIt(payment, tx);
        });
      }
    },
  };
}

async function insert(
  payment: PaymentApprovedEvent,
  tx?: unknown,
): Promise<void> {
  const { id, invoiceNo } = payment;
  const columns: readonly (readonly [string, SqlValue])[] = [
    ['id', id],
    ['account', 'default'],
    ['gateway', payment.gateway],
    ['outcome', payment.outcome],
    ['invoice_key', id],
    ['order_key', id],
    ['invoice_no', invoiceNo],
    ['order_no', invoiceNo],
    ['transaction_id', payment.transactionId],
    ['amount_minor', payment.amountMinor],
    ['currency', payment.currency],
    ['source', 'callback'],
    ['facts', JSON.stringify(newRecord(payment).payment)],
    ['consumers', '[]'],
  ];
  await execute(
    `INSERT INTO plutu_payment (${columns.map(([column]) => column).join(', ')}, arrived_at, due_at) VALUES (${columns.map(() => '?').join(', ')}, ${now}, ${now}) ${isPostgres ? 'ON CONFLICT (id) DO UPDATE SET arrivals = plutu_payment.arrivals + 1' : 'ON DUPLICATE KEY UPDATE arrivals = arrivals + 1'}`,
    columns.map(([, value]) => value),
    tx,
  );
}

async function bookIt(
  payment: PaymentApprovedEvent,
  tx: unknown,
): Promise<void> {
  const { id } = payment;
  await execute(
    `UPDATE plutu_payment SET verdict = '{}', paid_order = order_key WHERE id = ?`,
    [id],
    tx,
  );
  if (isPostgres) await execute("SET LOCAL lock_timeout = '5s'", [], tx);
  const marked = await execute(
    `INSERT INTO plutu_mark (payment_id, outcome, consumer, booked_at) VALUES (?, ?, ?, ${now}) ${isPostgres ? 'ON CONFLICT DO NOTHING' : 'ON DUPLICATE KEY UPDATE hits = hits + 1'}`,
    [id, 'approved', 'wallet'],
    tx,
  );
  if (marked === 1) await credit(tx, payment);
  const text = `SELECT 1 FROM plutu_mark WHERE payment_id = '${id}' AND outcome = 'approved' AND consumer = 'wallet'`;
  await executor.query({ text, values: [] }, tx);
  await execute(
    `UPDATE plutu_payment SET consumers = ?, booked = 1, done_at = ${now}, due_at = NULL WHERE id = ?`,
    ['["wallet"]', id],
    tx,
  );
}

function paymentOf(transaction: number): PaymentApprovedEvent {
  return new PaymentApprovedEvent({
    gateway: 'mpgs',
    invoiceNo: `INV-${name}-${transaction}`,
    transactionId: `${name}-${transaction}`,
    amount: '25.50',
    currency: 'USD',
  });
}
