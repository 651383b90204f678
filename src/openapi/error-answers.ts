import type { HttpException } from '@nestjs/common';
import { PlutuHttpError } from '../plutu-http.exceptions.js';
import { describeProperties, type Swagger } from './swagger.js';

/** Describes the body of every error answer. */
export function describeHttpError(swagger: Swagger): void {
  describeProperties(swagger, PlutuHttpError, {
    statusCode: { type: 'integer' },
    code: {
      type: 'string',
      description:
        'Made for programs: begins with PLUTU_, or is that of Plutu.',
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

/**
 * Describes error answers by the very exceptions that are thrown, so that
 * status and example are what is sent.
 */
export function errorAnswers(
  { ApiResponse }: Swagger,
  errors: readonly (readonly [description: string, HttpException])[],
): MethodDecorator[] {
  return errors.map(([description, error]) => {
    const value = error.getResponse();
    const code =
      typeof value === 'object' && 'code' in value ? String(value.code) : '';
    return ApiResponse({
      status: error.getStatus(),
      type: PlutuHttpError,
      description,
      examples: { [code]: { summary: description, value } },
    });
  });
}
