import 'reflect-metadata';
import { Controller, Get, Header, Post, UseGuards } from '@nestjs/common';
import { EventEmitterModule } from '@nestjs/event-emitter';
import { Test } from '@nestjs/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  mpgs,
  MpgsCallback,
  MpgsCallbackEndpoint,
  PlutuCallbackGuard,
  PlutuModule,
  type Payment,
} from '../../src/index.js';
import { ACCOUNT, defaultAdapter, record, startApp } from '../support/app.js';
import { callbackQuery } from '../support/callbacks.js';

@Controller('shop')
class ShopController {
  @MpgsCallbackEndpoint('thanks')
  @Header('Content-Type', 'text/plain')
  thanks(@MpgsCallback() payment: Payment): string {
    return `${payment.outcome}: ${payment.invoiceNo}, ${payment.amountMinor} cents`;
  }

  @MpgsCallbackEndpoint()
  bare(): string {
    return 'bare';
  }

  @Get('guarded')
  @UseGuards(PlutuCallbackGuard)
  guarded(@MpgsCallback() payment: Payment): Payment {
    return payment;
  }

  @Post('unguarded')
  unguarded(@MpgsCallback() payment: Payment): Payment {
    return payment;
  }
}

async function shop() {
  const { url, emitter } = await startApp(
    { gateways: [mpgs({ routes: [] })] },
    { controllers: [ShopController] },
  );
  return { url: `${url}/shop`, events: record(emitter) };
}

describe('@MpgsCallbackEndpoint()', () => {
  it('publishes once and lets the method answer every arrival', async () => {
    const { url, events } = await shop();
    for (let arrival = 0; arrival < 3; arrival++) {
      const answer = await fetch(`${url}/thanks?order=7&${callbackQuery()}`);
      expect(answer.status).toBe(200);
      expect(answer.headers.get('cache-control')).toBe('no-store');
      expect(await answer.text()).toBe('approved: inv-1, 500 cents');
    }
    expect(events.map(([name]) => name)).toEqual(['plutu.payment.approved']);
  });

  it('refuses what Plutu did not sign, and what makes no sense', async () => {
    const { url } = await shop();
    const refused = await fetch(`${url}/thanks?invoice_no=1&hashed=0`);
    expect(refused.status).toBe(403);
    expect(await refused.json()).toMatchObject({
      code: 'PLUTU_CALLBACK_REFUSED',
    });
    const invalid = await fetch(
      `${url}/thanks?${callbackQuery({ amount: 'free' })}`,
    );
    expect(invalid.status).toBe(400);
  });

  it('may stand on the controller’s own path', async () => {
    const { url } = await shop();
    const answer = await fetch(`${url}?${callbackQuery()}`);
    expect(await answer.text()).toBe('bare');
  });

  it('shares what it remembers with every other endpoint', async () => {
    const { url, events } = await shop();
    await fetch(`${url}/thanks?${callbackQuery()}`);
    await fetch(`${url}?${callbackQuery()}`);
    expect(events).toHaveLength(1);
  });
});

describe('PlutuCallbackGuard', () => {
  it('lets nothing through on a route that is no callback endpoint', async () => {
    const { url, events } = await shop();
    const answer = await fetch(`${url}/guarded?${callbackQuery()}`);
    expect(answer.status).toBe(500);
    expect(events).toEqual([]);
  });

  it('is one class on every endpoint, which a test can override', async () => {
    @Controller('shop')
    class BareController {
      @MpgsCallbackEndpoint('bare')
      bare(): string {
        return 'let through';
      }
    }
    const testingModule = await Test.createTestingModule({
      imports: [EventEmitterModule.forRoot(), PlutuModule.forRoot(ACCOUNT)],
      controllers: [BareController],
    })
      .overrideGuard(PlutuCallbackGuard)
      .useValue({ canActivate: () => true })
      .compile();
    const app = testingModule.createNestApplication(defaultAdapter());
    onTestFinished(() => app.close());
    await app.listen(0, '127.0.0.1');

    const answer = await fetch(`${await app.getUrl()}/shop/bare?hashed=0`);

    expect(await answer.text()).toBe('let through');
  });
});

describe('an endpoint whose callbacks nobody takes', () => {
  it.each([
    ['of an account that is not registered', { account: 'eu' }, {}],
    ['of a gateway that is not among "gateways"', {}, { name: 'eu' }],
  ])('stops the application at startup: %s', async (_, endpoint, account) => {
    @Controller('shop')
    class LostController {
      @MpgsCallbackEndpoint('lost', endpoint)
      lost(): void {}
    }

    await expect(
      startApp(account, { controllers: [LostController], isDeaf: true }),
    ).rejects.toThrow(/LostController.lost is a callback endpoint of mpgs/);
  });
});

it('@MpgsCallback() without the guard hands out nothing', async () => {
  const { url } = await shop();
  const answer = await fetch(`${url}/unguarded?${callbackQuery()}`, {
    method: 'POST',
  });
  expect(answer.status).toBe(500);
});
