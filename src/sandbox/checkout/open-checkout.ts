import type { ApiAction } from '../api/api-action.js';
import {
  AMOUNT_FIELD,
  CUSTOMER_IP_FIELD,
  INVOICE_NO_FIELD,
} from '../api/common-fields.js';
import { HTTP_URL, type FieldRules } from '../api/field-rules.js';
import { CALLBACK_FIELDS, pickFaults } from '../faults/sandbox-faults.js';
import type { HostedGateway } from '../gateways/hosted-gateway.js';
import type { SandboxCore } from '../sandbox-core.js';
import type { CheckoutRequest } from './checkout-request.js';

const FIELDS: FieldRules = {
  amount: AMOUNT_FIELD,
  invoice_no: INVOICE_NO_FIELD,
  return_url: { required: true, ...HTTP_URL },
  customer_ip: CUSTOMER_IP_FIELD,
  lang: {
    required: false,
    isValid: (text) => text === 'ar' || text === 'en',
    message: 'must be ar or en',
  },
};

/** Plutu's `confirm` at a gateway with a page: opens it, and charges nothing. */
export function openCheckout(
  core: SandboxCore,
  gateway: HostedGateway,
): ApiAction {
  return {
    name: 'confirm',
    gateway,
    fields: { ...FIELDS, ...gateway.fields },
    prepare: (texts) => {
      const request: CheckoutRequest = {
        gateway: gateway.name,
        amount: texts.get('amount') ?? '',
        invoiceNo: texts.get('invoice_no') ?? '',
        returnUrl: texts.get('return_url') ?? '',
        callbackUrl: texts.get('callback_url'),
        customerIp: texts.get('customer_ip'),
        lang: texts.get('lang') === 'en' ? 'en' : 'ar',
      };
      core.refuseUsed(request.invoiceNo);
      return {
        target: request,
        perform: (faults) => {
          const { redirectUrl } = core.open(
            request,
            pickFaults(faults, CALLBACK_FIELDS),
          );
          return {
            code: 'CHECKOUT_REDIRECT',
            result: { code: 'CHECKOUT_REDIRECT', redirect_url: redirectUrl },
          };
        },
      };
    },
  };
}
