import { setTimeout as sleep } from 'node:timers/promises';
import {
  CALLBACK_FIELDS,
  parseFaults,
  pickFaults,
  type SandboxFaults,
} from '../faults/sandbox-faults.js';
import { refusalBy, refusalCodeOf, spoil } from '../faults/spoil-answer.js';
import { failure, json, toApiError, type Answer } from '../http/answer.js';
import type { Exchange, Route } from '../http/router.js';
import type { SandboxCore } from '../sandbox-core.js';
import { admit } from './account.js';
import { ApiError } from './api-error.js';
import { HOSTED_GATEWAYS } from '../gateways/index.js';
import type { HostedGateway } from '../gateways/hosted-gateway.js';
import {
  confirmFields,
  readConfirmRequest,
  type ConfirmRequest,
} from './confirm-request.js';
import { unknownFields } from './field-rules.js';
import { readForm, type Form } from './request-form.js';
import { cut } from './request-log.js';

/** Where the API begins; the package's `baseUrl` option ends here. */
export const API_PATH = '/api';

/** Asks for faults on this one request: `confirm=hang&callbackCopies=2`. */
const FAULTS_HEADER = 'x-sandbox-faults';

/** Plutu's own API: what a merchant's server calls. */
export function confirmRoutes(core: SandboxCore): readonly Route[] {
  return HOSTED_GATEWAYS.map((gateway) => ({
    method: 'POST',
    path: `${API_PATH}/v1/transaction/${gateway.name}/confirm`,
    handle: (exchange) => new Confirmation(core, gateway, exchange).answer(),
  }));
}

/** One confirm request, recorded whatever comes of it. */
class Confirmation {
  readonly #start = performance.now();
  readonly #at = new Date().toISOString();
  #fields: Record<string, string> = {};
  #unknownFields: readonly string[] = [];
  #faults: SandboxFaults = {};
  #refusal: ApiError | undefined;

  constructor(
    private readonly core: SandboxCore,
    private readonly gateway: HostedGateway,
    private readonly exchange: Exchange,
  ) {}

  async answer(): Promise<Answer | undefined> {
    let answer: Answer | undefined;
    try {
      answer = await this.#confirm();
      return answer;
    } catch (error) {
      this.#refusal = toApiError(error);
      answer = failure(this.#refusal);
      throw error;
    } finally {
      this.#record(answer);
    }
  }

  async #confirm(): Promise<Answer | undefined> {
    const { request, response, query } = this.exchange;
    const { account, closing, refusesUnknownFields } = this.core.settings;
    admit(request, account, this.gateway);
    const ownFaults = {
      ...parseFaults(String(request.headers[FAULTS_HEADER] ?? '')),
      ...parseFaults(query),
    };
    const form = await readForm(request);
    this.#fields = textsOf(form);
    this.#unknownFields = unknownFields(form, confirmFields(this.gateway)).map(
      cut,
    );
    const confirmRequest = readConfirmRequest(form, this.gateway, {
      ...account,
      refusesUnknownFields,
    });
    this.#faults = {
      ...this.core.faults.strikeConfirm(confirmRequest),
      ...ownFaults,
    };
    const { confirmDelayMs = 0 } = this.#faults;
    if (confirmDelayMs > 0) {
      await sleep(confirmDelayMs, undefined, { signal: closing });
    }
    return (
      refusalBy(this.#faults) ??
      spoil(this.#open(confirmRequest, ownFaults), this.#faults, response)
    );
  }

  #open(request: ConfirmRequest, faults: SandboxFaults): Answer {
    const { redirectUrl } = this.core.open(
      request,
      pickFaults(faults, CALLBACK_FIELDS),
    );
    return json(200, {
      status: 200,
      result: { code: 'CHECKOUT_REDIRECT', redirect_url: redirectUrl },
    });
  }

  #record(answer: Answer | undefined): void {
    const { confirm, confirmDelayMs } = this.#faults;
    const fault =
      confirm ?? (confirmDelayMs === undefined ? undefined : 'delay');
    this.core.record({
      at: this.#at,
      gateway: this.gateway.name,
      invoiceNo: this.#fields['invoice_no'],
      contentType: this.exchange.request.headers['content-type'],
      fields: this.#fields,
      unknownFields: this.#unknownFields,
      status: answer?.status,
      code:
        this.#refusal?.code ??
        refusalCodeOf(this.#faults) ??
        'CHECKOUT_REDIRECT',
      message: this.#refusal?.message,
      fault,
      durationMs: Math.round(performance.now() - this.#start),
    });
  }
}

function textsOf(form: Form): Record<string, string> {
  return Object.fromEntries(
    Array.from(form, ([name, value]) => [
      cut(name),
      typeof value === 'string' ? cut(value) : '(a file)',
    ]),
  );
}
