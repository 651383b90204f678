/** The same job for another payment provider, done by another Nest module. */
import { StripeModule, StripeWebhookHandler } from '@golevelup/nestjs-stripe';
import { Injectable, Module } from '@nestjs/common';
import { STRIPE_ACCOUNT, STRIPE_EVENT } from './stripe-requests.js';

@Injectable()
export class OrdersService {
  handled = 0;

  @StripeWebhookHandler(STRIPE_EVENT)
  async paid(): Promise<void> {
    this.handled++;
  }
}

@Module({
  imports: [
    StripeModule.forRoot({
      apiKey: STRIPE_ACCOUNT.apiKey,
      webhookConfig: {
        stripeSecrets: { accountTest: STRIPE_ACCOUNT.webhookSecret },
        requestBodyProperty: 'rawBody',
      },
    }),
  ],
  providers: [OrdersService],
})
export class AppModule {}
