import { refusal } from '../api/api-error.js';
import { AMOUNT } from '../api/common-fields.js';
import { checkFields, oneOf, wholeNumber } from '../check-fields.js';
import { GATEWAY_NAMES, type SandboxGatewayName } from '../gateways/index.js';
import {
  CALLBACK_FIELDS,
  FAULT_CHECKS,
  faultsOf,
  pickFaults,
  type CallbackFaults,
  type RequestFaults,
  type RequestName,
  type SandboxFaults,
} from './sandbox-faults.js';

/** Faults, and the requests that they strike. */
export interface SandboxFaultRule extends SandboxFaults {
  /**
   * An invoice number; `*` in it stands for any text. Default: all of them. A
   * verify request has none, so that no rule with one strikes it.
   */
  readonly invoiceNo?: string | undefined;
  /** A gateway, such as `tlync`. Default: all of them. */
  readonly gateway?: SandboxGatewayName | undefined;
  /** An amount as it is sent, such as `13.37`. Default: all of them. */
  readonly amount?: string | undefined;
  /**
   * How many requests or finished checkouts it strikes before it is used up.
   * Default: no end.
   */
  readonly times?: number | undefined;
}

/** A rule that was set, and how often it has struck. */
export interface SandboxSetFault extends SandboxFaultRule {
  /** To clear it by. */
  readonly id: number;
  /** How often it has struck. */
  readonly struck: number;
}

/** What a rule can choose by. */
export interface FaultTarget {
  readonly gateway: string;
  /** A verify request has none. */
  readonly invoiceNo?: string;
  readonly amount: string;
}

const MAX_RULES = 1_000;

const PATTERN = /^[A-Za-z0-9._*-]{1,100}$/;

const CHECKS = {
  ...FAULT_CHECKS,
  invoiceNo: (value: unknown) =>
    typeof value === 'string' && PATTERN.test(value)
      ? undefined
      : 'must be an invoice number, of at most 100 characters, with * for any text',
  amount: (value: unknown) =>
    typeof value === 'string' && AMOUNT.test(value)
      ? undefined
      : 'must be the text of an amount, such as "5.00"',
  gateway: oneOf(GATEWAY_NAMES),
  times: wholeNumber(1, 1_000_000),
};

/** The fault rules of one sandbox; where several apply, the later ones win. */
export class FaultRules {
  #rules: SandboxSetFault[] = [];
  #lastId = 0;

  /** @param changed is called after every change, also a strike. */
  constructor(private readonly changed: () => void) {}

  /**
   * @throws {ApiError} 422 `INVALID_INPUTS` for a rule that is misspelled or out
   *   of range.
   */
  set(rule: object): SandboxSetFault {
    checkFields<SandboxFaultRule>(rule, CHECKS);
    refuseNeverStriking(rule);
    const set = { ...rule, id: ++this.#lastId, struck: 0 };
    this.#rules.push(set);
    if (this.#rules.length > MAX_RULES) this.#rules.shift();
    this.changed();
    return set;
  }

  /** @returns whether there was such a rule. */
  clear(id: number): boolean {
    const count = this.#rules.length;
    this.#rules = this.#rules.filter((rule) => rule.id !== id);
    this.changed();
    return this.#rules.length < count;
  }

  clearAll(): void {
    this.#rules = [];
    this.changed();
  }

  list(): readonly SandboxSetFault[] {
    return this.#rules.map((rule) => ({ ...rule }));
  }

  /** Makes these, as they were listed earlier, the rules. */
  restore(rules: readonly SandboxSetFault[]): void {
    this.#rules = rules.map((rule) => ({ ...rule }));
    this.#lastId = Math.max(0, ...rules.map(({ id }) => id));
  }

  /** What strikes this request; counts as a strike. */
  strikeRequest(request: RequestName, target: FaultTarget): RequestFaults {
    return this.#strike(target, (rule) => faultsOf(request, rule));
  }

  /** What strikes the callbacks of this checkout; counts as a strike. */
  strikeCallback(target: FaultTarget): CallbackFaults {
    return this.#strike(target, (rule) => pickFaults(rule, CALLBACK_FIELDS));
  }

  #strike<T extends object>(
    target: FaultTarget,
    pick: (rule: SandboxFaultRule) => T,
  ): Partial<T> {
    let faults: Partial<T> = {};
    this.#rules = this.#rules.map((rule) => {
      const own = pick(rule);
      if (Object.keys(own).length === 0 || !strikes(rule, target)) return rule;
      faults = { ...faults, ...own };
      return { ...rule, struck: rule.struck + 1 };
    });
    if (Object.keys(faults).length > 0) this.changed();
    return faults;
  }
}

/** @throws {ApiError} 422 `INVALID_INPUTS` for a rule that waits in vain. */
function refuseNeverStriking(rule: SandboxFaultRule): void {
  const { verify, verifyDelayMs, invoiceNo } = rule;
  if (invoiceNo === undefined) return;
  if (verify === undefined && verifyDelayMs === undefined) return;
  const problem =
    'does not go with verify, which sends no invoice number; choose by gateway or amount';
  throw refusal('INVALID_INPUTS', `invoiceNo ${problem}`, {
    invoiceNo: [problem],
  });
}

function strikes(
  rule: SandboxSetFault,
  { gateway, invoiceNo, amount }: FaultTarget,
): boolean {
  if (rule.times !== undefined && rule.struck >= rule.times) return false;
  if (rule.gateway !== undefined && rule.gateway !== gateway) return false;
  if (rule.amount !== undefined && rule.amount !== amount) return false;
  if (rule.invoiceNo === undefined) return true;
  return invoiceNo !== undefined && matches(rule.invoiceNo, invoiceNo);
}

function matches(pattern: string, text: string): boolean {
  const [start = '', ...rest] = pattern.split('*');
  if (!text.startsWith(start)) return false;
  const end = rest.pop();
  if (end === undefined) return text === start;
  let from = start.length;
  for (const part of rest) {
    const index = text.indexOf(part, from);
    if (index === -1) return false;
    from = index + part.length;
  }
  return text.length - end.length >= from && text.endsWith(end);
}
