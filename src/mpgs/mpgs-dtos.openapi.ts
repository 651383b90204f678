import { MAX_RETURN_URL_LENGTH } from '../callbacks/callback-parameters.js';
import { TENANT } from '../credentials/credentials-resolver.js';
import { describeProperties, type Swagger } from '../openapi/swagger.js';
import { DOLLARS } from '../validation/dollars.js';
import {
  CURRENCY,
  MpgsCallbackDto,
  OUTCOMES,
  TRANSACTION_ID,
} from './mpgs-callback.dto.js';
import { MPGS_GATEWAY } from './mpgs-callback.rules.js';
import {
  INVOICE_NUMBER,
  LANGUAGES,
  MAX_INVOICE_NUMBER_LENGTH,
  MpgsCheckout,
  MpgsConfirmDto,
} from './mpgs-confirm.dto.js';

export const INVOICE_EXAMPLE = '2026-0042';
export const TRANSACTION_EXAMPLE = '1029384756';

/** Describes the DTOs with the very constraints that they are checked by. */
export function describeMpgsDtos(swagger: Swagger): void {
  const tenant = {
    type: 'string',
    pattern: TENANT.source,
    required: false,
    description: 'Whose account it is, where the application has tenants.',
    example: 'acme',
  } as const;
  describeProperties(swagger, MpgsConfirmDto, {
    amount: {
      required: false,
      oneOf: [
        { type: 'string', pattern: DOLLARS.source },
        { type: 'number', minimum: 0.01 },
      ],
      description:
        'US dollars, more than 0, with at most two decimals. May be left out where the application knows its invoices, and is then what is due.',
      example: '25.50',
    },
    invoiceNo: {
      type: 'string',
      pattern: INVOICE_NUMBER.source,
      maxLength: MAX_INVOICE_NUMBER_LENGTH,
      description: 'Plutu takes each number once in the life of the account.',
      example: INVOICE_EXAMPLE,
    },
    returnUrl: {
      type: 'string',
      format: 'uri',
      maxLength: MAX_RETURN_URL_LENGTH,
      required: false,
      description: 'Where the callback goes, if not where the module says.',
    },
    customerIp: {
      type: 'string',
      required: false,
      description: 'The IPv4 or IPv6 address of the customer.',
      example: '192.0.2.1',
    },
    lang: {
      enum: [...LANGUAGES],
      required: false,
      description: 'The language of the checkout page.',
    },
    tenant,
  });
  describeProperties(swagger, MpgsCheckout, {
    redirectUrl: {
      type: 'string',
      format: 'uri',
      description: 'The page to send the browser of the customer to.',
      example: 'https://checkout.example/session/1',
    },
    invoiceNo: { type: 'string', example: INVOICE_EXAMPLE },
    amount: {
      type: 'string',
      description: 'US dollars, as sent to Plutu.',
      example: '25.50',
    },
  });
  describeProperties(swagger, MpgsCallbackDto, {
    gateway: { type: 'string', enum: [MPGS_GATEWAY] },
    outcome: {
      enum: [...OUTCOMES],
      description:
        'Paid, backed out of, or neither (such as a declined card; the same transaction may still be approved).',
    },
    amount: {
      type: 'string',
      pattern: DOLLARS.source,
      description: 'As Plutu wrote it: 5, 5.0 and 5.00 are equal.',
      example: '25.50',
    },
    amountCents: {
      type: 'integer',
      description: 'The same in hundredths.',
      example: 2550,
    },
    currency: {
      type: 'string',
      pattern: CURRENCY.source,
      description: 'ISO 4217.',
      example: 'USD',
    },
    invoiceNo: {
      type: 'string',
      pattern: INVOICE_NUMBER.source,
      example: INVOICE_EXAMPLE,
    },
    transactionId: {
      type: 'string',
      pattern: TRANSACTION_ID.source,
      minLength: 1,
      maxLength: 128,
      example: TRANSACTION_EXAMPLE,
    },
    tenant,
  });
}
