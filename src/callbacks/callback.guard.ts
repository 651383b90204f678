import {
  Injectable,
  Logger,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import { HttpAdapterHost, ModuleRef } from '@nestjs/core';
import { getPlutuToken } from '../account/tokens.js';
import type { PlutuCallbackTrace } from '../diagnostics/channels.js';
import { summaryOf } from '../payments/describe-payment.js';
import type { PaymentEvent } from '../payments/events.js';
import type { PaymentReceipt } from '../payments/payment-delivery.js';
import { PaymentIntake } from '../payments/payment-intake.js';
import { logFields } from '../utils/log-fields.js';
import { stackOf } from '../utils/stack-of.js';
import { CallbackSettings } from './callback.options.js';
import { traceCallback } from './callback-trace.js';
import {
  CallbackInvalidException,
  CallbackNotAcceptedException,
  CallbackRefusedException,
  PaymentMismatchException,
  PaymentPendingException,
} from './callback.exceptions.js';
import {
  CallbackVerifier,
  UNREADABLE,
  type CallbackMessage,
  type Unverified,
} from './callback-verifier.js';
import type { CallbackChannel } from './callback-channel.js';
import { CheckoutReturn } from './checkout-return.js';
import { endpointOf, type CallbackEndpoint } from './endpoint-metadata.js';
import { isBrowser } from './is-browser.js';
import { RawBodies } from './raw-body.js';
import { pageAfter, refusedPage } from './redirect-pages.js';
import type { ReturnChannel } from './return-channel.js';

interface CallbackRequest {
  readonly headers: { readonly accept?: string };
  readonly originalUrl?: string | undefined;
  readonly url?: string | undefined;
}

/** What one registration does with its callbacks. */
interface Reception {
  readonly verifier: CallbackVerifier;
  readonly intake: PaymentIntake;
  readonly settings: CallbackSettings;
}

/** A message on its way in, and what is published about it. */
interface Arrival {
  readonly endpoint: CallbackEndpoint;
  readonly request: CallbackRequest;
  readonly trace: PlutuCallbackTrace | undefined;
}

const payments = new WeakMap<object, PaymentEvent>();
const returns = new WeakMap<object, CheckoutReturn>();

/**
 * Lets a message through only if Plutu signed it for the endpoint's gateway and
 * account; a callback only once its payment is booked. It reads the message as it
 * arrived, because parsers read it differently. It delivers the payment before pipes,
 * interceptors and the method run, so that none of them can keep the payment from the
 * application.
 */
@Injectable()
export class PlutuCallbackGuard implements CanActivate {
  private readonly logger = new Logger('PlutuCallbacks');
  private readonly receptions = new Map<string, Reception>();

  constructor(
    private readonly moduleRef: ModuleRef,
    private readonly adapterHost: HttpAdapterHost,
  ) {}

  /** @throws {CallbackException} for a callback that the method must not answer. */
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const endpoint = endpointOf(context.getHandler());
    if (!endpoint) {
      throw new Error(
        `${nameOf(context)} has PlutuCallbackGuard, but is not a callback endpoint: put a decorator such as @MpgsCallbackEndpoint() on it instead.`,
      );
    }
    const http = context.switchToHttp();
    const request = http.getRequest<CallbackRequest>();
    const response = http.getResponse<Parameters<typeof traceCallback>[1]>();
    // Also if it is refused: the same URL may get another answer later.
    this.adapterHost.httpAdapter.setHeader(
      response,
      'Cache-Control',
      'no-store',
    );
    const { channel } = endpoint;
    await traceCallback(endpoint, response, async (trace) => {
      const arrival = { endpoint, request, trace };
      if (channel.kind === 'return') {
        returns.set(request, await this.lead(channel, arrival));
      } else {
        payments.set(request, await this.receive(channel, arrival));
      }
    });
    return true;
  }

  private async receive(
    channel: CallbackChannel,
    arrival: Arrival,
  ): Promise<PaymentEvent> {
    const { endpoint, request, trace } = arrival;
    const { verifier, intake, settings } = this.receptionOf(endpoint.account);
    const { payment: signed } = await this.verified(arrival, async () =>
      verifier.verify(channel, await this.messageOf(channel, request)),
    );
    if (trace) {
      trace.tenant = signed.tenant;
      trace.payment = summaryOf(signed);
    }
    const patience = isBrowser(request) ? settings.browserWait : 0;
    let receipt: PaymentReceipt;
    try {
      receipt = await intake.take(signed, patience);
    } catch (error) {
      if (trace) trace.arrival = 'not-accepted';
      throw new CallbackNotAcceptedException(error);
    }
    const { duplicate, booked: payment } = receipt;
    if (trace) {
      trace.arrival = duplicate ? 'duplicate' : 'new';
      trace.payment = summaryOf(payment ?? signed, receipt.orderNo);
    }
    if (!payment) throw new PaymentPendingException();
    if (payment.outcome === 'mismatch') {
      const { pages } = endpoint;
      throw new PaymentMismatchException(pages && pageAfter(payment, pages));
    }
    return payment;
  }

  /** Publishes nothing. A browser waits until the callback is booked. */
  private async lead(
    channel: ReturnChannel,
    arrival: Arrival,
  ): Promise<CheckoutReturn> {
    const { endpoint, request, trace } = arrival;
    const { verifier, intake, settings } = this.receptionOf(endpoint.account);
    const { back, isPaidFor } = await this.verified(arrival, async () =>
      verifier.verifyReturn(channel, await this.messageOf(channel, request)),
    );
    if (trace) {
      trace.tenant = back.tenant;
      trace.arrival = 'back';
    }
    const patience = isBrowser(request) ? settings.browserWait : 0;
    const { account, tenant, gateway, invoiceNo } = back;
    const invoice = { account, tenant, gateway, invoiceNo };
    const result = await intake.resultOf(invoice, isPaidFor, patience);
    return result ? new CheckoutReturn({ ...invoice, ...result }) : back;
  }

  /** @throws {CallbackException} unless Plutu signed it and it makes sense. */
  private async verified<T extends object>(
    { endpoint, trace }: Arrival,
    verify: () => Promise<T | Unverified>,
  ): Promise<T> {
    let message: T | Unverified;
    try {
      message = await verify();
    } catch (error) {
      const { kind, gateway } = endpoint.channel;
      this.logger.error(
        `A ${kind} of ${gateway} could not be verified`,
        stackOf(error),
        ...logFields({ account: endpoint.account, gateway, kind }),
      );
      if (trace) trace.arrival = 'not-accepted';
      throw new CallbackNotAcceptedException(error);
    }
    if ('refused' in message) {
      if (trace) {
        trace.arrival = 'refused';
        trace.reason = message.refused;
      }
      throw new CallbackRefusedException(pageOfRefused(endpoint));
    }
    if ('invalid' in message) {
      if (trace) {
        trace.arrival = 'unreadable';
        trace.reason = UNREADABLE;
      }
      throw new CallbackInvalidException(
        message.invalid,
        pageOfRefused(endpoint),
      );
    }
    return message;
  }

  private async messageOf(
    { method }: CallbackChannel | ReturnChannel,
    request: CallbackRequest,
  ): Promise<CallbackMessage> {
    const url = request.originalUrl ?? request.url ?? '';
    if (method === 'GET') return { url };
    const rawBodies = this.moduleRef.get(RawBodies, { strict: false });
    const body = await rawBodies.of(request);
    if ('text' in body) return { url, body: body.text };
    if (body.problem === 'too-large') return { url, isTooLong: true };
    throw new Error(
      body.problem === 'eaten'
        ? 'the body of the request was read before PlutuModule could: mount what reads bodies after Nest, not before it, or keep "rawBody"'
        : `the body of the request cannot be read (${body.problem})`,
    );
  }

  private receptionOf(account: string): Reception {
    let reception = this.receptions.get(account);
    if (!reception) {
      const find = <T>(type: abstract new (...args: never[]) => T): T =>
        this.moduleRef.get<T>(getPlutuToken(type, account), { strict: false });
      reception = {
        verifier: find(CallbackVerifier),
        intake: find(PaymentIntake),
        settings: find(CallbackSettings),
      };
      this.receptions.set(account, reception);
    }
    return reception;
  }
}

/**
 * The payment that the guard let through.
 *
 * @throws {Error} if the route does not have the guard.
 */
export function paymentOf(context: ExecutionContext): PaymentEvent {
  const payment = payments.get(context.switchToHttp().getRequest<object>());
  if (!payment) {
    throw new Error(
      `${nameOf(context)} asks for the payment of a callback that no guard has verified: put a decorator such as @MpgsCallbackEndpoint() on it.`,
    );
  }
  return payment;
}

/**
 * The customer who is back, as the guard let through.
 *
 * @throws {Error} if the route does not have the guard.
 */
export function returnOf(context: ExecutionContext): CheckoutReturn {
  const back = returns.get(context.switchToHttp().getRequest<object>());
  if (!back) {
    throw new Error(
      `${nameOf(context)} asks for the return of a customer that no guard has verified: put a decorator such as @TlyncReturnEndpoint() on it.`,
    );
  }
  return back;
}

function pageOfRefused({ pages }: CallbackEndpoint): string | undefined {
  return pages && refusedPage(pages);
}

function nameOf(context: ExecutionContext): string {
  return `${context.getClass().name}.${context.getHandler().name}`;
}
