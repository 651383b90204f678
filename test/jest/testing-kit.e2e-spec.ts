import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { EventEmitterModule } from '@nestjs/event-emitter';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import {
  MpgsService,
  OnPaymentApproved,
  PaymentApprovedEvent,
  PlutuModule,
} from 'nestjs-plutu';
import {
  CALLBACK_FORGERIES,
  PlutuTestSandbox,
  recordPlutuEvents,
} from 'nestjs-plutu/testing';

@Injectable()
class OrdersService {
  readonly paid: string[] = [];

  @OnPaymentApproved()
  onPaid({ invoiceNo }: PaymentApprovedEvent): void {
    this.paid.push(invoiceNo);
  }
}

describe.each([
  { platform: 'Express', adapter: () => new ExpressAdapter() },
  { platform: 'Fastify', adapter: () => new FastifyAdapter() },
])('the testing kit under Jest, on $platform', ({ adapter }) => {
  it('pays, records and refuses', async () => {
    const sandbox = await PlutuTestSandbox.start();
    const testingModule = await Test.createTestingModule({
      imports: [
        EventEmitterModule.forRoot(),
        PlutuModule.forRoot(sandbox.options),
      ],
      providers: [OrdersService],
    }).compile();
    const app = testingModule.createNestApplication(adapter(), {
      logger: false,
    });
    const events = recordPlutuEvents(app);
    await sandbox.serve(app);

    await app
      .get(MpgsService)
      .createCheckout({ amount: 5, invoiceNo: 'inv-1' });
    await sandbox.pay('inv-1');
    const event = await events.next('approved');
    expect(event).toBeInstanceOf(PaymentApprovedEvent);

    const values = { invoiceNo: 'inv-2' };
    for (const forgery of CALLBACK_FORGERIES) {
      const forged = sandbox.forgedCallback(forgery, values);
      expect((await fetch(forged)).status).toBe(403);
      await events.next('rejected');
    }
    const signed = sandbox.signedCallback(values);
    expect((await fetch(signed)).status).toBe(200);
    expect(app.get(OrdersService).paid).toEqual(['inv-1', 'inv-2']);

    await expect(events.next('canceled', { timeout: 1 })).rejects.toThrow(
      'Recorded were:',
    );
    await app.close();
  });
});
