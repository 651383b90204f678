import 'reflect-metadata';
import {
  ConsoleLogger,
  Controller,
  Get,
  Header,
  Post,
  UseGuards,
} from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import {
  MpgsCallback,
  MpgsCallbackEndpoint,
  MpgsCallbackGuard,
  type MpgsCallbackDto,
} from '../src/index.js';
import { record, startApp } from './support/app.js';
import { callbackQuery } from './support/callbacks.js';

@Controller('shop')
class ShopController {
  @MpgsCallbackEndpoint('thanks')
  @Header('Content-Type', 'text/plain')
  thanks(@MpgsCallback() callback: MpgsCallbackDto): string {
    return `${callback.outcome}: ${callback.invoiceNo}, ${callback.amountCents} cents`;
  }

  @MpgsCallbackEndpoint()
  bare(): string {
    return 'bare';
  }

  @Get('guarded')
  @UseGuards(MpgsCallbackGuard)
  guarded(@MpgsCallback() callback: MpgsCallbackDto): MpgsCallbackDto {
    return callback;
  }

  @Post('unguarded')
  unguarded(@MpgsCallback() callback: MpgsCallbackDto): MpgsCallbackDto {
    return callback;
  }
}

async function shop() {
  const { url, emitter } = await startApp(
    { controller: false },
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
    expect(events.map(([name]) => name)).toEqual([
      'plutu.mpgs.payment-approved',
    ]);
  });

  it('reports at most 200 characters of the path that was called', async () => {
    const path = `/${'x'.repeat(300)}`;
    @Controller(path)
    class LongPathController {
      @MpgsCallbackEndpoint()
      taken(): string {
        return 'taken';
      }
    }
    const warnings: string[] = [];
    const logger = new ConsoleLogger();
    logger.log = () => {};
    logger.warn = (message: unknown) => void warnings.push(String(message));
    const { url, emitter } = await startApp(
      { controller: false },
      { controllers: [LongPathController] },
      { logger },
    );
    const events = record(emitter);

    expect((await fetch(`${url}${path}?hashed=0`)).status).toBe(403);
    const genuine = await fetch(`${url}${path}?${callbackQuery()}`);

    const cut = path.slice(0, 200);
    expect(events[0]).toMatchObject([
      'plutu.mpgs.callback-rejected',
      { path: cut },
    ]);
    expect(warnings).toEqual([
      `Callback rejected at ${cut}: signature-mismatch`,
    ]);
    // What is cut is only what is reported.
    expect(genuine.status).toBe(200);
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

describe('MpgsCallbackGuard by itself', () => {
  it('verifies and publishes nothing', async () => {
    const { url, events } = await shop();
    const answer = await fetch(`${url}/guarded?${callbackQuery()}`);
    expect(await answer.json()).toMatchObject({ invoiceNo: 'inv-1' });
    expect((await fetch(`${url}/guarded?hashed=0`)).status).toBe(403);
    expect(events.map(([name]) => name)).toEqual([
      'plutu.mpgs.callback-rejected',
    ]);
  });
});

it('@MpgsCallback() without the guard hands out nothing', async () => {
  const { url } = await shop();
  const answer = await fetch(`${url}/unguarded?${callbackQuery()}`, {
    method: 'POST',
  });
  expect(answer.status).toBe(500);
});
