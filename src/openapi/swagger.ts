import type { Type } from '@nestjs/common';
import type { ApiPropertyOptions } from '@nestjs/swagger';

/** What `@nestjs/swagger` exports. Only its types are imported: it is optional. */
export type Swagger = typeof import('@nestjs/swagger');

/**
 * `@nestjs/swagger`, where the application has it. Imported inside a function:
 * a top-level `await` would keep CommonJS applications from loading the package.
 */
export async function findSwagger(): Promise<Swagger | undefined> {
  try {
    return await import('@nestjs/swagger');
  } catch {
    // Absent, or broken: an application that uses it finds out by itself, and
    // one that does not shall take payments.
    return undefined;
  }
}

/** Describes every property of a class, and says so if one were forgotten. */
export function describeProperties<T>(
  { ApiProperty }: Swagger,
  type: Type<T>,
  properties: Record<keyof T & string, ApiPropertyOptions>,
): void {
  const prototype: object = type.prototype;
  for (const [name, options] of Object.entries<ApiPropertyOptions>(
    properties,
  )) {
    ApiProperty(options)(prototype, name);
  }
}

/** Puts decorators on a method of a class that exists already. */
export function decorateMethod(
  type: Type<unknown>,
  name: string,
  decorators: readonly MethodDecorator[],
): void {
  const prototype: object = type.prototype;
  const method = Object.getOwnPropertyDescriptor(prototype, name);
  if (!method) return;
  for (const decorate of decorators) decorate(prototype, name, method);
}
