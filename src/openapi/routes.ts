import type { HttpException, Type } from '@nestjs/common';
import { DEFAULT_ACCOUNT } from '../account/tokens.js';
import type { CallbackChannel } from '../callbacks/callback-channel.js';
import {
  CallbackInvalidException,
  CallbackNotAcceptedException,
  CallbackRefusedException,
  PaymentMismatchException,
  PaymentPendingException,
} from '../callbacks/callback.exceptions.js';
import { CheckoutReturn } from '../callbacks/checkout-return.js';
import type { RedirectPages } from '../callbacks/redirect-pages.js';
import type { ReturnChannel } from '../callbacks/return-channel.js';
import { Checkout } from '../checkout/checkout.dto.js';
import type { HostedCheckout } from '../checkout/hosted-checkout.js';
import { toHttpException } from '../errors/http-answers.js';
import { faultOf, knownErrorCode } from '../errors/plutu-error-codes.js';
import {
  PlutuAlreadyPaidError,
  PlutuConnectionError,
  PlutuInvalidRequestError,
  PlutuInvoiceMismatchError,
  PlutuLookupError,
  PlutuOtpError,
  PlutuOutcomeUnknownError,
  PlutuPaymentNotDeliveredError,
  PlutuPaymentUnknownError,
  PlutuRefusedError,
  PlutuUnexpectedAnswerError,
  type FieldErrors,
  type TakenPayment,
  type UnknownPayment,
} from '../errors/plutu-errors.js';
import type { OtpPayment } from '../otp/otp-payment.js';
import { ConfirmOtpDto, SentOtp } from '../otp/otp.dto.js';
import { Payment } from '../payments/payment.js';
import { TENANT_PARAMETER } from '../protocol/return-url.js';
import { SIGNATURE_PARAMETER } from '../protocol/signature.js';
import { INVOICE_EXAMPLE, TRANSACTION_EXAMPLE } from './dtos.js';
import {
  describeRoute,
  errorAnswers,
  type Answer,
  type Parameter,
  type ParameterSchema,
} from './metadata.js';

/** Whose route it is. */
export interface RouteOwner {
  /** The gateway's name for people. */
  readonly title: string;
  /** The `name` of the registration. */
  readonly account: string;
}

/** Describes a checkout route to `@nestjs/swagger`. */
export function describeCheckoutRoute(
  controller: Type<unknown>,
  checkout: HostedCheckout,
  owner: RouteOwner,
): void {
  describeRoute(controller, 'checkout', {
    tag: tagOf(owner),
    operation: {
      operationId: operationId(checkout.gateway, 'checkout', owner),
      summary: 'Opens a checkout',
      description: 'Nothing is charged by it.',
    },
    parameters: [{ in: 'body', type: checkout.dto, required: true }],
    answers: [
      { status: 201, type: Checkout, description: 'It is open.' },
      ...checkoutErrors(),
    ],
  });
}

/** Describes the route that sends one-time passwords to `@nestjs/swagger`. */
export function describeOtpRoute(
  controller: Type<unknown>,
  payment: OtpPayment,
  owner: RouteOwner,
): void {
  describeRoute(controller, 'otp', {
    tag: tagOf(owner),
    operation: {
      operationId: operationId(payment.gateway, 'otp', owner),
      summary: 'Sends a one-time password',
      description: 'Nothing is charged by it.',
    },
    parameters: [{ in: 'body', type: payment.dto, required: true }],
    answers: [
      { status: 201, type: SentOtp, description: 'It is sent.' },
      ...errorAnswers([
        ...requestErrors({ mobileNumber: ['mobileNumber must be text'] }),
        [
          'The customer can do something about it.',
          toHttpException(new PlutuOtpError('not-subscribed')),
        ],
        [
          'The customer has to wait.',
          toHttpException(new PlutuOtpError('wait')),
        ],
      ]),
    ],
  });
}

/** Describes the route that charges with a one-time password to `@nestjs/swagger`. */
export function describeConfirmRoute(
  controller: Type<unknown>,
  payment: OtpPayment,
  owner: RouteOwner,
): void {
  describeRoute(controller, 'confirm', {
    tag: tagOf(owner),
    operation: {
      operationId: operationId(payment.gateway, 'confirm', owner),
      summary: 'Charges the customer',
      description:
        'A second call with the same token gets what the first one gets.',
    },
    parameters: [{ in: 'body', type: ConfirmOtpDto, required: true }],
    answers: [
      {
        status: 200,
        type: Payment,
        description: 'It is paid, unless the outcome is mismatch.',
      },
      ...errorAnswers([
        ...requestErrors({
          code: [`code must be text of ${payment.codeLength} digits`],
        }),
        [
          'The customer can do something about it.',
          toHttpException(new PlutuOtpError('wrong-code')),
        ],
        [
          'The money may have been taken. Do not pay again.',
          toHttpException(new PlutuPaymentUnknownError(UNKNOWN_EXAMPLE)),
        ],
        [
          'The money was taken. Send the request again.',
          toHttpException(
            new PlutuPaymentNotDeliveredError(TAKEN_EXAMPLE, undefined),
          ),
        ],
      ]),
    ],
  });
}

