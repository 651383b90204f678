/**
 * `npm start`: a local Plutu and the shop, on embedded defaults. Walks one
 * payment through both, and stays up unless `--once` is given.
 */
import 'reflect-metadata';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { parseArgs } from 'node:util';
import { NestFactory } from '@nestjs/core';
import { PlutuSandbox } from 'nestjs-plutu/sandbox';
import { ShopModule } from './shop.module.js';
import { walkOnePayment } from './walk.js';

const { values: args } = parseArgs({
  options: { once: { type: 'boolean', default: false } },
});

const sandbox = await PlutuSandbox.start({
  port: await availablePort(4010),
  merchantName: 'The bookshop',
});
const shopPort = await availablePort(3000);
const shopUrl = `http://127.0.0.1:${shopPort}`;
// What a merchant puts in the environment, with Plutu's keys in these places.
Object.assign(process.env, {
  SHOP_URL: shopUrl,
  PLUTU_API_KEY: sandbox.credentials.apiKey,
  PLUTU_ACCESS_TOKEN: sandbox.credentials.accessToken,
  PLUTU_SECRET_KEY: sandbox.credentials.secretKey,
  PLUTU_BASE_URL: sandbox.baseUrl,
});
const shop = await NestFactory.create(ShopModule, {
  logger: ['warn', 'error', 'fatal'],
});
await shop.listen(shopPort, '127.0.0.1');

async function close(): Promise<void> {
  await shop.close();
  await sandbox.close();
}

try {
  await walkOnePayment(shop, shopUrl);
} catch (error) {
  await close();
  throw error;
}

if (args.once) {
  await close();
} else {
  process.once('SIGINT', () => void close());
  process.once('SIGTERM', () => void close());
  // npm does not pass on the signal that ends it.
  const npm = process.ppid;
  setInterval(() => {
    if (process.ppid !== npm) process.emit('SIGTERM');
  }, 500).unref();
  process.stdout.write(`
Now buy something yourself:  ${shopUrl}
What the local Plutu saw:    ${sandbox.origin}
Ctrl+C ends both.
`);
}

/** The preferred port where it is free, or else any. */
async function availablePort(preferred: number): Promise<number> {
  for (const port of [preferred, 0]) {
    const probe = createServer();
    try {
      probe.listen(port, '127.0.0.1');
      await once(probe, 'listening');
      const address = probe.address();
      if (typeof address === 'object' && address) return address.port;
    } catch {
      // Taken: try the next one.
    } finally {
      probe.close();
    }
  }
  throw new Error('There is no free port on 127.0.0.1.');
}
