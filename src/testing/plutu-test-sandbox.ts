import type { Server } from 'node:http';
import type { INestApplication } from '@nestjs/common';
import { PLUTU_ENVIRONMENT } from '../account/environment.js';
import { mobileNumberProblem } from '../protocol/mobile-number.js';
import {
  PlutuSandbox,
  type PlutuSandboxOptions,
  type SandboxCompletion,
  type SandboxCredentials,
  type SandboxHostedGatewayName,
  type SandboxPayment,
} from '../sandbox/index.js';
import { AppAddress } from './app-address.js';
import {
  forgedCallback,
  forgedReturn,
  signedCallback,
  signedReturn,
  type CallbackForgery,
  type CallbackTarget,
  type CallbackValues,
} from './callback-requests.js';
import { showSentCallbacks, type SentCallback } from './sent-callbacks.js';

/** How {@link PlutuTestSandbox.start} starts one. */
export interface PlutuTestSandboxOptions extends Omit<
  PlutuSandboxOptions,
  'port' | 'host'
> {
  /**
   * The path of the application's callback endpoint, if it is not the module's own:
   * `options.returnUrl` and {@link PlutuTestSandbox.callbackUrl} lead to it.
   */
  callbackPath?: string | undefined;
}

/** The paths of the module's own routes. */
const ROUTES: Readonly<
  Record<SandboxHostedGatewayName, { callback: string; return: string }>
> = {
  mpgs: { callback: 'plutu/mpgs/callback', return: 'plutu/mpgs/callback' },
  localbankcards: {
    callback: 'plutu/local-bank-cards/callback',
    return: 'plutu/local-bank-cards/callback',
  },
  tlync: { callback: 'plutu/tlync/callback', return: 'plutu/tlync/return' },
};

/**
 * A local Plutu for one application under test, and an address for that
 * application. Both are known before the application is compiled, so that it
 * can be configured with them, and both are on free ports of this machine.
 */
export class PlutuTestSandbox {
  /** Where the application is reached once it is served: `http://127.0.0.1:…`. */
  readonly appUrl: string;

  /** What `PlutuModule.forRoot` needs, the application's address included. */
  readonly options: SandboxCredentials & {
    /** Where the local Plutu's API is. */
    readonly baseUrl: string;
    /** Where the application is reached once it is served. */
    readonly appUrl: string;
    /** The callback endpoint, if it is not the module's own. */
    readonly returnUrl?: string | undefined;
  };

  /** What `plutuOptionsFromEnv` reads: `Object.assign(process.env, sandbox.env)`. */
  readonly env: Readonly<
    Record<(typeof PLUTU_ENVIRONMENT)[keyof typeof PLUTU_ENVIRONMENT], string>
  >;

  /** Starts the local Plutu and the address; both listen when the promise resolves. */
  static async start({
    callbackPath,
    onEvent,
    ...options
  }: PlutuTestSandboxOptions = {}): Promise<PlutuTestSandbox> {
    const sent: SentCallback[] = [];
    const plutu = await PlutuSandbox.start({
      ...options,
      onEvent: (event) => {
        if (event.type === 'callback-delivered') sent.push(event);
        onEvent?.(event);
      },
    });
    return new PlutuTestSandbox(
      plutu,
      await AppAddress.open(),
      callbackPath,
      sent,
    );
  }

  private constructor(
    /** The local Plutu itself: its transactions, its checkout pages. */
    readonly plutu: PlutuSandbox,
    private readonly address: AppAddress,
    private readonly callbackPath: string | undefined,
    private readonly sent: readonly SentCallback[],
  ) {
    const { credentials, baseUrl } = plutu;
    this.appUrl = address.url;
    this.options = {
      ...credentials,
      baseUrl,
      appUrl: address.url,
      ...(callbackPath !== undefined && {
        returnUrl: this.urlOf(callbackPath),
      }),
    };
    this.env = {
      [PLUTU_ENVIRONMENT.apiKey]: credentials.apiKey,
      [PLUTU_ENVIRONMENT.accessToken]: credentials.accessToken,
      [PLUTU_ENVIRONMENT.secretKey]: credentials.secretKey,
      [PLUTU_ENVIRONMENT.baseUrl]: baseUrl,
    };
  }

  /**
   * Starts an application on a free port, unless it listens already, and lets
   * {@link appUrl} lead to it. When the application is closed, so is the sandbox. A
   * recorder of its events can then report how it answered the callbacks.
   *
   * @param app on Express or Fastify.
   */
  async serve(app: INestApplication): Promise<void> {
    const server: Server = app.getHttpServer();
    if (!server.listening) await app.listen(0, '127.0.0.1');
    this.address.leadTo(server);
    showSentCallbacks(app, this.sent);
    server.once('close', () => void this.close());
  }

