import { setTimeout as sleep } from 'node:timers/promises';
import { Controller, Get, Header } from '@nestjs/common';
import { describe, expect, it, onTestFinished } from 'vitest';
import { bullMqDelivery } from '../../src/bullmq/index.js';
import {
  MpgsCallback,
  MpgsCallbackEndpoint,
  PLUTU_EVENTS,
  type Payment,
  type PaymentApprovedEvent,
  type PaymentDeliveryDefinition,
  type PaymentEvent,
  type SignedPayment,
} from '../../src/index.js';
import { PlutuSandbox } from '../../src/sandbox/index.js';
import { startApp, type TestApp } from '../support/app.js';
import {
  chromiumPath,
  HOW_TO_GET_CHROMIUM,
  launchBrowser,
} from '../support/browser.js';
import { callbackQuery } from '../support/callbacks.js';
import { firstOf } from '../support/race.js';
import {
  canStartRedis,
  OwnRedis,
  uniqueQueueName,
  HOW_TO_START_REDIS,
} from '../support/redis.js';
import { isMissing } from '../support/tools.js';

const PAGES = {
  approved: '/paid',
  canceled: '/canceled',
  incomplete: '/try-again',
  refused: '/refused',
};

const HTML = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };

/** An application whose handler fails until it is repaired. */
async function startFailing(): Promise<TestApp & { repair(): void }> {
  const app = await startApp({ redirect: PAGES });
  let isRepaired = false;
  app.emitter.on(PLUTU_EVENTS.paymentApproved, () => {
    if (!isRepaired) throw new Error('the database is down');
  });
  return { ...app, repair: () => (isRepaired = true) };
}

function arrive(
  app: TestApp,
  headers: Record<string, string>,
  query = callbackQuery(),
): Promise<Response> {
  return fetch(`${app.url}/plutu/mpgs/callback?${query}`, {
    headers,
    redirect: 'manual',
  });
}

/** As many browsers as may wait, each with a payment of its own. */
function oneHundred(app: TestApp): Promise<Response>[] {
  return Array.from({ length: 100 }, (_, i) =>
    arrive(app, HTML, callbackQuery({ transactionId: `t-${i}` })),
  );
}

