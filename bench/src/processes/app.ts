/** A merchant's application: without the module (the floor), or with it. */
import 'reflect-metadata';
import { ValidationPipe } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { LOG_LEVELS } from '../log-levels.js';
import { createHttpAdapter, type HttpServer } from './http-adapter.js';
import { loadedModules } from './loaded-modules.js';
import { serve } from './serve.js';

export interface AppSettings {
  readonly side: 'floor' | 'ours';
  readonly server: HttpServer;
  /** Whether the application loads by itself what the module would load. */
  readonly usesPeers?: boolean;
}

export interface AppTask {
  /** Whether to tell which modules are loaded. */
  readonly tellsModules?: boolean;
}

const { side, server, usesPeers } = JSON.parse(
  process.argv[2] ?? '',
) as AppSettings;

// Imported only where it is used: loading is a part of the start-up.
const { AppModule } =
  side === 'ours'
    ? await import('./plutu-app.module.js')
    : await import('./floor-app.module.js');
if (usesPeers) {
  await import('@nestjs/axios');
  await import('@nestjs/swagger');
}
const app = await NestFactory.create(
  AppModule,
  await createHttpAdapter(server),
  { logger: [...LOG_LEVELS] },
);
app.useGlobalPipes(new ValidationPipe({ transform: true, whitelist: true }));
await app.listen(0, '127.0.0.1');
const startedIn = performance.now();

serve({ url: await app.getUrl(), startedIn }, ({ tellsModules }: AppTask) =>
  tellsModules ? loadedModules() : undefined,
);
