import { once, setMaxListeners } from 'node:events';
import { createServer, type Server } from 'node:http';
import type {
  CheckoutContext,
  SandboxCompletion,
  SandboxTransaction,
} from './checkout.js';
import { Checkouts } from './checkouts.js';
import type { CheckoutOutcome } from './sandbox-callback.js';
import { API_PATH, createSandboxListener } from './sandbox-routes.js';

/** What a merchant is given by Plutu; here, test values. */
export interface SandboxCredentials {
  /** Compared with `X-API-KEY`. */
  readonly apiKey: string;
  /** Compared with the bearer token. */
  readonly accessToken: string;
  /** Signs the callbacks. */
  readonly secretKey: string;
}

/** The credentials of a sandbox that is given none. Not secret. */
export const DEFAULT_SANDBOX_CREDENTIALS: SandboxCredentials = {
  apiKey: 'sandbox_api_key',
  accessToken: 'sandbox_access_token',
  secretKey: 'sandbox_secret_key',
};

/** How {@link PlutuSandbox.start} starts one. */
export interface PlutuSandboxOptions extends Partial<SandboxCredentials> {
  /** Default 0: any free port. */
  port?: number;
  /** The address to listen on. Default `127.0.0.1`: this machine only. */
  host?: string;
  /** The shop's name on the checkout page. Default `Sandbox shop`. */
  merchantName?: string;
  /** The `currency` of the callbacks. Default `USD`. */
  currency?: string;
  /** Is told, in one line each, of every checkout, refusal and callback. */
  log?: (line: string) => void;
}

/**
 * A local Plutu: an HTTP server that takes MPGS confirm requests, shows a
 * checkout page, and calls the `return_url` with a signed query as Plutu does.
 * No money moves, and nothing outside this process remembers it.
 *
 * It keeps the last 10 000 transactions; with an older one it also forgets that
 * its invoice number has been used.
 */
export class PlutuSandbox {
  /** Such as `http://127.0.0.1:4010`, where the checkout pages are. */
  readonly origin: string;
  /** Where the API is: what a merchant's application takes for Plutu's base URL. */
  readonly baseUrl: string;
  /** What a merchant's application has to be given. */
  readonly credentials: SandboxCredentials;

  readonly #checkouts = new Checkouts();
  readonly #closing = new AbortController();
  #closed: Promise<void> | undefined;

  /**
   * Starts a sandbox; it listens when the promise resolves.
   *
   * @throws the server's own error, such as one with the code `EADDRINUSE`.
   */
  static async start(options: PlutuSandboxOptions = {}): Promise<PlutuSandbox> {
    const { port = 0, host = '127.0.0.1' } = options;
    const server = createServer();
    server.listen(port, host);
    await once(server, 'listening');
    return new PlutuSandbox(server, originOf(server, host), options);
  }

  private constructor(
    private readonly server: Server,
    origin: string,
    options: PlutuSandboxOptions,
  ) {
    const {
      apiKey = DEFAULT_SANDBOX_CREDENTIALS.apiKey,
      accessToken = DEFAULT_SANDBOX_CREDENTIALS.accessToken,
      secretKey = DEFAULT_SANDBOX_CREDENTIALS.secretKey,
      merchantName = 'Sandbox shop',
      currency = 'USD',
      log = () => {},
    } = options;
    this.origin = origin;
    this.baseUrl = origin + API_PATH;
    this.credentials = { apiKey, accessToken, secretKey };
    // Every call under way listens, and Node would warn of a leak at eleven.
    setMaxListeners(0, this.#closing.signal);
    const context: CheckoutContext = {
      origin,
      currency,
      secretKey,
      closing: this.#closing.signal,
      log,
    };
    server.on(
      'request',
      createSandboxListener({
        credentials: this.credentials,
        merchantName,
        context,
        checkouts: this.#checkouts,
      }),
    );
  }

  /** The transactions as they stand now, oldest first. */
  get transactions(): readonly SandboxTransaction[] {
    return Array.from(this.#checkouts, (checkout) => checkout.transaction);
  }

  /**
   * Pays a checkout without a browser: calls the merchant's server, and leaves
   * the customer's redirect, a GET of `callbackUrl`, to the caller. As on the
   * page, a checkout that is already paid or canceled stays so, and what came
   * of it is returned again.
   *
   * @throws {Error} where no checkout was opened for this invoice number.
   */
  async pay(invoiceNo: string): Promise<SandboxCompletion> {
    return this.#finish(invoiceNo, 'approved');
  }

  /** Like {@link pay}, for a declined card: neither approved nor canceled. */
  async decline(invoiceNo: string): Promise<SandboxCompletion> {
    return this.#finish(invoiceNo, 'incomplete');
  }

  /** Like {@link pay}, for a customer who backs out. */
  async cancel(invoiceNo: string): Promise<SandboxCompletion> {
    return this.#finish(invoiceNo, 'canceled');
  }

  /** Stops listening and ends every connection. Closing twice is one closing. */
  close(): Promise<void> {
    this.#closed ??= new Promise((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
      this.#closing.abort(new Error('The sandbox was closed.'));
    });
    return this.#closed;
  }

  #finish(
    invoiceNo: string,
    outcome: CheckoutOutcome,
  ): Promise<SandboxCompletion> {
    const checkout = this.#checkouts.withInvoiceNo(invoiceNo);
    if (!checkout) {
      throw new Error(
        `The sandbox has no checkout for invoice number ${invoiceNo}.`,
      );
    }
    return checkout.finish(outcome);
  }
}

function originOf(server: Server, host: string): string {
  const address = server.address();
  if (address === null || typeof address === 'string') {
    throw new Error('The sandbox does not listen on a port.');
  }
  const { port } = address;
  // All of a machine's addresses are to listen on, but not to open in a browser.
  if (host === '0.0.0.0' || host === '::') return `http://localhost:${port}`;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
