import { once, setMaxListeners } from 'node:events';
import { createServer, type Server } from 'node:http';
import { API_PATH } from './api/api-routes.js';
import type { SandboxRequest } from './api/request-log.js';
import type { CheckoutOutcome } from './checkout/outcome.js';
import type {
  SandboxCompletion,
  SandboxDelivery,
  SandboxPayment,
  SandboxReplay,
  SandboxTransaction,
} from './checkout/transaction.js';
import type {
  SandboxFaultRule,
  SandboxSetFault,
} from './faults/fault-rules.js';
import {
  readAccount,
  type PlutuSandboxOptions,
  type SandboxCredentials,
} from './options.js';
import type { SandboxOtpProcess, SandboxSms } from './otp/otp-process.js';
import { SandboxCore, type SandboxWait } from './sandbox-core.js';
import { describeEvent } from './sandbox-event.js';
import { createSandboxListener } from './sandbox-routes.js';
import { StateFile } from './state/state-file.js';

/**
 * A local Plutu: an HTTP server that takes the requests of every gateway. It shows
 * the checkout page and calls the merchant's server with what Plutu signs, or shows
 * the customer's phone with the one-time passwords. No money moves, and nothing
 * outside this process remembers it, unless a `stateFile` does.
 *
 * It keeps the last 10 000 transactions, 20 deliveries of each, 10 000 one-time
 * passwords, and the last 1000 requests; with an older payment it also forgets that
 * its invoice number has been used.
 */
export class PlutuSandbox {
  /** Such as `http://127.0.0.1:4010`, where the dashboard and checkouts are. */
  readonly origin: string;
  /** Where the API is: what a merchant's application takes for Plutu's base URL. */
  readonly baseUrl: string;
  /** What a merchant's application has to be given. */
  readonly credentials: SandboxCredentials;

  #closed: Promise<void> | undefined;

  /**
   * Starts a sandbox; it listens when the promise resolves.
   *
   * @throws {RangeError} for an invalid option.
   * @throws {Error} for a state file that cannot be read.
   * @throws the server's own error, such as one with the code `EADDRINUSE`.
   */
  static async start(options: PlutuSandboxOptions = {}): Promise<PlutuSandbox> {
    const { port = 0, host = '127.0.0.1', stateFile } = options;
    const account = readAccount(options);
    const state = stateFile ? await StateFile.read(stateFile) : undefined;
    const server = createServer();
    server.listen(port, host);
    await once(server, 'listening');
    const closing = new AbortController();
    // Every call under way listens, and Node would warn of a leak at eleven.
    setMaxListeners(0, closing.signal);
    const core = new SandboxCore({
      origin: originOf(server, host),
      host,
      account,
      merchantName: options.merchantName ?? 'Sandbox shop',
      arrivals: options.arrivals ?? 'server-first',
      refusesUnknownFields: options.refuseUnknownFields ?? false,
      allowRemote: options.allowRemoteCallbacks ?? false,
      slowCardMs: options.slowCardMs ?? 5_000,
      otpLifetimeMs: options.otpLifetimeMs ?? 300_000,
      closing: closing.signal,
      emit: (event) => {
        options.onEvent?.(event);
        options.log?.(describeEvent(event));
      },
    });
    if (state) core.restore(state);
    const file = stateFile ? keepIn(stateFile, core) : undefined;
    server.on('request', createSandboxListener(core));
    return new PlutuSandbox(core, server, closing, file);
  }

  private constructor(
    private readonly core: SandboxCore,
    private readonly server: Server,
    private readonly closing: AbortController,
    private readonly file: StateFile | undefined,
  ) {
    const { origin, account } = core.settings;
    const { apiKey, accessToken, secretKey } = account;
    this.origin = origin;
    this.baseUrl = origin + API_PATH;
    this.credentials = { apiKey, accessToken, secretKey };
  }

  /** The transactions with a checkout page as they stand now, oldest first. */
  get transactions(): readonly SandboxTransaction[] {
    return this.core.transactions;
  }

