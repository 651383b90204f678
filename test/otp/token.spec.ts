import { createSecretKey } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';
import { Logger } from '@nestjs/common';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import {
  ADFALI,
  adfali,
  getPlutuToken,
  PlutuModule,
  SADAD,
  sadad,
  SadadService,
  AdfaliService,
  type PlutuKeys,
} from '../../src/index.js';
import {
  openOtpToken,
  otpOwnerOf,
  recipientKey,
  sealOtpToken,
} from '../../src/otp/otp-token.js';
import { ACCOUNT } from '../support/app.js';
import { otpShop, refusal } from '../support/otp-contract.js';

const UNDER = { gateway: ADFALI, feature: adfali };
const CODE = '4242';
const NO_TOKEN = {
  code: 'PLUTU_INVALID_REQUEST',
  fields: { token: [expect.any(String)] },
};

const keys = (...texts: string[]) =>
  texts.map((text) => createSecretKey(text, 'utf8'));
const OWNER = { account: 'eu', tenant: 'acme' };
const CONTENT = {
  id: 'a'.repeat(32),
  gateway: 'edfali',
  processId: '1700000000001',
  invoiceNo: 'inv-1',
  orderNo: 'order-1',
  amount: '5.00',
  expiresAt: 1_800_000_000_000,
};

describe('a token', () => {
  it('is opened with any key that is listed, and with no other', () => {
    const token = sealOtpToken(keys('old'), OWNER, CONTENT);
    expect(openOtpToken(keys('new', 'old'), OWNER, token)).toEqual(CONTENT);
    expect(openOtpToken(keys('new'), OWNER, token)).toBeUndefined();
  });

  it('shows its account and tenant, and nothing else', () => {
    const token = sealOtpToken(keys('k'), OWNER, CONTENT);
    expect(otpOwnerOf(token)).toEqual(OWNER);
    expect(token).toMatch(/^eu~acme~[\w-]+$/);
    const sealed = Buffer.from(token.split('~')[2] ?? '', 'base64url');
    for (const text of Object.values(CONTENT)) {
      expect(sealed.includes(String(text))).toBe(false);
    }
  });

  it('cannot be changed, not in a single character', () => {
    const token = sealOtpToken(keys('k'), OWNER, CONTENT);
    for (let index = 0; index < token.length; index++) {
      const other = token[index] === 'A' ? 'B' : 'A';
      const changed = token.slice(0, index) + other + token.slice(index + 1);
      const owner = otpOwnerOf(changed);
      expect(owner && openOtpToken(keys('k'), owner, changed)).toBeUndefined();
    }
  });

  it.each([
    '',
    '~',
    'a~b',
    'eu~acme~',
    'eu~a/b~AAAA',
    `eu~~${'A'.repeat(3000)}`,
  ])('%j is none', (text) => {
    const owner = otpOwnerOf(text);
    expect(owner && openOtpToken(keys('k'), owner, text)).toBeUndefined();
  });

  it('is refused by another gateway of the same account', async () => {
    const both = {
      plutu: { gateways: [adfali(), sadad()] },
    };
    const { app, service, order } = await otpShop(UNDER, both);
    const { token } = await service.sendOtp(order);

    await expect(
      app.get(SadadService).confirm({ token, code: '424242' }),
    ).rejects.toMatchObject(NO_TOKEN);
  });

  it('is refused by another account, even if it has the same keys', async () => {
    const { app, service, order } = await otpShop(UNDER, {
      setup: {
        imports: [
          PlutuModule.forRoot({
            ...ACCOUNT,
            returnUrl: undefined,
            name: 'eu',
            gateways: [adfali()],
          }),
        ],
      },
    });
    const { token } = await service.sendOtp(order);
    const eu = app.get<AdfaliService>(getPlutuToken(AdfaliService, 'eu'));

    await expect(eu.confirm({ token, code: CODE })).rejects.toMatchObject(
      NO_TOKEN,
    );
  });

  it('is of one tenant, whose keys open it, and of no other', async () => {
    const tenants: Record<string, PlutuKeys> = {
      acme: { apiKey: 'a', accessToken: 'a', secretKey: 'acme-secret' },
      evil: { apiKey: 'e', accessToken: 'e', secretKey: 'evil-secret' },
    };
    const { service, order } = await otpShop(UNDER, {
      plutu: {
        tenants: { source: 'TENANTS' },
      } as object,
      setup: {
        providers: [
          {
            provide: 'TENANTS',
            useValue: { findCredentials: (tenant: string) => tenants[tenant] },
          },
        ],
      },
    });
    const { token } = await service.sendOtp({ ...order, tenant: 'acme' });

    for (const other of ['default~evil~', 'default~nobody~', 'default~~']) {
      await expect(
        service.confirm({
          token: token.replace('default~acme~', other),
          code: CODE,
        }),
      ).rejects.toMatchObject(NO_TOKEN);
    }
    await expect(service.confirm({ token, code: CODE })).resolves.toMatchObject(
      { tenant: 'acme', outcome: 'approved' },
    );
  });

  it('ends after its time', async () => {
    const { service, order, confirms } = await otpShop(UNDER, {
      options: { tokenLifetime: 50 },
    });
    const { token } = await service.sendOtp(order);
    await sleep(60);

    await expect(service.confirm({ token, code: CODE })).rejects.toMatchObject({
      problem: 'expired',
    });
    expect(confirms()).toBe(0);
  });
});

