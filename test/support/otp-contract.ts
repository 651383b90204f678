import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, type DynamicModule } from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import {
  getPlutuToken,
  mpgs,
  PLUTU_EVENTS,
  PlutuModule,
  type ConfirmOtpDto,
  type GatewayFeature,
  type InvoiceQuery,
  type InvoiceSource,
  type OtpGateway,
  type OtpGatewayOptions,
  type Payment,
  type PlutuModuleOptions,
  type SentOtp,
} from '../../src/index.js';
import { ACCOUNT, record, startApp } from './app.js';
import { httpServer, type SeenRequest } from './servers.js';

/** A gateway with one-time passwords, as its contract has to know it. */
export interface OtpGatewayUnderTest {
  readonly gateway: OtpGateway;
  /** As in `gateways: [adfali({ … })]`. */
  readonly feature: (options?: OtpGatewayOptions) => GatewayFeature;
  /** A code of the right length. */
  readonly code: string;
  /** What `sendOtp` needs beside invoice, amount and number … */
  readonly request?: object;
  /** … and what becomes of it in the form that Plutu gets. */
  readonly form?: Readonly<Record<string, string>>;
  /** Plutu's code for a wrong one-time password. */
  readonly wrongCode: string;
}

interface Service {
  sendOtp(request: object): Promise<SentOtp>;
  confirm(confirmation: ConfirmOtpDto): Promise<Payment>;
}

/** What a scripted Plutu answers: a status and a body, or it hangs up. */
export type PlutuAnswer = readonly [status: number, body: object] | 'hang-up';

/** What Plutu says when it has sent a code. */
export const SENT: PlutuAnswer = [
  200,
  { status: 200, result: { process_id: 1700000000001, amount: 5 } },
];

/** What Plutu says when it has charged. */
export const PAID: PlutuAnswer = [
  200,
  { status: 200, result: { transaction_id: 100923, amount: 5 } },
];

export function refusal(code: string, status = 400): PlutuAnswer {
  return [status, { error: { status, code, message: `It is ${code}` } }];
}

/**
 * An application beside a Plutu that answers as told.
 *
 * @param confirms the answers to *confirm*, one after the other; the last for good.
 */
export async function otpShop(
  under: Pick<OtpGatewayUnderTest, 'gateway' | 'feature' | 'request'>,
  {
    verify = SENT,
    confirms = [PAID],
    before = async () => {},
    options = {},
    plutu: more = {},
    setup = {},
  }: {
    verify?: PlutuAnswer;
    confirms?: readonly PlutuAnswer[];
    /** What to wait for before *confirm* is answered. */
    before?: () => Promise<unknown>;
    options?: OtpGatewayOptions;
    plutu?: Partial<PlutuModuleOptions>;
    setup?: Parameters<typeof startApp>[1];
  } = {},
) {
  let confirmed = 0;
  const plutu = await httpServer((response) => {
    const isConfirm = response.req.url?.endsWith('/confirm') ?? false;
    const answer = isConfirm
      ? (confirms[Math.min(confirmed++, confirms.length - 1)] ?? PAID)
      : verify;
    void (isConfirm ? before() : Promise.resolve()).then(() => {
      if (answer === 'hang-up') return response.req.socket.destroy();
      return response.writeHead(answer[0]).end(JSON.stringify(answer[1]));
    });
  });
  const { app, url, emitter } = await startApp(
    {
      returnUrl: undefined,
      baseUrl: plutu.url,
      retries: 0,
      gateways: [under.feature(options)],
      ...more,
    },
    setup,
  );
  const service: Service = app.get(
    getPlutuToken(under.gateway.service, more.name),
  );
  const order = {
    invoiceNo: 'inv-1',
    amount: '5.00',
    mobileNumber: '091 234 5678',
    ...under.request,
  };
  const requests = (action: 'verify' | 'confirm'): SeenRequest[] =>
    plutu.seen.filter(({ url }) => url?.endsWith(`/${action}`));
  return {
    app,
    url,
    plutuUrl: plutu.url,
    emitter,
    service,
    order,
    requests,
    confirms: () => requests('confirm').length,
    form: (action: 'verify' | 'confirm') =>
      Object.fromEntries(
        new URLSearchParams(requests(action).at(-1)?.body ?? ''),
      ),
  };
}

