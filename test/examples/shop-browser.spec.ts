import type { Browser, Page } from 'playwright-core';
import {
  afterAll,
  beforeAll,
  describe,
  expect,
  it,
  onTestFinished,
} from 'vitest';
import { TEST_NUMBERS } from '../../src/sandbox/index.js';
import {
  chromiumPath,
  HOW_TO_GET_CHROMIUM,
  launchBrowser,
} from '../support/browser.js';
import { expectGoodPage } from '../support/inspect-page.js';
import { startNode } from '../support/processes.js';
import { shopOf, START } from '../support/shop.js';
import { isMissing } from '../support/tools.js';

const { good, notSubscribed, failsCharged } = TEST_NUMBERS;

describe.skipIf(
  isMissing(chromiumPath, {
    suite: 'the example shop in a browser',
    howToGetIt: HOW_TO_GET_CHROMIUM,
  }),
)('a customer of the example shop', { timeout: 60_000 }, () => {
  let browser: Browser;
  let running: ReturnType<typeof startNode>;
  let shop: string;
  let plutu: string;

  beforeAll(async () => {
    running = startNode(START);
    browser = await launchBrowser();
    ({ shop, plutu } = await shopOf(running));
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    running.child.kill('SIGTERM');
    await running.ended;
  });

  /** A page of a new order, in the customer's language. */
  async function order(locale: 'ar' | 'en'): Promise<Page> {
    const context = await browser.newContext({ locale });
    onTestFinished(() => context.close());
    const page = await context.newPage();
    await page.goto(shop);
    await press(page, locale === 'ar' ? 'شراء' : 'Buy');
    return page;
  }

  const press = (page: Page, name: string | RegExp) =>
    page.getByRole('button', { name }).first().click();

  const fillIn = async (page: Page, values: Record<string, string>) => {
    for (const [label, value] of Object.entries(values)) {
      await page.getByLabel(label).fill(value);
    }
  };

  /** Waits until the page says so. */
  const says = (page: Page, text: string | RegExp) =>
    page.getByText(text).first().waitFor();

  async function codeSentTo(number: string): Promise<string> {
    const response = await fetch(`${plutu}/control/sms/${number}`);
    const { code }: { code: string } = JSON.parse(await response.text());
    return code;
  }

  it('backs out, and then pays with an international card, in English', async () => {
    const page = await order('en');
    await expectGoodPage(page, 'shop-order-en');
    await press(page, /^International card/);
    await press(page, 'Cancel the payment');
    await says(page, 'You canceled the payment. You were not charged.');
    await press(page, /^International card/);
    await press(page, /^Pay/);

    await says(page, 'Thank you, your order is paid');
    await says(page, '25.50 USD');
    await expectGoodPage(page, 'shop-paid-en');
  });

  it('is declined, and then pays with a Libyan card, in Arabic', async () => {
    const page = await order('ar');
    await expectGoodPage(page, 'shop-order-ar');
    await press(page, /^بطاقة مصرفية ليبية/);
    await page.getByRole('radio', { name: /^بطاقة مرفوضة/ }).check();
    await press(page, /^ادفع/);
    await says(page, 'لم تتم عملية الدفع. يمكنك المحاولة مرة أخرى.');
    await press(page, /^بطاقة مصرفية ليبية/);
    await press(page, /^ادفع/);

    await says(page, 'شكرًا لك، تم دفع الطلب');
    expect(await page.locator('html').getAttribute('dir')).toBe('rtl');
    await expectGoodPage(page, 'shop-paid-ar');
  });

  it('is shown that a payment by T-Lync is not known yet, and then that it is', async () => {
    await fetch(`${plutu}/control/faults`, {
      method: 'POST',
      body: JSON.stringify({
        gateway: 'tlync',
        arrivals: 'browser-first',
        callbackDelayMs: 5_000,
        times: 1,
      }),
    });
    const page = await order('en');
    await page.getByRole('link', { name: 'T-Lync' }).click();
    await fillIn(page, { 'Mobile number': good });
    await press(page, 'Continue');
    await press(page, /^Pay/);
    await page.getByRole('link', { name: 'Return to the shop' }).click();

    await says(page, /We are waiting for your payment to be confirmed/);
    await expectGoodPage(page, 'shop-pending-en');
    await says(page, 'Thank you, your order is paid');
  });

  it('pays by Sadad after a wrong code, in Arabic', async () => {
    const page = await order('ar');
    await page.getByRole('link', { name: 'سداد' }).click();
    await fillIn(page, { 'رقم الهاتف المحمول': good, 'سنة الميلاد': '90' });
    await press(page, 'متابعة');
    await says(page, 'اكتب سنة ميلادك بأربعة أرقام، مثل 1990.');
    await fillIn(page, { 'سنة الميلاد': '1990' });
    await press(page, 'متابعة');
    await fillIn(page, { الرمز: '000000' });
    await press(page, 'ادفع الآن');
    await says(page, /الرمز غير صحيح/);
    await expectGoodPage(page, 'shop-wrong-code-ar');
    await fillIn(page, { الرمز: await codeSentTo(good) });
    await press(page, 'ادفع الآن');

    await says(page, 'شكرًا لك، تم دفع الطلب');
    await says(page, '138.00 LYD');
  });

  it('pays by Adfali after a number that has none, in English', async () => {
    const page = await order('ar');
    await page.getByRole('link', { name: 'English' }).click();
    await page.getByRole('link', { name: 'Adfali' }).click();
    await fillIn(page, { 'Mobile number': notSubscribed });
    await press(page, 'Continue');
    await says(page, 'This number is not subscribed to this service.');
    await expectGoodPage(page, 'shop-not-subscribed-en');
    await fillIn(page, { 'Mobile number': good });
    await press(page, 'Continue');
    await fillIn(page, { Code: await codeSentTo(good) });
    await press(page, 'Pay now');

    await says(page, 'Thank you, your order is paid');
  });

  it('pays one order in two tabs, and is told what is paid back', async () => {
    const first = await order('en');
    const address = first.url();
    const [second, third] = await Promise.all([
      first.context().newPage(),
      first.context().newPage(),
    ]);
    await Promise.all([second.goto(address), third.goto(address)]);
    await press(first, /^International card/);
    await press(second, /^Libyan bank card/);
    await press(first, /^Pay/);
    await says(first, 'Thank you, your order is paid');
    await press(second, /^Pay/);

    await says(second, /We will pay it back to you/);
    await expectGoodPage(second, 'shop-paid-twice-en');
    const payBack = second.locator('section', {
      hasText: 'We will pay it back',
    });
    expect(await payBack.textContent()).toMatch(
      /138\.00 LYD\s+Paid by: Libyan bank card/,
    );
    await press(third, /^International card/);
    await says(third, 'You were not charged a second time.');
  });

  it('is asked not to pay again if nobody knows whether the money was taken', async () => {
    const page = await order('en');
    const address = page.url();
    await page.getByRole('link', { name: 'Sadad' }).click();
    await fillIn(page, {
      'Mobile number': failsCharged,
      'Year of birth': '1990',
    });
    await press(page, 'Continue');
    await fillIn(page, { Code: await codeSentTo(failsCharged) });
    await press(page, 'Pay now');

    await says(page, /you may have been charged. Please do not pay again/);
    await page.goto(address);
    await says(page, /we are looking into it/);
    await expectGoodPage(page, 'shop-unclear-en');
    expect(await page.getByRole('button').count()).toBe(0);
  });
});
