/**
 * One of several instances of a shop with a journal, in a process of its own. Its
 * handlers add, and have no idempotence of their own.
 */
import 'reflect-metadata';
import { Inject, Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventEmitterModule } from '@nestjs/event-emitter';
import {
  OnPaymentApproved,
  PlutuModule,
  type PaymentApprovedEvent,
} from 'nestjs-plutu';
import {
  fromPg,
  fromTypeOrm,
  PaymentJournal,
  sqlJournal,
} from 'nestjs-plutu/sql';
import pg from 'pg';
import { DataSource } from 'typeorm';

/** What the instance is started with, as JSON. */
export interface JournalInstanceSettings {
  readonly secretKey: string;
  readonly dialect: 'postgres' | 'mysql';
  /** Of the database, with the tables `wallet`, `ledger` and `mail`. */
  readonly url: string;
  readonly port: number;
  /** How many of a hundred mails fail. */
  readonly mailsThatFail: number;
}

/** What the handlers do with the shop's database, through pg or TypeORM. */
interface Shop {
  readonly journal: ReturnType<typeof sqlJournal>;
  /** In a transaction of the journal. */
  credit(tx: unknown, payment: PaymentApprovedEvent): Promise<void>;
  /** By itself. */
  sendMail(payment: PaymentApprovedEvent): Promise<void>;
}

const settings = JSON.parse(process.argv[2] ?? '') as JournalInstanceSettings;
const SHOP = Symbol('SHOP');

const statements = ({ invoiceNo, amountMinor }: PaymentApprovedEvent) => ({
  credit: `UPDATE wallet SET cents = cents + ${amountMinor}, credits = credits + 1 WHERE invoice_no = '${invoiceNo}'`,
  enter: `INSERT INTO ledger (invoice_no, cents) VALUES ('${invoiceNo}', ${amountMinor})`,
  mail: `INSERT INTO mail (invoice_no) VALUES ('${invoiceNo}')`,
});

const shop = settings.dialect === 'postgres' ? pgShop() : await typeOrmShop();

function pgShop(): Shop {
  const pool = new pg.Pool({ connectionString: settings.url });
  return {
    journal: sqlJournal({ backoff: 50, useFactory: () => fromPg(pool) }),
    async credit(tx, payment) {
      const client = tx as pg.PoolClient;
      await client.query(statements(payment).credit);
      await client.query(statements(payment).enter);
    },
    async sendMail(payment) {
      await pool.query(statements(payment).mail);
    },
  };
}

async function typeOrmShop(): Promise<Shop> {
  const dataSource = new DataSource({ type: 'mariadb', url: settings.url });
  await dataSource.initialize();
  return {
    journal: sqlJournal({
      backoff: 50,
      useFactory: () => fromTypeOrm(dataSource),
    }),
    async credit(tx, payment) {
      const manager = tx as DataSource['manager'];
      await manager.query(statements(payment).credit);
      await manager.query(statements(payment).enter);
    },
    async sendMail(payment) {
      await dataSource.query(statements(payment).mail);
    },
  };
}

@Injectable()
class PaymentsService {
  constructor(
    private readonly journal: PaymentJournal,
    @Inject(SHOP) private readonly books: Shop,
  ) {}

  @OnPaymentApproved({ consumer: 'wallet' })
  async credit(payment: PaymentApprovedEvent): Promise<void> {
    await this.journal.once('wallet', payment, (tx) =>
      this.books.credit(tx, payment),
    );
  }

  @OnPaymentApproved({ consumer: 'mail', after: 'wallet' })
  async mail(payment: PaymentApprovedEvent): Promise<void> {
    if (Math.random() * 100 < settings.mailsThatFail) {
      throw new Error('the mail server is down');
    }
    await this.books.sendMail(payment);
  }
}

@Module({
  imports: [
    EventEmitterModule.forRoot(),
    PlutuModule.forRoot({
      apiKey: 'test-api-key',
      accessToken: 'test-access-token',
      secretKey: settings.secretKey,
      journal: shop.journal,
    }),
  ],
  providers: [PaymentsService, { provide: SHOP, useValue: shop }],
})
class InstanceModule {}

const app = await NestFactory.create(InstanceModule, { logger: ['fatal'] });
app.enableShutdownHooks();
await app.listen(settings.port, '127.0.0.1');
// Not to outlive the tests, whatever becomes of them.
process.once('disconnect', () => process.exit());
process.send?.('listening');
