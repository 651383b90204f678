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
        returnUrl: `${process.env['SHOP_URL']}/plutu/mpgs/callback`,
      }),
      // Nothing is approved but what an order is due.
      invoices: OrdersService,
      controller: {
        // The shop opens checkouts itself, so nobody else chooses an amount.
        routes: ['callback'],
        redirect: {
          approved: '/orders/after-payment',
          canceled: '/orders/after-payment',
          incomplete: '/orders/after-payment',
          refused: '/orders/refused',
        },
      },
    }),
  ],
  controllers: [ShopController],
  providers: [OrdersService],
})
export class ShopModule {}
