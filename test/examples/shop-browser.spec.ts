import { once } from 'node:events';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  chromiumPath,
  HOW_TO_GET_CHROMIUM,
  launchBrowser,
} from '../support/browser.js';
import { expectGoodPage } from '../support/inspect-page.js';
import { runNode } from '../support/processes.js';
import { isMissing } from '../support/tools.js';

/** What a customer does at the checkout, by the language of its page. */
const CHECKOUT = {
  ar: { pay: /^ادفع/, cancel: 'إلغاء الدفع', declined: /^بطاقة مرفوضة/ },
  en: { pay: /^Pay/, cancel: 'Cancel', declined: /^Declined/ },
} as const;

describe.skipIf(
  isMissing(chromiumPath, {
    suite: 'the example shop in a browser',
    howToGetIt: HOW_TO_GET_CHROMIUM,
  }),
)('a customer of the example shop', { timeout: 60_000 }, () => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await launchBrowser();
  });

  afterAll(() => browser.close());

  /** At the checkout page, having bought the book. */
  async function buy(lang: 'ar' | 'en') {
    const { child, output } = runNode('examples/shop/dist/start.js');
    while (!output.stdout.includes('Ctrl+C')) await once(child.stdout, 'data');
    const [shop = ''] = /(?<=yourself: +)http:\S+/.exec(output.stdout) ?? [];
    const page = await browser.newPage();
    await page.goto(shop);
    await expectGoodPage(page, 'shop');
    await page.getByRole('combobox').selectOption(lang);
    await page.getByRole('button', { name: 'Buy' }).click();
    return { page, words: CHECKOUT[lang] };
  }

  it.each(['ar', 'en'] as const)(
    'pays, and lands on the paid page: %s',
    async (lang) => {
      const { page, words } = await buy(lang);

      await page.getByRole('button', { name: words.pay }).click();

      await page.getByText('Thank you, it is paid').first().waitFor();
      await expectGoodPage(page, 'shop-paid');
      expect(new URL(page.url()).searchParams.get('outcome')).toBe('approved');
    },
  );

  it.each(['ar', 'en'] as const)('backs out: %s', async (lang) => {
    const { page, words } = await buy(lang);

    await page.getByRole('button', { name: words.cancel }).click();

    await page.getByText('You have canceled the payment').first().waitFor();
    await expectGoodPage(page, 'shop-canceled');
  });

  it.each(['ar', 'en'] as const)('is declined: %s', async (lang) => {
    const { page, words } = await buy(lang);

    await page.getByRole('radio', { name: words.declined }).check();
    await page.getByRole('button', { name: words.pay }).click();

    await page.getByText('Not paid yet').first().waitFor();
    expect(new URL(page.url()).searchParams.get('outcome')).toBe('incomplete');
  });
});