  /** The payments by one-time password as they stand now, oldest first. */
  get otpProcesses(): readonly SandboxOtpProcess[] {
    return this.core.otp.list;
  }

  /** What was sent to customers' phones, oldest first. */
  get sms(): readonly SandboxSms[] {
    return this.core.otp.sms;
  }

  /**
   * The latest SMS to a phone, if there is one.
   *
   * @param mobileNumber as people write it: `0913632323`, `+218 91 363 2323`.
   */
  lastSms(mobileNumber: string): SandboxSms | undefined {
    return this.core.otp.lastSms(mobileNumber);
  }

  /** The last 1000 requests of merchants, oldest first; also those refused. */
  get requests(): readonly SandboxRequest[] {
    return this.core.requests;
  }

  /** The faults that are set, in the order in which they were. */
  get faults(): readonly SandboxSetFault[] {
    return this.core.faults.list();
  }

  /**
   * Pays a checkout without a browser: calls the merchant's server, and leaves
   * the customer's redirect, a GET of `browserUrl`, to the caller. As on the
   * page, a checkout that is already paid or canceled stays so, and what came
   * of it is returned again.
   *
   * @throws {Error} if no checkout was opened for this invoice number, or for a
   *   way of paying that its gateway does not have.
   */
  async pay(
    invoiceNo: string,
    payment: SandboxPayment = {},
  ): Promise<SandboxCompletion> {
    return this.#finish(invoiceNo, 'approved', payment);
  }

  /** Like {@link pay}, for a declined card: neither approved nor canceled. */
  async decline(
    invoiceNo: string,
    payment: SandboxPayment = {},
  ): Promise<SandboxCompletion> {
    return this.#finish(invoiceNo, 'incomplete', payment);
  }

  /**
   * Like {@link pay}, for a customer who backs out. T-Lync has no flag for it, so
   * that its callback says no more than not approved.
   */
  async cancel(invoiceNo: string): Promise<SandboxCompletion> {
    return this.#finish(invoiceNo, 'canceled');
  }

  /**
   * Sends the callback of a finished checkout again, from server to server.
   *
   * @throws {Error} if there is no such checkout, or it is not finished.
   */
  async replay(
    invoiceNo: string,
    replay: SandboxReplay = {},
  ): Promise<readonly SandboxDelivery[]> {
    return this.core.withInvoiceNo(invoiceNo).replay(replay);
  }

  /**
   * Makes something go wrong, from now on; of several rules that apply, the
   * later ones win.
   *
   * @throws {Error} if the rule is misspelled or out of range.
   */
  setFault(rule: SandboxFaultRule): SandboxSetFault {
    return this.core.faults.set(rule);
  }

  /** Ends one fault, or all of them. */
  clearFaults(id?: number): void {
    if (id === undefined) this.core.faults.clearAll();
    else this.core.faults.clear(id);
  }

  /**
   * The first server-to-server call for an invoice, as soon as it has ended; also
   * before its checkout is opened.
   *
   * @throws {Error} if there is none in time.
   */
  async waitForDelivery(
    invoiceNo: string,
    wait: SandboxWait = {},
  ): Promise<SandboxDelivery> {
    const [delivery] = await this.core.waitForDeliveries(invoiceNo, wait);
    return delivery;
  }

  /** Forgets payments, SMS, requests and faults, as though newly started. */
  reset(): void {
    this.core.forget();
    this.core.faults.clearAll();
  }

  /** Stops listening and ends every connection. Closing twice is one closing. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
      this.closing.abort(new Error('The sandbox was closed.'));
    });
    await this.file?.flush();
  }

  #finish(
    invoiceNo: string,
    outcome: CheckoutOutcome,
    { method }: SandboxPayment = {},
  ): Promise<SandboxCompletion> {
    const checkout = this.core.withInvoiceNo(invoiceNo);
    return checkout.finish(outcome, { method }).completion;
  }
}

function keepIn(path: string, core: SandboxCore): StateFile {
  const file = StateFile.at(
    path,
    () => core.state,
    (error) => core.emit({ type: 'state-not-saved', message: String(error) }),
  );
  core.changes.listen(() => file.save());
  return file;
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