/** Describes a callback route to `@nestjs/swagger`. */
export function describeCallbackRoute(
  controller: Type<unknown>,
  channel: CallbackChannel,
  owner: RouteOwner,
  pages: RedirectPages | undefined,
): void {
  describeRoute(controller, 'answer', {
    tag: tagOf(owner),
    operation: {
      operationId: operationId(channel.gateway, 'callback', owner),
      summary: 'Takes a callback of Plutu',
      description:
        channel.method === 'GET'
          ? 'Called by Plutu, and through the browser of the customer. Not made for other clients.'
          : 'Called by Plutu. Not made for other clients.',
    },
    ...(channel.method === 'GET'
      ? { parameters: signedQuery(channel) }
      : { parameters: signedBody(channel), consumes: BODY_TYPES }),
    answers: [
      ...(pages ? redirectAnswers() : jsonAnswers()),
      ...errorAnswers([
        [
          'It is accepted and not booked yet. Browsers get a page that asks again by itself.',
          new PaymentPendingException(),
        ],
        [
          'It could not be accepted yet. Browsers get a page that asks again by itself.',
          new CallbackNotAcceptedException(undefined),
        ],
      ]),
    ],
  });
}

/** Describes the route that customers come back to, if it is not the callback's. */
export function describeReturnRoute(
  controller: Type<unknown>,
  channel: ReturnChannel,
  owner: RouteOwner,
  pages: RedirectPages | undefined,
): void {
  describeRoute(controller, 'answer', {
    tag: tagOf(owner),
    operation: {
      operationId: operationId(channel.gateway, 'return', owner),
      summary: 'Takes a customer back',
      description:
        'Called through the browser of the customer. It is no proof of a payment: the callback is.',
    },
    parameters: signedQuery(channel),
    answers: [
      ...(pages
        ? redirectAnswers()
        : [
            {
              status: 200,
              type: CheckoutReturn,
              description: 'How the payment went, or that it is not known yet.',
            },
            ...unsignedAnswers(),
          ]),
      ...errorAnswers([
        [
          'It could not be verified right now. Browsers get a page that asks again by itself.',
          new CallbackNotAcceptedException(undefined),
        ],
      ]),
    ],
  });
}

function tagOf({ title, account }: RouteOwner): string {
  return account === DEFAULT_ACCOUNT
    ? `Plutu ${title}`
    : `Plutu ${title} (${account})`;
}

function operationId(
  gateway: string,
  route: string,
  { account }: RouteOwner,
): string {
  const owner = account === DEFAULT_ACCOUNT ? '' : `_${account}`;
  return `plutu_${gateway}_${route}${owner}`;
}

function checkoutErrors(): Answer[] {
  return errorAnswers([
    ...requestErrors({ lang: ['lang must be "ar" or "en"'] }),
    ['Plutu refused the customer.', refused('CHECK_BANK_ACCOUNT')],
    [
      'Plutu did not answer in time. Try with a new invoice number.',
      toHttpException(new PlutuOutcomeUnknownError('timeout', INVOICE_EXAMPLE)),
    ],
  ]);
}

/** What any request for a payment may be answered with. */
function requestErrors(fields: FieldErrors): [string, HttpException][] {
  return [
    [
      'A field breaks a rule. Nothing was sent.',
      toHttpException(new PlutuInvalidRequestError(fields)),
    ],
    [
      'Another amount is due, or there is no such invoice. Nothing was sent.',
      toHttpException(
        new PlutuInvoiceMismatchError(
          'amount',
          `amount is not what is due for invoice ${INVOICE_EXAMPLE}`,
        ),
      ),
    ],
    [
      'The order is already paid. Nothing was sent.',
      toHttpException(
        new PlutuAlreadyPaidError(INVOICE_EXAMPLE, TAKEN_EXAMPLE),
      ),
    ],
    ['Plutu refused the request.', refused('DUPLICATED_INVOICE_NUMBER')],
    ['Payments are not set up correctly.', refused('FORBIDDEN_IP_ADDRESS')],
    ['Plutu failed. Try later.', refused('BACKEND_ERROR')],
    [
      'Plutu cannot be reached. Nothing was sent.',
      toHttpException(new PlutuConnectionError('ECONNREFUSED', '')),
    ],
    [
      'Something other than Plutu answered.',
      toHttpException(
        new PlutuUnexpectedAnswerError('it is not a JSON object', 502, ''),
      ),
    ],
    [
      'The application could not look the invoice up. Nothing was sent.',
      toHttpException(new PlutuLookupError('findInvoice', '')),
    ],
  ];
}