@Injectable()
class NoInvoices implements InvoiceSource {
  findInvoice() {
    return undefined;
  }
}

/** Another account of the same application, which knows no invoice. */
function elsewhere(options: Partial<PlutuModuleOptions>): DynamicModule {
  return PlutuModule.forRoot({
    ...ACCOUNT,
    secretKey: 'secret-key-of-another-account',
    returnUrl: undefined,
    invoices: NoInvoices,
    ...options,
  });
}

/** What every gateway with one-time passwords keeps to. */
export function describeOtpContract(under: OtpGatewayUnderTest): void {
  const { gateway, code } = under;
  const { currency } = gateway.payment;

  describe(`${gateway.title} keeps the contract of one-time passwords:`, () => {
    it('a code is sent with what Plutu documents, and the answer says what is going to be charged', async () => {
      const { service, order, form } = await otpShop(under);

      const sent = await service.sendOtp(order);

      expect(sent).toEqual({
        token: expect.stringMatching(/^default~~[\w-]+$/),
        invoiceNo: 'inv-1',
        orderNo: 'inv-1',
        amount: '5.00',
        expiresAt: expect.stringMatching(/^\d{4}-.*Z$/),
      });
      expect(form('verify')).toEqual({
        mobile_number: '0912345678',
        amount: '5.00',
        ...under.form,
      });
    });

    it.each(['abc', '', '0912', '+1 212 555 0100', undefined, 912345678])(
      'a mobile number that is none in Libya is refused before Plutu is asked: %s',
      async (mobileNumber) => {
        const { service, order, requests } = await otpShop(under);

        await expect(
          service.sendOtp({ ...order, mobileNumber }),
        ).rejects.toMatchObject({
          code: 'PLUTU_INVALID_REQUEST',
          fields: {
            mobileNumber: [expect.stringMatching(/^mobileNumber must be/)],
          },
        });
        expect(requests('verify')).toEqual([]);
      },
    );

    it('a right code charges what was sent, and the payment is published', async () => {
      const { service, order, form, emitter } = await otpShop(under);
      const events = record(emitter);
      const { token } = await service.sendOtp(order);

      const payment = await service.confirm({
        token,
        code,
        customerIp: '192.0.2.1',
      });

      expect(form('confirm')).toEqual({
        process_id: '1700000000001',
        code,
        amount: '5.00',
        invoice_no: 'inv-1',
        customer_ip: '192.0.2.1',
      });
      expect(payment).toMatchObject({
        account: 'default',
        gateway: gateway.name,
        outcome: 'approved',
        invoiceNo: 'inv-1',
        transactionId: '100923',
        amount: '5',
        requestedAmount: '5.00',
        amountMinor: 5000,
        currency,
        source: 'confirm',
      });
      expect(events).toEqual([[PLUTU_EVENTS.paymentApproved, payment]]);
    });

    it.each<[string, (own: GatewayFeature) => readonly DynamicModule[]]>([
      ['alone', () => []],
      [
        'beside a default account with the same gateway',
        (own) => [elsewhere({ gateways: [own] })],
      ],
      [
        'beside a default account without it',
        () => [elsewhere({ gateways: [mpgs()] })],
      ],
      [
        'beside another account with a name',
        (own) => [elsewhere({ name: 'asia', gateways: [own] })],
      ],
    ])(
      'an account with a name judges and publishes its own payments: %s',
      async (_, others) => {
        const asked: string[] = [];
        @Injectable()
        class Invoices implements InvoiceSource {
          findInvoice({ account }: InvoiceQuery) {
            asked.push(account);
            return { amount: '5.00', currency };
          }
        }
        const { service, order, emitter } = await otpShop(under, {
          plutu: {
            name: 'eu',
            invoices: Invoices,
          },
          setup: {
            imports: [...others(under.feature())],
            providers: [Invoices, NoInvoices],
          },
        });
        const events = record(emitter);
        const { token } = await service.sendOtp(order);

        const payment = await service.confirm({ token, code });

        expect(payment).toMatchObject({ account: 'eu', outcome: 'approved' });
        expect(events).toEqual([[PLUTU_EVENTS.paymentApproved, payment]]);
        expect(new Set(asked)).toEqual(new Set(['eu']));
      },
    );

    it('a wrong code charges nobody, and the right one still does', async () => {
      const { service, order, emitter } = await otpShop(under, {
        confirms: [refusal(under.wrongCode), PAID],
      });
      const events = record(emitter);
      const { token } = await service.sendOtp(order);

      await expect(service.confirm({ token, code })).rejects.toMatchObject({
        name: 'PlutuOtpError',
        problem: 'wrong-code',
        code: 'PLUTU_OTP_WRONG_CODE',
        plutuCode: under.wrongCode,
      });
      expect(events).toEqual([]);
      await expect(service.confirm({ token, code })).resolves.toMatchObject({
        outcome: 'approved',
      });
    });

    it('a double click charges once, and both get the payment', async () => {
      const { service, order, emitter, confirms } = await otpShop(under, {
        before: () => sleep(100),
      });
      const events = record(emitter);
      const { token } = await service.sendOtp(order);

      const payments = await Promise.all([
        service.confirm({ token, code }),
        service.confirm({ token, code }),
      ]);
      const late = await service.confirm({ token, code });

      expect(confirms()).toBe(1);
      expect(events).toHaveLength(1);
      expect(new Set([...payments, late].map(({ id }) => id)).size).toBe(1);
    });

    it('a token that was not made here is the fault that is named, whatever the code is', async () => {
      const { service } = await otpShop(under);
      for (const token of ['', 'default~~AAAA', 'eu~~AAAA']) {
        await expect(
          service.confirm({ token, code: '' }),
        ).rejects.toMatchObject({
          fields: expect.toSatisfy(
            (fields: object) => String(Object.keys(fields)) === 'token',
          ),
        });
      }
    });

    it('a code is text of the right length, in any digits that people type', async () => {
      const { service, order, form } = await otpShop(under);
      const { token } = await service.sendOtp(order);
      for (const wrong of ['', `${code}0`, code.slice(1), 'abcdef', 1234]) {
        await expect(
          service.confirm({ token, code: wrong as string }),
        ).rejects.toMatchObject({
          code: 'PLUTU_INVALID_REQUEST',
          fields: { code: [expect.any(String)] },
        });
      }
      const arabic = code.replace(/\d/g, (digit) =>
        String.fromCharCode(0x660 + Number(digit)),
      );

      await service.confirm({ token, code: ` ${arabic} ` });

      expect(form('confirm')['code']).toBe(code);
    });

    it('its routes are closed unless they are named, and then do the same', async () => {
      const { url: closed } = await otpShop(under);
      const { url, order } = await otpShop(under, {
        options: { routes: ['otp', 'confirm'] },
      });
      const post = async (base: string, route: string, body: object) => {
        const response = await fetch(`${base}/plutu/${gateway.path}/${route}`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
        });
        const answer: { token: string } = JSON.parse(await response.text());
        return { status: response.status, body: answer };
      };

      expect((await post(closed, 'otp', order)).status).toBe(404);
      expect((await post(closed, 'confirm', {})).status).toBe(404);
      const sent = await post(url, 'otp', order);
      expect(sent.status).toBe(201);
      const { token } = sent.body;
      await expect(
        post(url, 'confirm', { token, code }),
      ).resolves.toMatchObject({
        status: 200,
        body: { outcome: 'approved', gateway: gateway.name },
      });
      await expect(
        post(url, 'confirm', { token: 'x', code }),
      ).resolves.toMatchObject({
        status: 400,
        body: { code: 'PLUTU_INVALID_REQUEST' },
      });
    });
  });
}
