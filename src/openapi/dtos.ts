import type { ApiPropertyOptions } from '@nestjs/swagger';
import { TENANT } from '../account/tenant-parameter.js';
import {
  CheckoutReturn,
  RETURN_OUTCOMES,
} from '../callbacks/checkout-return.js';
import {
  Checkout,
  CheckoutDto,
  CheckoutTarget,
} from '../checkout/checkout.dto.js';
import { MAX_ORDER_NUMBER_LENGTH } from '../requests/order-invoice.js';
import type { PaymentRequestDto } from '../requests/payment-request.dto.js';
import { LANGUAGES } from '../checkout/checkout.options.js';
import { ConfirmOtpDto, SendOtpDto, SentOtp } from '../otp/otp.dto.js';
import { PlutuErrorAnswer } from '../errors/http-answers.js';
import {
  Payment,
  PAYMENT_SOURCES,
  SIGNED_OUTCOMES,
} from '../payments/payment.js';
import { REQUEST_AMOUNT, WIRE_AMOUNT } from '../protocol/money.js';
import { MAX_RETURN_URL_LENGTH } from '../protocol/return-url.js';
import {
  CURRENCY,
  INVOICE_NUMBER,
  MAX_INVOICE_NUMBER_LENGTH,
  TRANSACTION_ID,
} from '../protocol/values.js';
import { describeProperties } from './metadata.js';

export const INVOICE_EXAMPLE = '2026-0042';
export const TRANSACTION_EXAMPLE = '1029384756';

export const MOBILE_NUMBER_PROPERTY: ApiPropertyOptions = {
  type: 'string',
  description: 'The Libyan mobile number of the customer, as people write it.',
  example: '091 234 5678',
};

const ORDER_NUMBER_PROPERTY: ApiPropertyOptions = {
  type: 'string',
  description: 'The order; the invoice number, if there is none.',
  example: INVOICE_EXAMPLE,
};

/** What every request for a payment takes. */
export const REQUEST_PROPERTIES: Record<
  keyof PaymentRequestDto,
  ApiPropertyOptions
> = {
  amount: {
    required: false,
    oneOf: [
      { type: 'string', pattern: REQUEST_AMOUNT.source },
      { type: 'number', minimum: 0.01 },
    ],
    description:
      'In the currency of the gateway, more than 0, with at most two decimals. May be left out if the application knows its invoices: then it is the amount due.',
    example: '25.50',
  },
  invoiceNo: {
    type: 'string',
    pattern: INVOICE_NUMBER.source,
    maxLength: MAX_INVOICE_NUMBER_LENGTH,
    required: false,
    description:
      'Each number can be used only once per account. May be left out if there is an orderNo.',
    example: INVOICE_EXAMPLE,
  },
  orderNo: {
    type: 'string',
    pattern: INVOICE_NUMBER.source,
    maxLength: MAX_ORDER_NUMBER_LENGTH,
    required: false,
    description:
      'The order to pay, if the application has a journal. It may be tried more than once.',
    example: INVOICE_EXAMPLE,
  },
};

const CUSTOMER_IP_PROPERTY: ApiPropertyOptions = {
  type: 'string',
  required: false,
  description: 'The IPv4 or IPv6 address of the customer.',
  example: '192.0.2.1',
};

/** What every checkout takes; for a gateway that takes more. */
export const CHECKOUT_PROPERTIES: Record<
  keyof CheckoutDto,
  ApiPropertyOptions
> = {
  ...REQUEST_PROPERTIES,
  customerIp: CUSTOMER_IP_PROPERTY,
  lang: {
    type: 'string',
    enum: [...LANGUAGES],
    required: false,
    description: 'The language of the checkout page.',
  },
};

const TENANT_PROPERTY: ApiPropertyOptions = {
  type: 'string',
  pattern: TENANT.source,
  required: false,
  description: 'Whose account it is, if the application has tenants.',
  example: 'acme',
};

/**
 * Describes the DTOs with the same constraints that check them, also for the
 * application's own routes that take them.
 */
