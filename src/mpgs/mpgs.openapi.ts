import type { HttpException, Type } from '@nestjs/common';
import {
  PlutuConnectionError,
  PlutuInvalidRequestError,
  PlutuInvoiceMismatchError,
  PlutuLookupError,
  PlutuOutcomeUnknownError,
  PlutuRefusedError,
  PlutuUnexpectedAnswerError,
} from '../plutu.errors.js';
import { TENANT_PARAMETER } from '../callbacks/callback-parameters.js';
import { DEFAULT_ACCOUNT } from '../plutu.account.js';
import { faultOf, isKnownErrorCode } from '../api/plutu-error-codes.js';
import { describeHttpError, errorAnswers } from '../openapi/error-answers.js';
import {
  decorateMethod,
  findSwagger,
  type Swagger,
} from '../openapi/swagger.js';
import { toHttpException } from '../plutu-http.exceptions.js';
import { MpgsCallbackDto } from './mpgs-callback.dto.js';
import {
  MpgsCallbackInvalidException,
  MpgsCallbackNotDeliveredException,
  MpgsCallbackRefusedException,
  MpgsPaymentMismatchException,
} from './mpgs-callback.exceptions.js';
import { MPGS_GATEWAY } from './mpgs-callback.rules.js';
import { MpgsCheckout } from './mpgs-confirm.dto.js';
import {
  describeMpgsDtos,
  INVOICE_EXAMPLE,
  TRANSACTION_EXAMPLE,
} from './mpgs-dtos.openapi.js';

/** Those that are described already: decorators add up. */
const described = new WeakSet<Type<unknown>>();

/**
 * Describes the module's routes and DTOs to `@nestjs/swagger`. Does nothing
 * where the application does not have it.
 *
 * @param controllers what `createMpgsControllers` made; their methods are told
 *   apart by name.
 * @param account the `name` of the registration.
 */
export async function describeMpgs(
  controllers: readonly Type<unknown>[],
  account: string,
): Promise<void> {
  const swagger = await findSwagger();
  if (!swagger) return;
  describeHttpError(swagger);
  describeMpgsDtos(swagger);
  const isNamed = account !== DEFAULT_ACCOUNT;
  for (const controller of controllers) {
    // Several applications may be made of one module, as tests do.
    if (described.has(controller)) continue;
    described.add(controller);
    swagger.ApiTags(isNamed ? `Plutu MPGS (${account})` : 'Plutu MPGS')(
      controller,
    );
    for (const [method, decorators] of Object.entries(DECORATORS)) {
      // What is made of the class's name would be the same for all accounts.
      const operationId = isNamed ? `Mpgs_${method}_${account}` : undefined;
      decorateMethod(controller, method, decorators(swagger, operationId));
    }
  }
}

/** By the name of the controller's method. */
const DECORATORS = {
  confirm: confirmDecorators,
  callback: callbackDecorators,
  redirect: redirectDecorators,
};

function confirmDecorators(
  swagger: Swagger,
  operationId?: string,
): MethodDecorator[] {
  const { ApiCreatedResponse, ApiOperation } = swagger;
  return [
    ApiOperation({
      operationId,
      summary: 'Opens a checkout',
      description: 'Nothing is charged by it.',
    }),
    ApiCreatedResponse({ type: MpgsCheckout, description: 'It is open.' }),
    ...errorAnswers(swagger, [
      [
        'A field breaks a rule. Nothing was sent.',
        toHttpException(
          new PlutuInvalidRequestError({
            lang: ['lang must be "ar" or "en"'],
          }),
        ),
      ],
      [
        'Another amount is due, or there is no such invoice. Nothing was sent.',
        toHttpException(
          new PlutuInvoiceMismatchError(
            'amount',
            `amount is not what invoice ${INVOICE_EXAMPLE} is due`,
          ),
        ),
      ],
      ['Plutu refused the request.', refused('DUPLICATED_INVOICE_NUMBER')],
      ['Plutu refused the customer.', refused('CHECK_BANK_ACCOUNT')],
      ['Payments are not set up correctly.', refused('FORBIDDEN_IP_ADDRESS')],
      ['Plutu failed. Try later.', refused('BACKEND_ERROR')],
      [
        'Plutu cannot be reached. Nothing was sent.',
        toHttpException(new PlutuConnectionError('ECONNREFUSED', '')),
      ],
      [
        'Something else than Plutu answered.',
        toHttpException(
          new PlutuUnexpectedAnswerError('it is not a JSON object', 502, ''),
        ),
      ],
      [
        'The application could not look the invoice up. Nothing was sent.',
        toHttpException(new PlutuLookupError('findInvoice', '')),
      ],
      [
        'Plutu did not answer in time. Try with a new invoice number.',
        toHttpException(
          new PlutuOutcomeUnknownError('timeout', INVOICE_EXAMPLE),
        ),
      ],
    ]),
  ];
}

