import type { HttpException, Type } from '@nestjs/common';
import type { ApiOperationOptions, ApiPropertyOptions } from '@nestjs/swagger';
import { PlutuErrorAnswer } from '../errors/http-answers.js';

// `@nestjs/swagger` is optional and takes long to load, so it is never imported: the
// metadata that its decorators would write is written here, under the same keys. A
// test compares these keys with its own.

const KEYS = {
  operation: 'swagger/apiOperation',
  responses: 'swagger/apiResponse',
  parameters: 'swagger/apiParameters',
  consumes: 'swagger/apiConsumes',
  tags: 'swagger/apiUseTags',
  properties: 'swagger/apiModelPropertiesArray',
  property: 'swagger/apiModelProperties',
} as const;

/** A parameter of a route, as `@nestjs/swagger` keeps it. */
export type Parameter =
  | ({
      readonly in: 'body';
      readonly required: true;
    } & (
      | { readonly type: Type<unknown> }
      | {
          // What its decorator stores next to a schema.
          readonly type: typeof String;
          readonly schema: ParameterSchema & {
            readonly required: string[];
            readonly properties: Readonly<Record<string, ParameterSchema>>;
          };
        }
    ))
  | {
      readonly in: 'query';
      readonly name: string;
      readonly required: boolean;
      readonly description?: string | undefined;
      readonly schema: ParameterSchema;
    };

/** What a value has to be. */
export interface ParameterSchema {
  readonly type: string;
  readonly enum?: string[] | undefined;
  readonly pattern?: string | undefined;
  readonly description?: string | undefined;
  readonly example?: string | undefined;
}

/** An answer of a route. */
export interface Answer {
  readonly status: number;
  readonly description: string;
  readonly type?: Type<unknown> | undefined;
  readonly headers?: Readonly<Record<string, object>> | undefined;
  readonly examples?: Readonly<
    Record<string, { summary: string; value: unknown }>
  >;
}

/** Everything that a document says of one route. */
export interface RouteDescription {
  readonly tag: string;
  readonly operation: ApiOperationOptions;
  readonly parameters: readonly Parameter[];
  /** The media types of its body, if it takes others than JSON. */
  readonly consumes?: readonly string[] | undefined;
  readonly answers: readonly Answer[];
}

/** Describes the method of a controller that has been made for one registration. */
export function describeRoute(
  controller: Type<unknown>,
  methodName: string,
  { tag, operation, parameters, consumes, answers }: RouteDescription,
): void {
  const prototype: object = controller.prototype;
  const method: unknown = Reflect.get(prototype, methodName);
  if (typeof method !== 'function') return;
  Reflect.defineMetadata(KEYS.tags, [tag], controller);
  // The application's own decorators, such as `@ApiOperation`, take precedence.
  const saidOfIt: object | undefined = Reflect.getMetadata(
    KEYS.operation,
    method,
  );
  const saidOfParameters: readonly Parameter[] =
    Reflect.getMetadata(KEYS.parameters, method) ?? [];
  const responses: Record<number, Omit<Answer, 'status'>> = {
    ...Reflect.getMetadata(KEYS.responses, method),
  };
  Reflect.defineMetadata(KEYS.operation, { ...operation, ...saidOfIt }, method);
  Reflect.defineMetadata(
    KEYS.parameters,
    [...saidOfParameters, ...parameters],
    method,
  );
  if (consumes) Reflect.defineMetadata(KEYS.consumes, consumes, method);
  for (const { status, ...answer } of answers) {
    responses[status] = merged(responses[status], answer);
  }
  Reflect.defineMetadata(KEYS.responses, responses, method);
}

/** Describes every property of a class; the compiler notices one that is forgotten. */
export function describeProperties<T>(
  type: Type<T>,
  properties: Record<keyof T & string, ApiPropertyOptions>,
): void {
  const prototype: object = type.prototype;
  const names = Object.keys(properties).map((name) => `:${name}`);
  Reflect.defineMetadata(KEYS.properties, names, prototype);
  for (const [name, options] of Object.entries<ApiPropertyOptions>(
    properties,
  )) {
    const declared: unknown = Reflect.getMetadata(
      'design:type',
      prototype,
      name,
    );
    Reflect.defineMetadata(
      KEYS.property,
      { type: declared, ...options },
      prototype,
      name,
    );
  }
}

/**
 * Describes error answers with the exceptions that are thrown, so that status and
 * example match what is sent.
 */
export function errorAnswers(
  errors: readonly (readonly [description: string, HttpException])[],
): Answer[] {
  return errors.map(([description, error]) => {
    const value = error.getResponse();
    const code =
      typeof value === 'object' && 'code' in value ? String(value.code) : '';
    return {
      status: error.getStatus(),
      type: PlutuErrorAnswer,
      description,
      examples: { [code]: { summary: description, value } },
    };
  });
}

/** Merges two answers with the same status into one, with the examples of both. */
function merged(
  one: Omit<Answer, 'status'> | undefined,
  other: Omit<Answer, 'status'>,
): Omit<Answer, 'status'> {
  if (!one) return other;
  return {
    ...one,
    description: `${one.description}\n\n${other.description}`,
    examples: { ...one.examples, ...other.examples },
  };
}
