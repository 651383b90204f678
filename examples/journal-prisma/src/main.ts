/**
 * A wallet that is topped up through Plutu, with Prisma and PostgreSQL. However
 * often a callback arrives, at however many instances, it is credited exactly once.
 * The table is made by `prisma db push`, that of the journal when this starts.
 *
 *     DATABASE_URL=postgres://postgres@127.0.0.1:5432/shop node dist/main.js
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
  type OnModuleDestroy,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventEmitterModule } from '@nestjs/event-emitter';
import { PrismaPg } from '@prisma/adapter-pg';
import {
  MpgsService,
  OnPaymentApproved,
  PlutuModule,
  plutuOptionsFromEnv,
  type PaymentApprovedEvent,
} from 'nestjs-plutu';
import { fromPrisma, PaymentJournal, sqlJournal } from 'nestjs-plutu/sql';
import { PrismaClient, type Prisma } from './generated/client.js';

@Injectable()
class PrismaService extends PrismaClient implements OnModuleDestroy {
  constructor() {
    super({
      adapter: new PrismaPg({ connectionString: process.env['DATABASE_URL'] }),
    });
  }

  // The journal has finished by then.
  async onModuleDestroy() {
    await this.$disconnect();
  }
}

@Module({ providers: [PrismaService], exports: [PrismaService] })
class PrismaModule {}

@Injectable()
class Payments {
  constructor(
    private readonly journal: PaymentJournal<Prisma.TransactionClient>,
  ) {}

  @OnPaymentApproved({ consumer: 'wallet' })
  credit(payment: PaymentApprovedEvent) {
    const [owner = ''] = payment.invoiceNo.split('.');
    const cents = payment.amountMinor;
    return this.journal.once('wallet', payment, (tx) =>
      tx.wallet.upsert({
        where: { owner },
        create: { owner, cents },
        update: { cents: { increment: cents } },
      }),
    );
  }

  @OnPaymentApproved({ consumer: 'mail', after: 'wallet' })
  mail({ invoiceNo }: PaymentApprovedEvent) {
    new Logger('Mail').log(`Thank you for paying ${invoiceNo}.`);
  }
}

@Controller('wallets')
class Wallets {
  constructor(
    private readonly prisma: PrismaService,
    private readonly mpgs: MpgsService,
  ) {}

  @Get(':owner')
  show(@Param('owner') owner: string) {
    return this.prisma.wallet.findUnique({ where: { owner } });
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
    PrismaModule,
    PlutuModule.forRootAsync({
      useFactory: () => ({
        ...plutuOptionsFromEnv(),
        appUrl: process.env['SHOP_URL'],
      }),
      journal: sqlJournal({
        imports: [PrismaModule],
        inject: [PrismaService],
        useFactory: (prisma: PrismaService) => fromPrisma(prisma),
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
