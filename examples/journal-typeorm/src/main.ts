/**
 * A wallet that is topped up through Plutu, with TypeORM and MariaDB. However often
 * a callback arrives, at however many instances, it is credited exactly once.
 *
 *     DATABASE_URL=mysql://root@127.0.0.1:3306/shop node dist/main.js
 */
import 'reflect-metadata';
import {
  Controller,
  Get,
  Injectable,
  Logger,
  Module,
  Param,
  Redirect,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventEmitterModule } from '@nestjs/event-emitter';
import { TypeOrmModule } from '@nestjs/typeorm';
import {
  MpgsService,
  OnPaymentApproved,
  PlutuModule,
  plutuOptionsFromEnv,
  type PaymentApprovedEvent,
} from 'nestjs-plutu';
import { fromTypeOrm, PaymentJournal, sqlJournal } from 'nestjs-plutu/sql';
import {
  Column,
  DataSource,
  Entity,
  PrimaryColumn,
  type EntityManager,
} from 'typeorm';

@Entity()
class Wallet {
  @PrimaryColumn({ type: 'varchar', length: 64 })
  owner!: string;

  @Column({ type: 'int', default: 0 })
  cents!: number;
}

@Injectable()
class Payments {
  constructor(private readonly journal: PaymentJournal<EntityManager>) {}

  @OnPaymentApproved({ consumer: 'wallet' })
  credit(payment: PaymentApprovedEvent) {
    const [owner = ''] = payment.invoiceNo.split('.');
    return this.journal.once('wallet', payment, async (tx) => {
      await tx.upsert(Wallet, { owner }, ['owner']);
      await tx.increment(Wallet, { owner }, 'cents', payment.amountMinor);
    });
  }

  @OnPaymentApproved({ consumer: 'mail', after: 'wallet' })
  mail({ invoiceNo }: PaymentApprovedEvent) {
    new Logger('Mail').log(`Thank you for paying ${invoiceNo}.`);
  }
}

@Controller('wallets')
class Wallets {
  constructor(
    private readonly db: DataSource,
    private readonly mpgs: MpgsService,
  ) {}

  @Get(':owner')
  show(@Param('owner') owner: string) {
    return this.db.manager.findOneBy(Wallet, { owner });
  }

  @Get(':owner/top-up')
  @Redirect()
  async topUp(@Param('owner') owner: string) {
    const invoiceNo = `${owner}.${Date.now()}`;
    const { redirectUrl } = await this.mpgs.createCheckout({
      invoiceNo,
      amount: '5.00',
    });
    return { url: redirectUrl };
  }
}

@Module({
  imports: [
    EventEmitterModule.forRoot(),
    TypeOrmModule.forRoot({
      type: 'mariadb',
      url: process.env['DATABASE_URL'],
      entities: [Wallet],
      synchronize: true,
    }),
    PlutuModule.forRootAsync({
      useFactory: () => ({
        ...plutuOptionsFromEnv(),
        appUrl: process.env['SHOP_URL'],
      }),
      journal: sqlJournal({
        inject: [DataSource],
        useFactory: (db: DataSource) => fromTypeOrm(db),
      }),
    }),
  ],
  controllers: [Wallets],
  providers: [Payments],
})
class ShopModule {}

const app = await NestFactory.create(ShopModule);
app.enableShutdownHooks();
await app.listen(process.env['PORT'] ?? 3000, '127.0.0.1');
