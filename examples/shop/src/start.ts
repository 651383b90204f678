/**
 * `npm start`: a local Plutu and the shop, on embedded defaults. Pays an order
 * through each gateway, and stays up unless `--once` is given.
 */
import 'reflect-metadata';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { parseArgs } from 'node:util';
import { NestFactory } from '@nestjs/core';
import { PlutuSandbox } from 'nestjs-plutu/sandbox';
import { ShopModule } from './shop.module.js';
import { TEXTS } from './texts.js';
import { payThroughEachGateway } from './walk.js';

const { values: args } = parseArgs({
  options: { once: { type: 'boolean', default: false } },
});

const sandbox = await onPort(4010, (port) =>
  PlutuSandbox.start({ port, merchantName: TEXTS.en.shop }),
);
// Listens before there is a shop, whose configuration has to name the port.
const server = await onPort(3000, listen);
const shopUrl = `http://127.0.0.1:${portOf(server)}`;
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
await shop.init();
server.on('request', (request, response) => {
  shop.getHttpServer().emit('request', request, response);
});

async function close(): Promise<void> {
  server.close();
  await shop.close();
  server.closeAllConnections();
  await sandbox.close();
}

try {
  await payThroughEachGateway(shop, shopUrl, sandbox);
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
Now buy something yourself:       ${shopUrl}
Codes, and what Plutu has seen:   ${sandbox.origin}
Ctrl+C ends both.
`);
}

/** Starts something on its usual port, or on any other if it cannot have that. */
async function onPort<T>(
  usual: number,
  start: (port: number) => Promise<T>,
): Promise<T> {
  try {
    return await start(usual);
  } catch {
    return start(0);
  }
}

async function listen(port: number): Promise<Server> {
  const listening = createServer().listen(port, '127.0.0.1');
  await once(listening, 'listening');
  return listening;
}

function portOf(listening: Server): number | undefined {
  const address = listening.address();
  return typeof address === 'object' ? address?.port : undefined;
}
