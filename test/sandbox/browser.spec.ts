import type { Browser, Page } from 'playwright-core';
import {
  afterAll,
  beforeAll,
  describe,
  expect,
  it,
  onTestFinished,
} from 'vitest';
import type {
  PlutuSandbox,
  SandboxHostedGatewayName,
} from '../../src/sandbox/index.js';
import {
  chromiumPath,
  HOW_TO_GET_CHROMIUM,
  launchBrowser,
} from '../support/browser.js';
import { expectGoodPage } from '../support/inspect-page.js';
import {
  askOtp,
  openCheckout,
  sendCode,
  startMerchant,
  startSandbox,
  type Merchant,
} from '../support/sandbox.js';
import { isMissing } from '../support/tools.js';

const MERCHANT_NAME = 'مكتبة طرابلس · Tripoli Books';

describe.skipIf(
  isMissing(chromiumPath, {
    suite: "the sandbox's pages in a browser",
    howToGetIt: HOW_TO_GET_CHROMIUM,
  }),
)('in a browser', { timeout: 60_000 }, () => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await launchBrowser();
  });

  afterAll(() => browser.close());

  /** A page that may load nothing but the sandbox and the shop. */
  async function newPage(): Promise<Page> {
    const page = await browser.newPage();
    // Sooner than the test's own, which would not say what it waited for.
    page.setDefaultTimeout(30_000);
    onTestFinished(() => page.close());
    const complaints: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('request', (request) => {
      const { hostname } = new URL(request.url());
      if (hostname !== '127.0.0.1') complaints.push(request.url());
    });
    onTestFinished(() => expect(complaints).toEqual([]));
    return page;
  }

  async function startBoth(): Promise<{
    sandbox: PlutuSandbox;
    merchant: Merchant;
  }> {
    const sandbox = await startSandbox({
      merchantName: MERCHANT_NAME,
      slowCardMs: 50,
    });
    const merchant = await startMerchant((request, response) => {
      if (request.url === '/favicon.ico') response.writeHead(204).end();
      else response.end('thanks');
    });
    return { sandbox, merchant };
  }

  /** At a checkout of 25.50. */
  async function atCheckout(
    lang: 'ar' | 'en',
    gateway: SandboxHostedGatewayName = 'mpgs',
  ) {
    const both = await startBoth();
    const page = await newPage();
    const { origin } = both.merchant;
    await page.goto(
      await openCheckout(
        both.sandbox,
        {
          lang,
          amount: '25.50',
          invoice_no: 'INV-2026-0042',
          return_url: `${origin}/return`,
          ...(gateway === 'tlync' && { callback_url: `${origin}/callback` }),
        },
        gateway,
      ),
    );
    return { ...both, page };
  }

  it.each([
    ['ar', 'rtl', 'ادفع 25.50 USD'],
    ['en', 'ltr', 'Pay 25.50 USD'],
  ] as const)(
    'the checkout is paid in %s, by keyboard alone',
    async (lang, dir, pay) => {
      const { sandbox, merchant, page } = await atCheckout(lang);

      expect(await page.getAttribute('html', 'dir')).toBe(dir);
      expect(await page.textContent('main')).toContain(MERCHANT_NAME);
      expect(await page.textContent('header')).toContain('SANDBOX');
      // Within Arabic, and not isolated, it would read "D Secure-3".
      if (lang === 'ar') {
        expect(await page.textContent('main')).toContain(
          '(\u20663-D Secure\u2069)',
        );
      }
      await expectGoodPage(page, `checkout-${lang}`);

      await page.keyboard.press('Tab'); // the cards
      expect(await page.locator('input:focus').getAttribute('value')).toBe(
        'approved',
      );
      await page.keyboard.press('Tab'); // the button
      const focused = page.getByRole('button', { name: pay });
      expect(await focused.evaluate((button) => button.matches(':focus'))).toBe(
        true,
      );
      await page.keyboard.press('Enter');

      await page.waitForURL(`${merchant.origin}/return?**`);
      expect(page.url()).toContain('approved=1');
      expect(sandbox.transactions).toMatchObject([
        { status: 'approved', deliveries: [{ status: 200 }] },
      ]);
      await page.goBack();
      await page.reload();
      await expectGoodPage(page, `checkout-paid-${lang}`);
    },
  );

  it.each([
    ['Declined', 'incomplete', 'declined'],
    ['Insufficient funds', 'incomplete', 'insufficient-funds'],
    ['Slow bank', 'approved', undefined],
  ] as const)('the card "%s" ends %s', async (card, status, declineReason) => {
    const { sandbox, merchant, page } = await atCheckout('en');

    await page.getByRole('radio', { name: card }).check();
    await page.getByRole('button', { name: 'Pay' }).first().click();

    await page.waitForURL(`${merchant.origin}/return?**`);
    expect(sandbox.transactions).toMatchObject([{ status, declineReason }]);
  });

  it.each(['ar', 'en'] as const)(
    'a declined customer is told why in %s',
    async (lang) => {
      const { merchant, page } = await atCheckout(lang);
      const checkout = page.url();
      await page.locator('[value=insufficient-funds]').check();
      await page.locator('button.primary').click();
      await page.waitForURL(`${merchant.origin}/return?**`);

      await page.goto(checkout);

      const notice = await page.getByRole('status').textContent();
      expect(notice).toContain(lang === 'ar' ? 'الرصيد' : 'not enough funds');
      await expectGoodPage(page, `checkout-declined-${lang}`);
    },
  );

  it('an abandoned checkout tells nobody, and can still be canceled', async () => {
    const { sandbox, merchant, page } = await atCheckout('en');

    await page.getByRole('radio', { name: 'Abandoned' }).check();
    await page.getByRole('button', { name: 'Pay' }).first().click();

    await page.getByText('the shop heard nothing').waitFor();
    expect(merchant.calls).toEqual([]);
    expect(sandbox.transactions).toMatchObject([{ status: 'abandoned' }]);
    await page.getByRole('button', { name: 'Cancel the payment' }).click();
    await page.waitForURL(`${merchant.origin}/return?**`);
    expect(page.url()).toContain('canceled=1');
  });

  it.each([
    ['ar', 'سداد', 'ادفع 25.50 LYD', 'العودة إلى المتجر'],
    ['en', 'Sadad', 'Pay 25.50 LYD', 'Return to the shop'],
  ] as const)(
    'at T-Lync the customer chooses how to pay, and goes back by a link, in %s',
    async (lang, method, pay, goBack) => {
      const { sandbox, merchant, page } = await atCheckout(lang, 'tlync');
      await expectGoodPage(page, `tlync-${lang}`);

      await page.getByRole('radio', { name: method }).check();
      await page.getByRole('button', { name: pay }).click();

      await page.getByRole('status').waitFor();
      expect(merchant.calls).toEqual(['POST /callback']);
      expect(sandbox.transactions).toMatchObject([
        { status: 'approved', method: 'sadad', deliveries: [{ status: 200 }] },
      ]);
      await expectGoodPage(page, `tlync-paid-${lang}`);
      await page.getByRole('link', { name: goBack }).click();
      await page.waitForURL(`${merchant.origin}/return?approved=1&**`);
    },
  );

  it.each([
    ['Declined', 'declined'],
    ['Insufficient funds', 'insufficient-funds'],
  ] as const)(
    'a payment at T-Lync that ends "%s" can be tried again on the same page',
    async (result, declineReason) => {
      const { sandbox, merchant, page } = await atCheckout('en', 'tlync');
      await page.getByRole('radio', { name: new RegExp(`^${result}`) }).check();
      await page.getByRole('button', { name: 'Pay' }).first().click();
      await page.getByRole('status').waitFor();
      expect(sandbox.transactions).toMatchObject([
        { status: 'incomplete', declineReason },
      ]);
      await page.getByRole('link', { name: 'Return to the shop' }).waitFor();
      await expectGoodPage(page, 'tlync-declined-en');

      await page.getByRole('button', { name: 'Pay' }).first().click();

      await page.getByText('The payment is complete').waitFor();
      expect(merchant.calls).toEqual(['POST /callback', 'POST /callback']);
    },
  );

  it.each([
    ['ar', 'رمز تحقق', 'تأكيد'],
    ['en', 'One-time password', 'Confirm'],
  ] as const)(
    'a local bank card with a one-time password is paid in %s',
    async (lang, card, answer) => {
      const { sandbox, merchant, page } = await atCheckout(
        lang,
        'localbankcards',
      );
      await expectGoodPage(page, `local-bank-cards-${lang}`);
      await page.getByRole('radio', { name: card }).check();
      await page.locator('button.primary').click();
      await page.getByRole('button', { name: answer }).waitFor();
      await expectGoodPage(page, `one-time-password-${lang}`);
      await page.getByRole('button', { name: answer }).click();

      await page.waitForURL(`${merchant.origin}/return?**`);
      expect(page.url()).toContain('gateway=localbankcards&approved=1');
      expect(sandbox.transactions).toMatchObject([{ currency: 'LYD' }]);
    },
  );

  it.each([
    ['en', 'Confirm', 'approved'],
    ['en', 'Refuse', 'incomplete'],
    ['ar', 'تأكيد', 'approved'],
  ] as const)(
    '3-D Secure in %s: "%s" ends %s',
    async (lang, answer, status) => {
      const { sandbox, merchant, page } = await atCheckout(lang);
      await page.locator('[value="3-d-secure"]').check();
      await page.locator('button.primary').click();

      const button = page.getByRole('button', { name: answer });
      await button.waitFor();
      expect(sandbox.transactions).toMatchObject([{ status: 'open' }]);
      await expectGoodPage(page, `challenge-${lang}`);
      await button.click();

      await page.waitForURL(`${merchant.origin}/return?**`);
      expect(sandbox.transactions).toMatchObject([
        {
          status,
          declineReason:
            status === 'incomplete' ? 'authentication-failed' : undefined,
        },
      ]);
    },
  );

  it('a checkout that does not exist says so, as a page', async () => {
    const { sandbox } = await startBoth();
    const page = await browser.newPage();
    onTestFinished(() => page.close());
    await page.goto(`${sandbox.origin}/checkout/none`);
    expect(await page.textContent('body')).toMatch(
      /SANDBOX[^]*no such checkout/,
    );
    await expectGoodPage(page, 'not-found');
  });

  it('the dashboard shows what happens while it happens, and replays', async () => {
    const { sandbox, merchant } = await startBoth();
    const page = await newPage();
    await page.goto(sandbox.origin);
    await page.getByText('None yet').waitFor();
    await page.getByText('Live').waitFor();
    await expectGoodPage(page, 'dashboard-empty');

    const return_url = `${merchant.origin}/return?order=77`;
    await openCheckout(sandbox, { invoice_no: 'INV-2026-0042', return_url });
    const card = page.getByRole('article', { name: 'INV-2026-0042' });
    await card.getByRole('button', { name: 'Pay' }).click();
    await card.getByText('approved', { exact: true }).waitFor();
    const again = card.getByRole('button', { name: 'Send again' });
    await again.focus();
    await page.keyboard.press('Enter');
    await card.getByText('replayed').waitFor();
    await card.getByRole('button', { name: 'Send twice' }).click();
    await expect.poll(() => merchant.calls).toHaveLength(4);
    await card.getByRole('button', { name: 'Send tampered' }).click();
    await card.getByText('tampered', { exact: true }).waitFor();

    expect(merchant.calls).toHaveLength(5);
    expect(new Set(merchant.calls.slice(0, 4)).size).toBe(1);
    expect(merchant.calls[4]).toContain('amount=0.01&');

    await openCheckout(sandbox, { invoice_no: 'a'.repeat(60), return_url });
    await sandbox.decline('a'.repeat(60));
    await openCheckout(sandbox, { invoice_no: 'not/valid', order_id: '77' });
    await page.getByText('unknown to Plutu: order_id').waitFor();
    await openCheckout(
      sandbox,
      { invoice_no: 'INV-T', return_url, callback_url: return_url },
      'tlync',
    );
    await sandbox.pay('INV-T', { method: 'mobicash' });
    await page.getByText('T-Lync (mobicash)').waitFor();
    sandbox.setFault({ invoiceNo: 'slow-*', confirm: 'html-502', times: 1 });
    await page.getByText('struck 0 times').waitFor();
    await card.locator('details').last().locator('summary').click();
    await expectGoodPage(page, 'dashboard');
    await page.getByRole('button', { name: 'Clear all faults' }).click();
    await expect.poll(() => sandbox.faults).toEqual([]);
  });

  it('the dashboard shows what a customer is sent, and the payment that comes of it, while it happens', async () => {
    const { sandbox } = await startBoth();
    const page = await newPage();
    await page.goto(sandbox.origin);
    await page.getByText('Live').waitFor();
    expect(await page.getByText('Phones of the customers').count()).toBe(0);

    await sendCode(sandbox, 'edfali', { mobile_number: '0921112223' });
    const request = await sendCode(sandbox, 'sadadapi');

    const phone = page.getByRole('article', { name: '0913632323' });
    await phone.getByText(request.code, { exact: true }).waitFor();
    expect(await phone.textContent()).toContain(MERCHANT_NAME);
    const process = page.getByRole('article', {
      name: `Process ${request.process_id}`,
    });
    await process.getByText('sent', { exact: true }).waitFor();
    await sendCode(sandbox, 'edfali');
    await expect.poll(() => phone.getByRole('listitem').count()).toBe(2);
    // The latest one on top, as on a phone.
    expect(await phone.getByRole('listitem').first().textContent()).toContain(
      'Adfali',
    );
    await askOtp(sandbox, 'sadadapi', 'confirm', { ...request, code: '0' });
    await askOtp(sandbox, 'sadadapi', 'confirm', request);

    const paid = page.getByRole('article', { name: 'INV-1' });
    await paid.getByText('paid', { exact: true }).waitFor();
    await paid.getByText('200 CHARGED').waitFor();
    await paid.getByText('422 INVLIAD_OTP').waitFor();
    await expectGoodPage(page, 'dashboard-phones');
  });

  it('the dashboard works without script, by reloading', async () => {
    const { sandbox, merchant } = await startBoth();
    await openCheckout(sandbox, { return_url: merchant.origin });
    const context = await browser.newContext({ javaScriptEnabled: false });
    onTestFinished(() => context.close());
    const page = await context.newPage();
    await page.goto(sandbox.origin);
    await page.getByText('Reload to see what is new').waitFor();

    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('button', { name: 'Send again' }).click();

    await page.getByText('replayed').waitFor();
    expect(merchant.calls).toHaveLength(2);
  });

  it('an opened detail and the focus survive an update', async () => {
    const { sandbox, merchant } = await startBoth();
    await openCheckout(sandbox, { return_url: merchant.origin });
    await sandbox.pay('INV-1');
    const page = await newPage();
    await page.goto(sandbox.origin);
    await page.getByText('Live').waitFor();
    const details = page.locator('details').last();
    await details.locator('summary').click();
    await page.getByRole('button', { name: 'Send again' }).focus();

    await openCheckout(sandbox, { invoice_no: 'INV-2' });
    await page.getByRole('article', { name: 'INV-2' }).waitFor();

    expect(await details.getAttribute('open')).not.toBeNull();
    expect(await page.locator('button:focus').textContent()).toContain(
      'Send again',
    );
  });
});