  /**
   * Pays a checkout. When the promise resolves, the application has answered the
   * callback. The customer's own return, a GET of `browserUrl`, is left to the test.
   *
   * @param invoiceNo the invoice number of a checkout, at any gateway.
   * @throws {Error} if no checkout was opened for this invoice number, or its
   *   URLs do not lead to the application under test.
   */
  async pay(
    invoiceNo: string,
    payment?: SandboxPayment,
  ): Promise<SandboxCompletion> {
    return this.plutuFor(invoiceNo).pay(invoiceNo, payment);
  }

  /** Like {@link pay}, for a declined card: the payment is incomplete. */
  async decline(
    invoiceNo: string,
    payment?: SandboxPayment,
  ): Promise<SandboxCompletion> {
    return this.plutuFor(invoiceNo).decline(invoiceNo, payment);
  }

  /** Like {@link pay}, for a customer who cancels. */
  async cancel(invoiceNo: string): Promise<SandboxCompletion> {
    return this.plutuFor(invoiceNo).cancel(invoiceNo);
  }

  /**
   * The one-time password in the latest SMS to a customer of Sadad or Adfali, as
   * text. It was sent when the application's request to Plutu is answered.
   *
   * @param mobileNumber as people write it: `0913632323`, `+218 91 363 2323`.
   * @throws {Error} if no SMS was sent to this number, or it is not a Libyan mobile
   *   number.
   */
  async codeSentTo(mobileNumber: string): Promise<string> {
    const problem = mobileNumberProblem(mobileNumber);
    if (problem) throw new Error(`mobileNumber ${problem}.`);
    const sms = this.plutu.lastSms(mobileNumber);
    if (sms) return sms.code;
    const numbers = new Set(this.plutu.sms.map((one) => one.mobileNumber));
    throw new Error(
      `No one-time password was sent to ${mobileNumber}. ${
        numbers.size > 0
          ? `Some were sent to ${[...numbers].join(', ')}.`
          : 'None was sent to any number.'
      }`,
    );
  }

  /** The route of the module that takes a gateway's callbacks. */
  callbackUrl(gateway: SandboxHostedGatewayName = 'mpgs'): string {
    return this.urlOf(this.callbackPath ?? ROUTES[gateway].callback);
  }

  /** The route of the module that the customer's browser comes back to. */
  returnUrl(gateway: SandboxHostedGatewayName = 'mpgs'): string {
    return this.urlOf(this.callbackPath ?? ROUTES[gateway].return);
  }

  /**
   * A callback for the application, signed by Plutu, of a payment without a checkout:
   * `await fetch(sandbox.signedCallback({ invoiceNo: 'inv-1' }))`.
   *
   * @param url the endpoint. Default: {@link callbackUrl}.
   */
  signedCallback(values: CallbackValues = {}, url?: string): Request {
    return signedCallback(
      values,
      this.target(url ?? this.callbackUrl(values.gateway)),
    );
  }

  /** Like {@link signedCallback}, but the application has to refuse it. */
  forgedCallback(
    forgery: CallbackForgery,
    values: CallbackValues = {},
    url?: string,
  ): Request {
    return forgedCallback(
      forgery,
      values,
      this.target(url ?? this.callbackUrl(values.gateway)),
    );
  }

  /**
   * The return of a customer's browser to the application.
   *
   * @param url the endpoint. Default: {@link returnUrl}.
   */
  signedReturn(values: CallbackValues = {}, url?: string): Request {
    return signedReturn(
      values,
      this.target(url ?? this.returnUrl(values.gateway)),
    );
  }

  /** Like {@link signedReturn}, but the application has to refuse it. */
  forgedReturn(
    forgery: CallbackForgery,
    values: CallbackValues = {},
    url?: string,
  ): Request {
    return forgedReturn(
      forgery,
      values,
      this.target(url ?? this.returnUrl(values.gateway)),
    );
  }

  /** For an application that never started; otherwise, the sandbox closes with it. */
  async close(): Promise<void> {
    await Promise.all([this.plutu.close(), this.address.close()]);
  }

  private urlOf(path: string): string {
    return new URL(path, this.appUrl).href;
  }

  private target(url: string): CallbackTarget {
    return { url, secretKey: this.options.secretKey };
  }

  // A shop's configuration may name its real address, which no test may call.
  private plutuFor(invoiceNo: string): PlutuSandbox {
    const transaction = this.plutu.transactions.find(
      (one) => one.invoiceNo === invoiceNo,
    );
    for (const [name, url] of [
      ['return', transaction?.returnUrl],
      ['callback', transaction?.callbackUrl],
    ] as const) {
      if (url !== undefined && new URL(url).origin !== this.appUrl) {
        throw new Error(
          `The ${name} URL of invoice ${invoiceNo} is ${url}, which is not the application under test: it has to begin with ${this.appUrl}, the sandbox's appUrl.`,
        );
      }
    }
    return this.plutu;
  }
}