it('a mobile number cannot be read out of what is kept of it', () => {
  const number = '0912345678';
  const kept = recipientKey(keys('k'), number);
  expect(kept).toMatch(/^[0-9a-f]{64}$/);
  expect(recipientKey(keys('k'), number)).toBe(kept);
  expect(recipientKey(keys('other'), number)).not.toBe(kept);
});

it('nothing personal shows in errors, events or logs: number, birth year, code', async () => {
  const lines: unknown[] = [];
  for (const level of ['log', 'warn', 'error'] as const) {
    const spy = vi
      .spyOn(Logger.prototype, level)
      .mockImplementation((...parts: unknown[]) => void lines.push(...parts));
    onTestFinished(() => spy.mockRestore());
  }
  const echo = 'No 0912345678, 218912345678 or 091-234 5678';
  const echoing = (code: string) =>
    [400, { error: { status: 400, code, message: echo } }] as const;
  const verify = await otpShop(
    { gateway: SADAD, feature: sadad, request: { birthYear: '1987' } },
    { verify: echoing('NEW_CODE') },
  );
  const confirm = await otpShop(
    { gateway: SADAD, feature: sadad, request: { birthYear: '1987' } },
    { confirms: [[502, { error: { message: 'code 987654' } }], refusal('X')] },
  );
  const views: string[] = [];
  const look = async (what: Promise<unknown>) => {
    const value = await what.catch((error: unknown) => error);
    views.push(inspect(value, { depth: 10, showHidden: true }), String(value));
  };
  await look(verify.service.sendOtp(verify.order));
  await look(verify.service.sendOtp({ ...verify.order, mobileNumber: '09' }));
  const { token } = await confirm.service.sendOtp(confirm.order);
  await look(confirm.service.confirm({ token, code: '987654' }));
  await look(confirm.service.confirm({ token, code: '98765' }));
  const naming = await otpShop(
    { gateway: SADAD, feature: sadad, request: { birthYear: '1987' } },
    { confirms: [echoing('NEW_CODE')] },
  );
  const named = await naming.service.sendOtp(naming.order);
  await look(naming.service.confirm({ token: named.token, code: '987654' }));

  const shown = [...views, inspect(lines, { depth: 10 })].join('\n');
  expect(shown).toContain('PLUTU_PAYMENT_UNKNOWN');
  for (const secret of ['912345678', '1987', '987654', token]) {
    expect(shown).not.toContain(secret);
  }
});
