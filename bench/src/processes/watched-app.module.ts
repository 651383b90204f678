import { channel, tracingChannel } from 'node:diagnostics_channel';
import { PLUTU_CHANNELS } from 'nestjs-plutu';

// The same application, while somebody listens to everything that it publishes.

export { AppModule, OrdersService } from './plutu-app.module.js';

for (const name of Object.values(PLUTU_CHANNELS)) {
  const { start, end, asyncStart, asyncEnd, error } = tracingChannel(name);
  for (const part of [channel(name), start, end, asyncStart, asyncEnd, error]) {
    part.subscribe(() => {});
  }
}
