import { Module } from '@nestjs/common';
import { EventEmitterModule } from '@nestjs/event-emitter';
import {
  adfali,
  localBankCards,
  mpgs,
  PlutuModule,
  plutuOptionsFromEnv,
  sadad,
  tlync,
} from 'nestjs-plutu';
import { sqlJournal } from 'nestjs-plutu/sql';
import { Database, DatabaseModule } from './database.js';
import { MailService } from './mail.service.js';
import { OrdersService } from './orders.service.js';
import { PaymentsService } from './payments.service.js';
import { ShopController } from './shop.controller.js';

@Module({
  imports: [
    EventEmitterModule.forRoot(),
    DatabaseModule,
    PlutuModule.forRootAsync({
      useFactory: () => ({
        ...plutuOptionsFromEnv(),
        // Plutu's callbacks come to the module's own routes below it.
        appUrl: process.env['SHOP_URL'],
      }),
      gateways: [mpgs(), localBankCards(), tlync(), sadad(), adfali()],
      // Nothing is approved but what an order is due.
      invoices: OrdersService,
      journal: sqlJournal({
        imports: [DatabaseModule],
        inject: [Database],
        useFactory: (db: Database) => db.executor,
      }),
      redirect: '/orders/done',
    }),
  ],
  controllers: [ShopController],
  providers: [OrdersService, PaymentsService, MailService],
})
export class ShopModule {}
