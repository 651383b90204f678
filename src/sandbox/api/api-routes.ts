import { setTimeout as sleep } from 'node:timers/promises';
import {
  faultsOf,
  parseFaults,
  type RequestFaults,
} from '../faults/sandbox-faults.js';
import { refusalBy, spoil } from '../faults/spoil-answer.js';
import { failure, json, toApiError, type Answer } from '../http/answer.js';
import type { Exchange, Route } from '../http/router.js';
import type { SandboxCore } from '../sandbox-core.js';
import { admit } from './account.js';
import type { ApiAction } from './api-action.js';
import { refuseAmount } from './common-fields.js';
import { checkForm, unknownFields } from './field-rules.js';
import { readForm, type Form } from './request-form.js';
import { cut } from './request-log.js';

/** Where the API begins; the package's `baseUrl` option ends here. */
export const API_PATH = '/api';

/** Asks for faults on this one request: `confirm=hang&callbackCopies=2`. */
const FAULTS_HEADER = 'x-sandbox-faults';

/** Plutu's own API: what a merchant's server calls. */
export function apiRoutes(
  core: SandboxCore,
  actions: readonly ApiAction[],
): readonly Route[] {
  return actions.map((action) => ({
    method: 'POST',
    path: `${API_PATH}/v1/transaction/${action.gateway.name}/${action.name}`,
    handle: (exchange) => new ApiCall(core, action, exchange).answer(),
  }));
}

/** One request of a merchant's server, recorded whatever comes of it. */
class ApiCall {
  readonly #start = performance.now();
  readonly #at = new Date().toISOString();
  #fields: Record<string, string> = {};
  #unknownFields: readonly string[] = [];
  #faults: RequestFaults = {};
  #code = '';
  #message: string | undefined;
  #processId: string | undefined;

  constructor(
    private readonly core: SandboxCore,
    private readonly action: ApiAction,
    private readonly exchange: Exchange,
  ) {}

  async answer(): Promise<Answer | undefined> {
    let answer: Answer | undefined;
    try {
      answer = await this.#call();
      return answer;
    } catch (error) {
      const refusal = toApiError(error);
      this.#code = refusal.code;
      this.#message = refusal.message;
      answer = failure(refusal);
      throw error;
    } finally {
      this.#record(answer);
    }
  }

  async #call(): Promise<Answer | undefined> {
    const { request, response, query } = this.exchange;
    const { account, closing, refusesUnknownFields } = this.core.settings;
    const { name, gateway, fields } = this.action;
    admit(request, account, gateway);
    const ownFaults = {
      ...parseFaults(String(request.headers[FAULTS_HEADER] ?? '')),
      ...parseFaults(query),
    };
    const form = await readForm(request);
    this.#fields = textsOf(form);
    this.#unknownFields = unknownFields(form, fields).map(cut);
    const texts = checkForm(form, fields, refusesUnknownFields);
    refuseAmount(texts.get('amount') ?? '', account);
    const prepared = this.action.prepare(texts);
    this.#faults = {
      ...this.core.faults.strikeRequest(name, prepared.target),
      ...faultsOf(name, ownFaults),
    };
    const { delayMs = 0 } = this.#faults;
    if (delayMs > 0) await sleep(delayMs, undefined, { signal: closing });
    const refusal = refusalBy(this.#faults);
    if (refusal) {
      this.#code = refusal.code;
      return refusal.answer;
    }
    const { code, result, message, processId } = prepared.perform(ownFaults);
    this.#code = code;
    this.#processId = processId;
    const answer = json(200, { status: 200, result, message });
    return spoil(answer, this.#faults, response);
  }

  #record(answer: Answer | undefined): void {
    const { answer: spoiled, delayMs } = this.#faults;
    this.core.record({
      at: this.#at,
      gateway: this.action.gateway.name,
      action: this.action.name,
      invoiceNo: this.#fields['invoice_no'],
      processId: this.#processId ?? this.#fields['process_id'],
      contentType: this.exchange.request.headers['content-type'],
      fields: this.#fields,
      unknownFields: this.#unknownFields,
      status: answer?.status,
      code: this.#code,
      message: this.#message,
      fault: spoiled ?? (delayMs === undefined ? undefined : 'delay'),
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
