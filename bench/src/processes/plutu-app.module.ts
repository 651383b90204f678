import { Injectable, Module } from '@nestjs/common';
import { EventEmitterModule } from '@nestjs/event-emitter';
import { OnMpgsPaymentApproved, PlutuModule } from 'nestjs-plutu';
import { ACCOUNT } from '../callbacks.js';

@Injectable()
class OrdersService {
  @OnMpgsPaymentApproved()
  async paid(): Promise<void> {}
}

@Module({
  imports: [EventEmitterModule.forRoot(), PlutuModule.forRoot(ACCOUNT)],
  providers: [OrdersService],
})
export class AppModule {}
