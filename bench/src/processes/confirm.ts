/** Opens checkouts: with bare axios (the floor), or through the module. */
import 'reflect-metadata';
import { Agent } from 'node:http';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventEmitterModule } from '@nestjs/event-emitter';
import axios from 'axios';
import { MpgsService, PlutuModule } from 'nestjs-plutu';
import { ACCOUNT } from '../callbacks.js';
import { runMany, serve } from './serve.js';

export interface ConfirmSettings {
  readonly side: 'floor' | 'ours';
  readonly baseUrl: string;
}

export interface ConfirmTask {
  readonly count: number;
  readonly inFlight: number;
}

const RETURN_URL = 'https://shop.example/plutu/mpgs/callback';

const { side, baseUrl } = JSON.parse(process.argv[2] ?? '') as ConfirmSettings;
const confirm = side === 'ours' ? await throughModule() : withAxios();
let invoices = 0;

serve(undefined, ({ count, inFlight }: ConfirmTask) =>
  runMany(count, inFlight, () => confirm(`INV-${++invoices}`)),
);

async function throughModule() {
  @Module({
    imports: [
      EventEmitterModule.forRoot(),
      PlutuModule.forRoot({ ...ACCOUNT, baseUrl, returnUrl: RETURN_URL }),
    ],
  })
  class ShopModule {}

  const app = await NestFactory.createApplicationContext(ShopModule, {
    logger: false,
  });
  const mpgs = app.get(MpgsService);
  return async (invoiceNo: string): Promise<string> =>
    (await mpgs.createCheckout({ amount: '25.50', invoiceNo, lang: 'en' }))
      .redirectUrl;
}

function withAxios() {
  const httpAgent = new Agent({ keepAlive: true });
  const headers = {
    Authorization: `Bearer ${ACCOUNT.accessToken}`,
    'X-API-KEY': ACCOUNT.apiKey,
  };
  return async (invoiceNo: string): Promise<string> => {
    const { data } = await axios.post<{ result: { redirect_url: string } }>(
      `${baseUrl}/v1/transaction/mpgs/confirm`,
      new URLSearchParams({
        amount: '25.50',
        invoice_no: invoiceNo,
        return_url: RETURN_URL,
        lang: 'en',
      }),
      { httpAgent, headers },
    );
    return data.result.redirect_url;
  };
}
