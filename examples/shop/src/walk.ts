import type { INestApplication } from '@nestjs/common';
import { EventEmitter2 } from '@nestjs/event-emitter';
import { PLUTU_EVENTS, type PaymentApprovedEvent } from 'nestjs-plutu';

/**
 * Buys a book as a customer's browser would, over HTTP, and prints each step.
 *
 * @throws {Error} unless the payment was published exactly once.
 */
export async function walkOnePayment(
  shop: INestApplication,
  shopUrl: string,
): Promise<void> {
  const events: PaymentApprovedEvent[] = [];
  shop
    .get(EventEmitter2)
    .on(PLUTU_EVENTS.paymentApproved, (event: PaymentApprovedEvent) =>
      events.push(event),
    );
  let arrivals = 0;
  shop
    .getHttpServer()
    .prependListener('request', ({ url }: { url: string }) => {
      if (url.startsWith('/plutu/mpgs/callback?')) arrivals++;
    });

  print('One payment, step by step:\n');
  const checkout = await step('The customer buys a book', `${shopUrl}/orders`, {
    method: 'POST',
    body: new URLSearchParams({ lang: 'en' }),
  });
  await step("and is sent to Plutu's checkout page.", checkout);
  const callback = await step(
    'The customer pays. Plutu calls the shop, server to server,',
    `${checkout}/pay`,
    { method: 'POST' },
  );
  const page = await step(
    'and sends the browser to the very same URL,',
    callback,
  );
  await step('where the shop sends it on to its own page.', page);

  const [paid] = events;
  if (!paid || events.length !== 1 || arrivals !== 2) {
    throw new Error(
      `Expected 1 approved event in 2 arrivals of the callback, but saw ${events.length} in ${arrivals}.`,
    );
  }
  print(
    `Invoice ${paid.invoiceNo}, ${paid.amount} ${paid.currency}, transaction ${paid.transactionId}: exactly ${events.length} approved event, although the callback arrived ${arrivals} times.`,
  );
}

/** One request of the browser's. Returns where it is sent next. */
async function step(
  what: string,
  url: string,
  request: RequestInit = {},
): Promise<string> {
  const response = await fetch(url, { ...request, redirect: 'manual' });
  await response.text();
  const location = response.headers.get('location');
  print(`${what}
    ${request.method ?? 'GET'} ${url}
    ${response.status} ${response.statusText}${location ? `, to ${location}` : ''}
`);
  if (response.status >= 400) throw new Error('The walk ends here.');
  return location ? new URL(location, url).href : '';
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