export function describeDtos(): void {
  describeProperties(CheckoutDto, CHECKOUT_PROPERTIES);
  describeProperties(CheckoutTarget, {
    returnUrl: {
      type: 'string',
      format: 'uri',
      maxLength: MAX_RETURN_URL_LENGTH,
      required: false,
      description:
        "Where the customer's browser comes back to. Default: what the module's options say.",
    },
    callbackUrl: {
      type: 'string',
      format: 'uri',
      maxLength: MAX_RETURN_URL_LENGTH,
      required: false,
      description:
        "Where the callback goes, at a gateway with a separate URL for it. Default: what the module's options say.",
    },
    tenant: TENANT_PROPERTY,
  });
  describeProperties(Checkout, {
    redirectUrl: {
      type: 'string',
      format: 'uri',
      description: 'The page to send the browser of the customer to.',
      example: 'https://checkout.example/session/1',
    },
    invoiceNo: { type: 'string', example: INVOICE_EXAMPLE },
    orderNo: ORDER_NUMBER_PROPERTY,
    amount: {
      type: 'string',
      description: 'As sent to Plutu, in the currency of the gateway.',
      example: '25.50',
    },
  });
  describeProperties(SendOtpDto, {
    ...REQUEST_PROPERTIES,
    mobileNumber: MOBILE_NUMBER_PROPERTY,
  });
  describeProperties(SentOtp, {
    token: { type: 'string', description: 'What confirm takes back.' },
    invoiceNo: { type: 'string', example: INVOICE_EXAMPLE },
    orderNo: ORDER_NUMBER_PROPERTY,
    amount: {
      type: 'string',
      description: 'What is going to be charged.',
      example: '25.50',
    },
    expiresAt: {
      type: 'string',
      format: 'date-time',
      description: 'Until when the code can be confirmed.',
    },
  });
  describeProperties(ConfirmOtpDto, {
    token: { type: 'string', description: 'What was sent back with the code.' },
    code: {
      type: 'string',
      description: 'The code that the customer got; it may begin with a zero.',
      example: '012345',
    },
    customerIp: CUSTOMER_IP_PROPERTY,
  });
  describeProperties(Payment, {
    id: { type: 'string', description: 'The same for every arrival.' },
    account: { type: 'string', example: 'default' },
    tenant: TENANT_PROPERTY,
    gateway: { type: 'string', example: 'mpgs' },
    outcome: {
      type: 'string',
      enum: [...SIGNED_OUTCOMES, 'mismatch'],
      description:
        'Paid, canceled, neither (such as a declined card; the same transaction may still be approved), or paid although it was not due.',
    },
    invoiceNo: {
      type: 'string',
      pattern: INVOICE_NUMBER.source,
      example: INVOICE_EXAMPLE,
    },
    orderNo: ORDER_NUMBER_PROPERTY,
    isLate: {
      type: 'boolean',
      required: false,
      description: 'The order had been paid before, and stays paid.',
    },
    transactionId: {
      type: 'string',
      pattern: TRANSACTION_ID.source,
      minLength: 1,
      maxLength: 128,
      example: TRANSACTION_EXAMPLE,
    },
    amount: {
      type: 'string',
      pattern: WIRE_AMOUNT.source,
      description: 'As Plutu wrote it: 5, 5.0 and 5.00 are equal.',
      example: '25.50',
    },
    amountMinor: {
      type: 'integer',
      description: 'The same in minor units of the currency (ISO 4217).',
      example: 2550,
    },
    requestedAmount: {
      type: 'string',
      required: false,
      description: 'What Plutu was asked to charge, with a one-time password.',
      example: '25.50',
    },
    currency: {
      type: 'string',
      pattern: CURRENCY.source,
      description: 'ISO 4217.',
      example: 'USD',
    },
    method: {
      type: 'string',
      required: false,
      description: 'How the customer paid, if the gateway says so.',
    },
    source: {
      type: 'string',
      enum: [...PAYMENT_SOURCES],
      description: 'Who reported the payment.',
    },
  });
  describeProperties(CheckoutReturn, {
    account: { type: 'string', example: 'default' },
    tenant: TENANT_PROPERTY,
    gateway: { type: 'string', example: 'tlync' },
    invoiceNo: {
      type: 'string',
      pattern: INVOICE_NUMBER.source,
      example: INVOICE_EXAMPLE,
    },
    orderNo: {
      type: 'string',
      required: false,
      description: 'The order of the payment, once that is known.',
    },
    outcome: {
      type: 'string',
      enum: [...RETURN_OUTCOMES],
      description:
        'How the payment went, as far as its callback is booked; pending if it is not.',
    },
  });
  describeProperties(PlutuErrorAnswer, {
    statusCode: { type: 'integer' },
    code: {
      type: 'string',
      description: "For programs: begins with PLUTU_, or is Plutu's own code.",
    },
    message: { type: 'string' },
    fields: {
      type: 'object',
      selfRequired: false,
      additionalProperties: { type: 'array', items: { type: 'string' } },
      description: 'What is wrong, by the name of the field.',
    },
  });
}
