import { Injectable, Module } from '@nestjs/common';
import { EventEmitterModule } from '@nestjs/event-emitter';
import { OnPaymentApproved, PlutuModule } from 'nestjs-plutu';
import { ACCOUNT } from '../callbacks.js';

@Injectable()
export class OrdersService {
  handled = 0;

  @OnPaymentApproved()
  async paid(): Promise<void> {
    this.handled++;
  }
}

@Module({
  imports: [EventEmitterModule.forRoot(), PlutuModule.forRoot(ACCOUNT)],
  providers: [OrdersService],
})
export class AppModule {}
