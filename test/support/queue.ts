import { Queue } from 'bullmq';
import { onTestFinished } from 'vitest';
import {
  bullMqDelivery,
  type BullMqDeliveryOptions,
} from '../../src/bullmq/index.js';
import type { PaymentDeliveryDefinition } from '../../src/index.js';
import { ownQueueName } from './redis.js';
import type { TestApp } from './app.js';

/**
 * A delivery through a queue that no other test has, removed when the test is
 * over, with short pauses between the attempts.
 *
 * @param options may name a queue: one that removes itself.
 */
export function ownQueue(
  redis: { url: string } | undefined,
  {
    queueName = ownQueueName(redis),
    ...options
  }: Partial<BullMqDeliveryOptions> = {},
): PaymentDeliveryDefinition {
  const connection = { url: redis?.url ?? '' };
  return bullMqDelivery({ connection, backoff: 20, ...options, queueName });
}

/** A look into a queue from outside, until the test is over. */
export function lookInto(
  redis: { url: string } | undefined,
  queueName: string,
): Queue {
  const queue = new Queue(queueName, { connection: { url: redis?.url ?? '' } });
  onTestFinished(() => queue.close());
  return queue;
}

/** Whether a status says that the payment was accepted, booked or not yet. */
export function isAccepted(status: number | undefined): boolean {
  return status === 200 || status === 202;
}

/** Brings a callback to an application, and resolves to the status it gets. */
export async function call({ url }: TestApp, query: string): Promise<number> {
  const response = await fetch(`${url}/plutu/mpgs/callback?${query}`);
  return response.status;
}
