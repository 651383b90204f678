import { randomInt } from 'node:crypto';
import type { INestApplication } from '@nestjs/common';
import type { PlutuSandbox } from 'nestjs-plutu/sandbox';
import { OrdersService } from './orders.service.js';
import {
  GATEWAYS,
  isGatewayName,
  type GatewayName,
} from './payments.service.js';
import { TEXTS } from './texts.js';

/** What the customer fills in: a new number each time, which gets few codes an hour. */
const CUSTOMER = {
  mobileNumber: `0913${String(randomInt(1_000_000)).padStart(6, '0')}`,
  birthYear: '1990',
};

/**
 * Pays an order through each gateway over HTTP, as a customer's browser would, and
 * prints it. Each payment arrives more than once.
 *
 * @throws {Error} unless each order was booked exactly once.
 */
export async function payThroughEachGateway(
  shop: INestApplication,
  shopUrl: string,
  sandbox: PlutuSandbox,
): Promise<void> {
  const walk = new Walk(shop, shopUrl, sandbox);
  const summaries: string[] = [];
  for (const gateway of Object.keys(GATEWAYS).filter(isGatewayName)) {
    summaries.push(await walk.pay(gateway));
  }
  print(summaries.join('\n'));
}

class Walk {
  private readonly orders: OrdersService;
  private arrivals = 0;

  constructor(
    shop: INestApplication,
    private readonly shopUrl: string,
    private readonly sandbox: PlutuSandbox,
  ) {
    this.orders = shop.get(OrdersService);
    shop
      .getHttpServer()
      .prependListener('request', ({ url }: { url: string }) => {
        // Plutu's callback, or the code that the customer has typed.
        if (/^\/plutu\/.*\/callback\b|\/code$/.test(url)) this.arrivals++;
      });
  }

  /** @returns a line that says what came of it. */
  async pay(gateway: GatewayName): Promise<string> {
    const soldBefore = await this.copiesSold();
    this.arrivals = 0;
    const ordered = await this.send('/orders', { book: 'poems' });
    const [orderNo = ''] = /\d+$/.exec(ordered.url) ?? [];
    print(`${TEXTS.en.gateways[gateway]}: order ${orderNo}`);
    const started = await this.step(
      'the customer chooses it',
      `/orders/${orderNo}/pay/${gateway}`,
      CUSTOMER,
    );
    const page = started.url.startsWith(this.sandbox.origin)
      ? await this.payAtPlutu(started)
      : await this.payWithCode(started);
    print('');

    const order = await this.orders.find(orderNo);
    const booked = (await this.copiesSold()) - soldBefore;
    if (!page.includes(TEXTS.en.thanks) || !order?.paid || booked !== 1) {
      throw new Error(
        `Order ${orderNo} was booked ${booked} times, and is ${order?.state}.`,
      );
    }
    const { amount, currency, transactionId } = order.paid;
    return `Order ${orderNo}: ${amount} ${currency}, ${gateway} transaction ${transactionId}: booked exactly once, although it arrived ${this.arrivals} times.`;
  }

  /** @returns the page that the customer sees in the end. */
  private async payAtPlutu({ url }: Answer): Promise<string> {
    const { page } = await this.step('presses Pay at Plutu', `${url}/pay`, {});
    const { invoiceNo = '', callback } = this.sandbox.transactions.at(-1) ?? {};
    // T-Lync's customers come back to another URL, with nothing that is a payment.
    const isByBrowser = callback?.method === 'GET';
    printStep(
      isByBrowser ? 'Plutu and the browser call' : 'Plutu calls the shop',
      `${callback?.method} ${callback?.url.replace(/\?.*/, '?…')}`,
    );
    printStep('and Plutu twice more at once');
    await this.sandbox.replay(invoiceNo, { copies: 2 });
    return page;
  }

  /** @returns the page that the customer sees in the end. */
  private async payWithCode({ url, page }: Answer): Promise<string> {
    const [token = ''] = /(?<=name="token" value=")[^"]+/.exec(page) ?? [];
    const { code = '', text = '' } =
      this.sandbox.lastSms(CUSTOMER.mobileNumber) ?? {};
    printStep('gets a message', text);
    const form = { token, code };
    const paid = await this.step('types the code', `${url}/code`, form);
    await this.step('and again, by mistake', `${url}/code`, form);
    return paid.page;
  }

  private async step(
    what: string,
    path: string,
    form: Readonly<Record<string, string>>,
  ): Promise<Answer> {
    printStep(what, `POST ${new URL(path, this.shopUrl).href}`);
    return this.send(path, form);
  }

  /** Sends a form as a browser does, which goes wherever the answer sends it. */
  private async send(
    path: string,
    form: Readonly<Record<string, string>>,
  ): Promise<Answer> {
    const response = await fetch(new URL(path, this.shopUrl), {
      method: 'POST',
      body: new URLSearchParams(form),
      headers: { Accept: 'text/html', 'Accept-Language': 'en' },
    });
    const { url, ok, status } = response;
    if (!ok) throw new Error(`${url} answered ${status}.`);
    return { url, page: await response.text() };
  }

  private async copiesSold(): Promise<number> {
    const books = await this.orders.books();
    return books.reduce((sum, { sold }) => sum + sold, 0);
  }
}

/** Where the browser is in the end. */
interface Answer {
  readonly url: string;
  readonly page: string;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

function printStep(what: string, detail = ''): void {
  print(`  ${what.padEnd(28)}${detail}`.trimEnd());
}
