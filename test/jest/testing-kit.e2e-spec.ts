import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { EventEmitterModule } from '@nestjs/event-emitter';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import {
  MpgsPaymentApprovedEvent,
  MpgsService,
  OnMpgsPaymentApproved,
  PlutuModule,
} from 'nestjs-plutu';
import {
  forgeMpgsCallback,
  MPGS_FORGERIES,
  PlutuTestSandbox,
  recordMpgsEvents,
  signMpgsCallback,
} from 'nestjs-plutu/testing';

@Injectable()
class OrdersService {
  readonly paid: string[] = [];

  @OnMpgsPaymentApproved()
  onPaid({ invoiceNo }: MpgsPaymentApprovedEvent): void {
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
    const events = recordMpgsEvents(app);
    await sandbox.serve(app);

    await app.get(MpgsService).confirm({ amount: 5, invoiceNo: 'inv-1' });
    await sandbox.pay('inv-1');
    const event = await events.next('approved');
    expect(event).toBeInstanceOf(MpgsPaymentApprovedEvent);

    const { secretKey, returnUrl } = sandbox.options;
    const values = { invoiceNo: 'inv-2', returnUrl };
    for (const forgery of MPGS_FORGERIES) {
      const url = forgeMpgsCallback(forgery, values, secretKey);
      expect((await fetch(url)).status).toBe(403);
      await events.next('rejected');
    }
    expect((await fetch(signMpgsCallback(values, secretKey))).status).toBe(200);
    expect(app.get(OrdersService).paid).toEqual(['inv-1', 'inv-2']);

    await expect(events.next('canceled', { timeout: 1 })).rejects.toThrow(
      'Recorded were:',
    );
    await app.close();
  });
});
