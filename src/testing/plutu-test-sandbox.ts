import type { Server } from 'node:http';
import type { INestApplication } from '@nestjs/common';
import { PLUTU_ENVIRONMENT } from '../plutu.options.js';
import {
  PlutuSandbox,
  type PlutuSandboxOptions,
  type SandboxCompletion,
  type SandboxCredentials,
} from '../sandbox/index.js';
import { AppAddress } from './app-address.js';
import { showSentCallbacks, type SentCallback } from './sent-callbacks.js';

/** How {@link PlutuTestSandbox.start} starts one. */
export interface PlutuTestSandboxOptions extends Omit<
  PlutuSandboxOptions,
  'port' | 'host'
> {
  /**
   * The path of the application's callback endpoint, for {@link PlutuTestSandbox.options}.
   *
   * @default '/plutu/mpgs/callback', the module's own
   */
  callbackPath?: string | undefined;
}

/**
 * A local Plutu for one application under test, and an address for that
 * application. Both are known before the application is compiled, so that it
 * can be configured with them, and both are on free ports of this machine.
 */
export class PlutuTestSandbox {
  /** Where the application is reached once it is served: `http://127.0.0.1:…`. */
  readonly appUrl: string;

  /** What `PlutuModule.forRoot` needs, the `returnUrl` included. */
  readonly options: SandboxCredentials & {
    /** Where the local Plutu's API is. */
    readonly baseUrl: string;
    /** The application's callback endpoint. */
    readonly returnUrl: string;
  };

  /** What `plutuOptionsFromEnv` reads: `Object.assign(process.env, sandbox.env)`. */
  readonly env: Readonly<
    Record<(typeof PLUTU_ENVIRONMENT)[keyof typeof PLUTU_ENVIRONMENT], string>
  >;

  /** Starts both; they listen when the promise resolves. */
  static async start({
    callbackPath = '/plutu/mpgs/callback',
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
    callbackPath: string,
    private readonly sent: readonly SentCallback[],
  ) {
    const { credentials, baseUrl } = plutu;
    this.appUrl = address.url;
    this.options = {
      ...credentials,
      baseUrl,
      returnUrl: new URL(callbackPath, address.url).href,
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
   * {@link appUrl} lead to it. When the application is closed, so is the sandbox.
   * A recorder of its events can tell what it answered to the callbacks.
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
   * Pays a checkout: the application gets the callback and has answered it when
   * the promise resolves. The customer's own return is left to the test: a GET
   * of `callbackUrl`.
   *
   * @throws {Error} where no checkout was opened for this invoice number, or its
   *   return URL does not lead to the application under test.
   */
  async pay(invoiceNo: string): Promise<SandboxCompletion> {
    return this.plutuFor(invoiceNo).pay(invoiceNo);
  }

  /** Like {@link pay}, for a declined card: the payment is incomplete. */
  async decline(invoiceNo: string): Promise<SandboxCompletion> {
    return this.plutuFor(invoiceNo).decline(invoiceNo);
  }

  /** Like {@link pay}, for a customer who backs out. */
  async cancel(invoiceNo: string): Promise<SandboxCompletion> {
    return this.plutuFor(invoiceNo).cancel(invoiceNo);
  }

  /** For an application that never came up; otherwise it closes with it. */
  async close(): Promise<void> {
    await Promise.all([this.plutu.close(), this.address.close()]);
  }

  // A shop's configuration may name its real address, which no test shall call.
  private plutuFor(invoiceNo: string): PlutuSandbox {
    const returnUrl = this.plutu.transactions.find(
      (transaction) => transaction.invoiceNo === invoiceNo,
    )?.returnUrl;
    if (returnUrl !== undefined && new URL(returnUrl).origin !== this.appUrl) {
      throw new Error(
        `The return URL of invoice ${invoiceNo} is ${returnUrl}, which is not the application under test: it has to begin with ${this.appUrl}, the sandbox's appUrl.`,
      );
    }
    return this.plutu;
  }
}
