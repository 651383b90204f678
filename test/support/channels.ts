import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { onTestFinished } from 'vitest';
import {
  PLUTU_CHANNELS,
  type PaymentSummary,
  type PlutuCallbackTrace,
  type PlutuCase,
  type PlutuCaseChange,
  type PlutuConfirmTrace,
  type PlutuConsumerTrace,
  type PlutuPaymentJudged,
  type PlutuRequestTrace,
} from '../../src/index.js';

/** What each channel publishes; of a trace, as it is at its end. */
interface Published {
  request: PlutuRequestTrace;
  callback: PlutuCallbackTrace;
  confirm: PlutuConfirmTrace;
  consumer: PlutuConsumerTrace;
  paymentJudged: PlutuPaymentJudged;
  paymentBooked: PaymentSummary;
  caseOpened: PlutuCase;
  caseChanged: PlutuCaseChange;
}

/** Every message of a channel from now on, until the test is over. */
export function listen<Name extends keyof Published>(
  name: Name,
): Published[Name][] {
  const heard: Published[Name][] = [];
  const channel = PLUTU_CHANNELS[name];
  const isFact = [
    'paymentJudged',
    'paymentBooked',
    'caseOpened',
    'caseChanged',
  ].includes(name);
  const end = isFact ? channel : `tracing:${channel}:asyncEnd`;
  const hear = (message: unknown) => void heard.push(message as never);
  subscribe(end, hear);
  onTestFinished(() => void unsubscribe(end, hear));
  return heard;
}

/** All channels at once. */
export function listenToAll() {
  return {
    request: listen('request'),
    callback: listen('callback'),
    confirm: listen('confirm'),
    consumer: listen('consumer'),
    paymentJudged: listen('paymentJudged'),
    paymentBooked: listen('paymentBooked'),
    caseOpened: listen('caseOpened'),
  };
}