function refused(code: string): HttpException {
  return toHttpException(
    new PlutuRefusedError({
      message: `Plutu refused the request (${code})`,
      code,
      knownCode: isKnownErrorCode(code) ? code : undefined,
      fault: faultOf(code, 400),
      retryable: false,
      httpStatus: 400,
      fields: {},
    }),
  );
}

function callbackDecorators(
  swagger: Swagger,
  operationId?: string,
): MethodDecorator[] {
  return [
    ...callbackQuery(swagger, operationId),
    swagger.ApiOkResponse({
      type: MpgsCallbackDto,
      description: 'It is genuine, and delivered by this arrival or another.',
    }),
    ...errorAnswers(swagger, [
      [
        'It is signed, and its content makes no sense.',
        new MpgsCallbackInvalidException({
          amountCents: ['amountCents cannot be told from the amount'],
        }),
      ],
      ['Plutu did not sign it.', new MpgsCallbackRefusedException()],
      [
        'The payment is not the one that was due.',
        new MpgsPaymentMismatchException(),
      ],
    ]),
    ...notDelivered(swagger),
  ];
}

function redirectDecorators(
  swagger: Swagger,
  operationId?: string,
): MethodDecorator[] {
  return [
    ...callbackQuery(swagger, operationId),
    swagger.ApiSeeOtherResponse({
      description:
        'To the page for the outcome, or, where the callback is not genuine, makes no sense or was not due, to the page for what was refused.',
      headers: {
        Location: {
          description: 'The page, with outcome and invoiceNo in its query.',
          schema: { type: 'string' },
        },
      },
    }),
    ...notDelivered(swagger),
  ];
}

function callbackQuery(
  swagger: Swagger,
  operationId?: string,
): MethodDecorator[] {
  const { ApiOperation, ApiQuery } = swagger;
  const flag = { enum: ['0', '1'], required: false };
  return [
    ApiOperation({
      operationId,
      summary: 'Takes a callback of Plutu',
      description:
        'Called by Plutu, server to server and through the browser of the customer. Not made for other clients.',
    }),
    ApiQuery({ name: 'gateway', enum: [MPGS_GATEWAY] }),
    ApiQuery({ name: 'approved', description: '1 where it is paid.', ...flag }),
    ApiQuery({
      name: 'canceled',
      description: '1 where the customer backed out.',
      ...flag,
    }),
    ApiQuery({ name: 'amount', type: String, example: '25.50' }),
    ApiQuery({ name: 'currency', type: String, example: 'USD' }),
    ApiQuery({ name: 'invoice_no', type: String, example: INVOICE_EXAMPLE }),
    ApiQuery({
      name: 'transaction_id',
      type: String,
      example: TRANSACTION_EXAMPLE,
    }),
    ApiQuery({
      name: TENANT_PARAMETER,
      type: String,
      required: false,
      description: 'Whose account it is, where the application has tenants.',
    }),
    ApiQuery({
      name: 'hashed',
      description: 'The signature: HMAC-SHA256, as upper-case hex digits.',
      schema: { type: 'string', pattern: '^[0-9A-Fa-f]{64}$' },
    }),
  ];
}

function notDelivered(swagger: Swagger): MethodDecorator[] {
  return errorAnswers(swagger, [
    [
      'It could not be delivered yet. Browsers get a page that tries again by itself.',
      new MpgsCallbackNotDeliveredException(undefined),
    ],
  ]);
}