const TAKEN_EXAMPLE: TakenPayment = {
  id: '',
  gateway: 'sadadapi',
  invoiceNo: INVOICE_EXAMPLE,
  orderNo: INVOICE_EXAMPLE,
  transactionId: TRANSACTION_EXAMPLE,
  amount: '25.50',
  currency: 'LYD',
};

const UNKNOWN_EXAMPLE: UnknownPayment = {
  ...TAKEN_EXAMPLE,
  account: DEFAULT_ACCOUNT,
  tenant: undefined,
  processId: '',
};

function refused(code: string): HttpException {
  return toHttpException(
    new PlutuRefusedError({
      message: `Plutu refused the request (${code})`,
      code,
      knownCode: knownErrorCode(code),
      fault: faultOf(code, 400),
      retryable: false,
      httpStatus: 400,
      fields: {},
    }),
  );
}

function jsonAnswers(): Answer[] {
  return [
    {
      status: 200,
      type: Payment,
      description: 'It is genuine, and booked by this arrival or another.',
    },
    ...unsignedAnswers({
      amount: [
        'amount must be more than 0, with no more decimals than its currency has',
      ],
    }),
    ...errorAnswers([
      [
        'The payment is not the one that was due.',
        new PaymentMismatchException(),
      ],
    ]),
  ];
}

function unsignedAnswers(
  fields: FieldErrors = {
    invoiceNo: ['invoiceNo must be text made of A-Z a-z 0-9 . _ - only'],
  },
): Answer[] {
  return errorAnswers([
    [
      'It is signed, and its content makes no sense.',
      new CallbackInvalidException(fields),
    ],
    ['Plutu did not sign it.', new CallbackRefusedException()],
  ]);
}

function redirectAnswers(): Answer[] {
  return [
    {
      status: 303,
      description:
        'To the page for the outcome; to the page for what was refused, if the callback is not genuine, makes no sense or was not due.',
      headers: {
        Location: {
          description: 'The page, with outcome and invoiceNo in its query.',
          schema: { type: 'string' },
        },
      },
    },
  ];
}

/** Whatever a request says that its body is, both are tried. */
const BODY_TYPES = ['application/json', 'application/x-www-form-urlencoded'];

const TENANT_QUERY: Parameter = {
  in: 'query',
  name: TENANT_PARAMETER,
  required: false,
  schema: { type: 'string' },
  description: 'Whose account it is, if the application has tenants.',
};

/** What the channel signs, whose it is, and the signature. */
function signedQuery(channel: CallbackChannel | ReturnChannel): Parameter[] {
  const parameter = (name: string): Parameter => {
    const { description, ...schema } = schemaOf(name, channel);
    return {
      in: 'query',
      name,
      required: isRequired(name, channel),
      schema,
      ...(description !== undefined && { description }),
    };
  };
  return [
    ...channel.rules.signable.map(parameter),
    TENANT_QUERY,
    parameter(SIGNATURE_PARAMETER),
  ];
}

/** The same in a body. The tenant stays in the URL. */
function signedBody(channel: CallbackChannel): Parameter[] {
  const names = [...channel.rules.signable, SIGNATURE_PARAMETER];
  return [
    {
      in: 'body',
      type: String,
      required: true,
      schema: {
        type: 'object',
        required: names.filter((name) => isRequired(name, channel)),
        properties: Object.fromEntries(
          names.map((name) => [name, schemaOf(name, channel)]),
        ),
      },
    },
    TENANT_QUERY,
  ];
}

function isRequired(
  name: string,
  { rules }: CallbackChannel | ReturnChannel,
): boolean {
  return name === SIGNATURE_PARAMETER || rules.required.includes(name);
}

function schemaOf(
  name: string,
  { gateway }: CallbackChannel | ReturnChannel,
): ParameterSchema {
  if (name === 'gateway') return { type: 'string', enum: [gateway] };
  return PARAMETERS[name] ?? { type: 'string' };
}

const FLAG = { type: 'string', enum: ['0', '1'] };

/** What is known of single ones. */
const PARAMETERS: Readonly<Record<string, ParameterSchema>> = {
  approved: { ...FLAG, description: '1 if it is paid.' },
  canceled: { ...FLAG, description: '1 if the customer backed out.' },
  amount: { type: 'string', example: '25.50' },
  currency: { type: 'string', example: 'USD' },
  invoice_no: { type: 'string', example: INVOICE_EXAMPLE },
  transaction_id: { type: 'string', example: TRANSACTION_EXAMPLE },
  payment_method: {
    type: 'string',
    description: 'How the customer paid.',
    example: 'mobicash',
  },
  [SIGNATURE_PARAMETER]: {
    type: 'string',
    pattern: '^[0-9A-Fa-f]{64}$',
    description: 'The signature: HMAC-SHA256, as upper-case hex digits.',
  },
};
