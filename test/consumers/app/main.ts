import 'reflect-metadata';
import { createServer } from 'node:net';
import { NestFactory } from '@nestjs/core';
import { PlutuSandbox } from 'nestjs-plutu/sandbox';
import { AppModule } from './app.module.js';

/** Orders and pays, as a customer's browser would, and prints the last page. */
async function main(): Promise<void> {
  const port = await freePort();
  const shopUrl = `http://127.0.0.1:${port}`;
  const sandbox = await PlutuSandbox.start();
  Object.assign(process.env, {
    SHOP_URL: shopUrl,
    PLUTU_BASE_URL: sandbox.baseUrl,
    PLUTU_API_KEY: sandbox.credentials.apiKey,
    PLUTU_ACCESS_TOKEN: sandbox.credentials.accessToken,
    PLUTU_SECRET_KEY: sandbox.credentials.secretKey,
  });
  const app = await NestFactory.create(AppModule, { logger: ['error'] });
  await app.listen(port, '127.0.0.1');
  await fetch(`${shopUrl}/orders`, { method: 'POST', redirect: 'manual' });
  const [order] = sandbox.transactions;
  const { browserUrl } = await sandbox.pay(order?.invoiceNo ?? '');
  const page = await fetch(browserUrl);
  process.stdout.write(`${await page.text()}\n`);
  await app.close();
  await sandbox.close();
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
      server.close(() => resolve(port));
    });
  });
}

void main();
