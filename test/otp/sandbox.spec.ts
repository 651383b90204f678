import { expect, it, onTestFinished } from 'vitest';
import { AdfaliService, adfali, SadadService, sadad } from '../../src/index.js';
import { PlutuTestSandbox } from '../../src/testing/index.js';
import { recordErrors, startApp } from '../support/app.js';

const NUMBER = '091 363 2323';

async function shop() {
  const sandbox = await PlutuTestSandbox.start();
  onTestFinished(() => sandbox.close());
  const { env } = sandbox;
  const { app } = await startApp({
    returnUrl: undefined,
    gateways: [sadad(), adfali()],
    baseUrl: env.PLUTU_BASE_URL,
    apiKey: env.PLUTU_API_KEY,
    accessToken: env.PLUTU_ACCESS_TOKEN,
    secretKey: env.PLUTU_SECRET_KEY,
  });
  return {
    sandbox,
    sadad: app.get(SadadService),
    adfali: app.get(AdfaliService),
  };
}

it('a customer pays through Sadad and through Adfali with the code on the phone, after a wrong one', async () => {
  const { sandbox, ...services } = await shop();
  const order = { amount: '60', mobileNumber: NUMBER };

  const viaSadad = await services.sadad.sendOtp({
    ...order,
    invoiceNo: 'order-1',
    birthYear: '1990',
  });
  await expect(
    services.sadad.confirm({ token: viaSadad.token, code: '000000' }),
  ).rejects.toMatchObject({ problem: 'wrong-code' });
  await expect(
    services.sadad.confirm({
      token: viaSadad.token,
      code: await sandbox.codeSentTo(NUMBER),
    }),
  ).resolves.toMatchObject({ gateway: 'sadadapi', outcome: 'approved' });

  const viaAdfali = await services.adfali.sendOtp({
    ...order,
    invoiceNo: 'order-2',
  });
  await expect(
    services.adfali.confirm({
      token: viaAdfali.token,
      code: await sandbox.codeSentTo(NUMBER),
    }),
  ).resolves.toMatchObject({ gateway: 'edfali', outcome: 'approved' });
});

it('a customer whose bank fails after the charge is not charged again', async () => {
  recordErrors();
  const { adfali: service } = await shop();
  const { token } = await service.sendOtp({
    amount: '60',
    mobileNumber: '0910000014',
    invoiceNo: 'order-1',
  });

  for (let time = 0; time < 2; time++) {
    await expect(
      service.confirm({ token, code: '1111' }),
    ).rejects.toMatchObject({ code: 'PLUTU_PAYMENT_UNKNOWN' });
  }
});
