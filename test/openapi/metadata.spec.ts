import 'reflect-metadata';
import type { Type } from '@nestjs/common';
import {
  ApiBody,
  ApiOperation,
  ApiProperty,
  ApiQuery,
  ApiResponse,
  ApiTags,
  type ApiPropertyOptions,
} from '@nestjs/swagger';
import { describe, expect, it } from 'vitest';
import { PlutuErrorAnswer } from '../../src/errors/http-answers.js';
import {
  describeProperties,
  describeRoute,
  errorAnswers,
} from '../../src/openapi/metadata.js';
import { CallbackRefusedException } from '../../src/index.js';

/** All that `@nestjs/swagger` would find on a class, a method or a property. */
function metadataOf(target: object, property = ''): object {
  const keys: unknown[] =
    property === ''
      ? Reflect.getOwnMetadataKeys(target)
      : Reflect.getOwnMetadataKeys(target, property);
  return Object.fromEntries(
    keys
      .map(String)
      .filter((key) => key.startsWith('swagger/'))
      .map((key) => [
        key,
        withoutDefault(
          property === ''
            ? Reflect.getOwnMetadata(key, target)
            : Reflect.getOwnMetadata(key, target, property),
        ),
      ]),
  );
}

/** What is not an array says the same as what does not say it. */
function withoutDefault(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutDefault);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name, member]) => name !== 'isArray' || member === true)
      .map(([name, member]) => [name, withoutDefault(member)]),
  );
}

function methodOf({ prototype }: Type<{ open(): void }>): object {
  return Object(Reflect.get(prototype, 'open'));
}

class Answer {}
class Request {}

describe('what is written for @nestjs/swagger is what its own decorators write:', () => {
  const OPERATION = {
    operationId: 'open',
    summary: 'Opens it',
    description: 'No more.',
  };
  const QUERY = {
    name: 'approved',
    required: false,
    description: '1 if it is paid.',
    schema: { type: 'string', enum: ['0', '1'] },
  };
  const HEADERS = {
    Location: { description: 'The page.', schema: { type: 'string' } },
  };
  const refused = new CallbackRefusedException();

  class Described {
    open(): void {}
  }
  describeRoute(Described, 'open', {
    tag: 'Plutu',
    operation: OPERATION,
    parameters: [
      { in: 'body', type: Request, required: true },
      { in: 'query', ...QUERY },
    ],
    answers: [
      { status: 201, type: Answer, description: 'It is open.' },
      { status: 303, description: 'Elsewhere.', headers: HEADERS },
      ...errorAnswers([
        ['It is not signed.', refused],
        ['Nor is this.', refused],
      ]),
    ],
  });

  @ApiTags('Plutu')
  class Decorated {
    // Decorators are called from the last to the first.
    @ApiQuery(QUERY)
    @ApiBody({ type: Request })
    @ApiResponse({
      status: 403,
      type: PlutuErrorAnswer,
      description: 'Nor is this.',
      examples: {
        PLUTU_CALLBACK_REFUSED: {
          summary: 'Nor is this.',
          value: refused.getResponse(),
        },
      },
    })
    @ApiResponse({
      status: 403,
      type: PlutuErrorAnswer,
      description: 'It is not signed.',
      examples: {
        PLUTU_CALLBACK_REFUSED: {
          summary: 'It is not signed.',
          value: refused.getResponse(),
        },
      },
    })
    @ApiResponse({ status: 303, description: 'Elsewhere.', headers: HEADERS })
    @ApiResponse({ status: 201, type: Answer, description: 'It is open.' })
    @ApiOperation(OPERATION)
    open(): void {}
  }

  it('of a route', () => {
    const expected = metadataOf(methodOf(Decorated));

    expect(Object.keys(expected)).toHaveLength(3);
    expect(metadataOf(methodOf(Described))).toEqual(expected);
  });

  it('of its controller', () => {
    const expected = metadataOf(Decorated);

    expect(Object.keys(expected)).toHaveLength(1);
    expect(metadataOf(Described)).toEqual(expected);
  });

  it('of the properties of a DTO', () => {
    const properties = {
      amount: {
        required: false,
        oneOf: [{ type: 'string', pattern: '^\\d+$' }, { type: 'number' }],
        example: '25.50',
      },
      lang: { type: 'string', enum: ['ar', 'en'], required: false },
      fields: {
        type: 'object',
        selfRequired: false,
        additionalProperties: { type: 'array', items: { type: 'string' } },
      },
    } satisfies Record<string, ApiPropertyOptions>;

    class DescribedDto {
      amount?: string | number | undefined;
      lang?: string | undefined;
      fields?: object | undefined;
    }
    describeProperties(DescribedDto, properties);

    class DecoratedDto {
      @ApiProperty(properties.amount)
      amount?: string | number | undefined;
      @ApiProperty(properties.lang)
      lang?: string | undefined;
      @ApiProperty(properties.fields)
      fields?: object | undefined;
    }
    for (const name of Object.keys(properties)) {
      // A property with any decorator has the type that it was declared with.
      Reflect.defineMetadata(
        'design:type',
        Reflect.getMetadata('design:type', DecoratedDto.prototype, name),
        DescribedDto.prototype,
        name,
      );
    }
    describeProperties(DescribedDto, properties);

    expect(metadataOf(DescribedDto.prototype)).toEqual(
      metadataOf(DecoratedDto.prototype),
    );
    for (const name of Object.keys(properties)) {
      const expected = metadataOf(DecoratedDto.prototype, name);
      expect(Object.keys(expected)).toHaveLength(1);
      expect(metadataOf(DescribedDto.prototype, name)).toEqual(expected);
    }
  });
});
