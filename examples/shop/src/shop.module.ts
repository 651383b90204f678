import { Module } from '@nestjs/common';
import { EventEmitterModule } from '@nestjs/event-emitter';
import { PlutuModule, plutuOptionsFromEnv } from 'nestjs-plutu';
import { OrdersService } from './orders.service.js';
import { ShopController } from './shop.controller.js';

@Module({
  imports: [
    EventEmitterModule.forRoot(),
    PlutuModule.forRootAsync({
      useFactory: () => ({
        ...plutuOptionsFromEnv(),
        // Plutu's callbacks come to the module's own route below it.
        appUrl: process.env['SHOP_URL'],
      }),
      // Nothing is approved but what an order is due.
      invoices: OrdersService,
      redirect: {
        approved: '/orders/after-payment',
        canceled: '/orders/after-payment',
        incomplete: '/orders/after-payment',
        refused: '/orders/refused',
      },
    }),
  ],
  controllers: [ShopController],
  providers: [OrdersService],
})
export class ShopModule {}