describe('a callback that could not be accepted', () => {
  it('shows a browser a page that tries again, and then leads on', async () => {
    const app = await startFailing();

    const pending = await arrive(app, HTML);

    expect(pending.status).toBe(503);
    expect(pending.headers.get('location')).toBeNull();
    expect(pending.headers.get('retry-after')).toBe('5');
    expect(pending.headers.get('cache-control')).toBe('no-store');
    expect(pending.headers.get('content-type')).toBe(
      'text/html; charset=utf-8',
    );
    const page = await pending.text();
    expect(page).toContain('<meta http-equiv="refresh" content="5">');
    expect(page).toContain('lang="ar" dir="rtl"');
    expect(page).toContain('lang="en" dir="ltr"');

    app.repair();
    const paid = await arrive(app, HTML);
    expect(paid.status).toBe(303);
    expect(paid.headers.get('location')).toBe(
      '/paid?outcome=approved&invoiceNo=inv-1&orderNo=inv-1',
    );
  });

  it('shows nothing of the query, and needs no script and nothing from elsewhere', async () => {
    const app = await startFailing();

    const query = `${callbackQuery()}&note=%3Cscript%3Ealert(1)%3C/script%3E`;
    const response = await arrive(app, HTML, query);
    const page = await response.text();

    expect(response.status).toBe(503);
    expect(page).not.toMatch(/inv-1|t-1|note|alert|<script|src=|href=|url\(/);
    expect(response.headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; style-src 'sha256-/,
    );
    expect(response.headers.get('referrer-policy')).toBe('no-referrer');
  });

  it.each([
    'TEXT/HTML',
    'application/json, text/html;q=0.9',
    'text/html;q=0.1',
  ])('shows the page to whoever takes HTML: %s', async (accept) => {
    const response = await arrive(await startFailing(), { accept });
    expect(response.headers.get('content-type')).toContain('text/html');
    expect(response.headers.get('vary')).toContain('Accept');
  });

  it.each([
    {},
    { accept: 'application/json' },
    { accept: '*/*' },
    { accept: 'text/html;q=0, application/json' },
    { accept: 'text/htmlx' },
  ])('tells an API client so in JSON: %j', async (headers) => {
    const app = await startFailing();

    const response = await arrive(app, headers as Record<string, string>);

    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('5');
    expect(await response.json()).toEqual({
      statusCode: 503,
      code: 'PLUTU_CALLBACK_NOT_ACCEPTED',
      message: expect.any(String),
    });
  });

  it("does the same on an endpoint of the application's own", async () => {
    @Controller('payments')
    class PaymentsController {
      @MpgsCallbackEndpoint('thanks')
      thanks(@MpgsCallback() callback: Payment): string {
        return callback.invoiceNo;
      }
    }

    const app = await startApp({}, { controllers: [PaymentsController] });
    app.emitter.on(PLUTU_EVENTS.paymentApproved, () => {
      throw new Error('the database is down');
    });

    const response = await fetch(
      `${app.url}/payments/thanks?${callbackQuery()}`,
      { headers: HTML },
    );

    expect(response.status).toBe(503);
    expect(await response.text()).toContain('http-equiv="refresh"');
  });
});

describe('a payment that is accepted, but not booked yet', () => {
  /** A delivery that has accepted what its consumers have not seen yet. */
  function slowDelivery(
    bookAfter: number,
    accepted: string[] = [],
  ): PaymentDeliveryDefinition {
    const arrivals = new Map<string, { payment: PaymentEvent; at: number }>();
    const findBooked = async (id: string) => {
      const arrival = arrivals.get(id);
      const age = performance.now() - (arrival?.at ?? Infinity);
      return age >= bookAfter ? arrival?.payment : undefined;
    };
    return {
      useFactory: () => ({
        async accept(payment: SignedPayment) {
          const duplicate = arrivals.has(payment.id);
          if (!duplicate) {
            arrivals.set(payment.id, { payment, at: performance.now() });
            accepted.push(payment.id);
          }
          return { duplicate, booked: await findBooked(payment.id) };
        },
        findBooked,
      }),
    };
  }

  it('leads a browser on as soon as it is booked', async () => {
    const app = await startApp({
      redirect: PAGES,
      delivery: slowDelivery(500),
    });

    const response = await arrive(app, HTML);

    expect(response.status).toBe(303);
    expect(response.headers.get('location')).toContain('/paid?');
  });

  it('shows a browser the page after "browserWait", which leads on by itself', async () => {
    const app = await startApp({
      redirect: PAGES,
      delivery: slowDelivery(1_000),
      browserWait: 100,
    });

    const pending = await arrive(app, HTML);

    expect(pending.status).toBe(202);
    expect(pending.headers.get('cache-control')).toBe('no-store');
    expect(pending.headers.get('retry-after')).toBe('5');
    expect(await pending.text()).toContain('http-equiv="refresh"');
    await expect.poll(async () => (await arrive(app, HTML)).status).toBe(303);
  });

  it('answers an API client 202 at once', async () => {
    const app = await startApp({ delivery: slowDelivery(60_000) });
    const start = performance.now();

    const response = await arrive(app, { accept: 'application/json' });

    expect(response.status).toBe(202);
    expect(await response.json()).toEqual({
      statusCode: 202,
      code: 'PLUTU_PAYMENT_PENDING',
      message: expect.any(String),
    });
    expect(performance.now() - start).toBeLessThan(1_000);
  });

  it('keeps at most 100 browsers waiting; more are shown the page at once', async () => {
    const accepted: string[] = [];
    const app = await startApp({
      delivery: slowDelivery(60_000, accepted),
      browserWait: 5_000,
    });
    const waiting = oneHundred(app);
    await expect.poll(() => accepted).toHaveLength(100);

    const oneTooMany = arrive(app, HTML);

    expect(await firstOf({ waiting, oneTooMany: [oneTooMany] })).toBe(
      'oneTooMany',
    );
    expect((await oneTooMany).status).toBe(202);
    await Promise.all(waiting);
  }, 30_000);
});

describe('a callback whose handler fails once', () => {
  it('is published again by itself, because it may never arrive again', async () => {
    let calls = 0;
    const app = await startApp();
    app.emitter.on(PLUTU_EVENTS.paymentApproved, () => {
      if (++calls === 1) throw new Error('the database is down');
    });

    expect((await arrive(app, {})).status).toBe(503);

    await expect.poll(() => calls).toBe(2);
    expect((await arrive(app, {})).status).toBe(200);
    expect(calls).toBe(2);
  });
});

describe('browsers that wait for a handler that hangs', () => {
  it('are at most 100; more are shown the page at once', async () => {
    const app = await startApp({ browserWait: 5_000 });
    let finish = () => {};
    const hanging = new Promise<void>((resolve) => (finish = resolve));
    onTestFinished(() => finish());
    let calls = 0;
    app.emitter.on(PLUTU_EVENTS.paymentApproved, () => {
      calls++;
      return hanging;
    });
    const waiting = oneHundred(app);
    await expect.poll(() => calls).toBe(100);

    const oneTooMany = arrive(app, HTML);

    expect(await firstOf({ waiting, oneTooMany: [oneTooMany] })).toBe(
      'oneTooMany',
    );
    expect((await oneTooMany).status).toBe(503);
    await Promise.all(waiting);
  }, 30_000);
});

@Controller()
class PaidController {
  @Get('paid')
  @Header('Content-Type', 'text/html')
  paid(): string {
    return '<h1>Thank you, it is paid</h1>';
  }
}

describe.skipIf(
  isMissing(chromiumPath, {
    suite: 'the pending page in a browser',
    howToGetIt: HOW_TO_GET_CHROMIUM,
  }) ||
    isMissing(canStartRedis, {
      suite: 'the pending page while Redis is away',
      howToGetIt: HOW_TO_START_REDIS,
    }),
)("a customer's browser", () => {
  it('that comes back while Redis is away lands on the paid page by itself', async () => {
    const redis = await OwnRedis.start();
    onTestFinished(() => redis.close());
    const sandbox = await PlutuSandbox.start();
    onTestFinished(() => sandbox.close());
    const app = await startApp(
      {
        ...sandbox.credentials,
        baseUrl: sandbox.baseUrl,
        redirect: PAGES,
        delivery: bullMqDelivery({
          connection: { url: redis.url },
          queueName: uniqueQueueName(),
          acceptTimeout: 1000,
        }),
      },
      { controllers: [PaidController] },
    );
    const heard: string[] = [];
    app.emitter.on(
      PLUTU_EVENTS.paymentApproved,
      ({ invoiceNo }: PaymentApprovedEvent) => heard.push(invoiceNo),
    );
    const { redirectUrl } = await app.mpgs.createCheckout({
      amount: '5',
      invoiceNo: 'inv-1',
      lang: 'en',
      returnUrl: `${app.url}/plutu/mpgs/callback`,
    });
    const browser = await launchBrowser();
    onTestFinished(() => browser.close());
    const page = await browser.newPage({
      viewport: { width: 360, height: 640 },
    });

    await page.goto(redirectUrl);
    await redis.kill();
    await page
      .getByRole('button', { name: 'Pay', exact: false })
      .first()
      .click();

    await page
      .getByText('The result of your payment is being recorded')
      .waitFor();
    expect(page.url()).toContain('hashed=');
    const screenshot = process.env['SCREENSHOTS'];
    if (screenshot)
      await page.screenshot({ path: `${screenshot}/pending.png` });
    expect(
      await page.evaluate('document.documentElement.scrollWidth'),
    ).toBeLessThanOrEqual(360);

    await sleep(10_000);
    await redis.start();

    await page.waitForURL(
      '**/paid?outcome=approved&invoiceNo=inv-1&orderNo=inv-1',
      {
        timeout: 30_000,
      },
    );
    expect(await page.textContent('h1')).toBe('Thank you, it is paid');
    await expect.poll(() => heard).toEqual(['inv-1']);
  }, 90_000);
});
