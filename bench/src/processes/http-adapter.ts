import type { AbstractHttpAdapter } from '@nestjs/core';

/** The HTTP servers that Nest runs on. */
export const HTTP_SERVERS = ['express', 'fastify'] as const;

export type HttpServer = (typeof HTTP_SERVERS)[number];

/** Nest's adapter for a server, loaded only if it is used. */
export async function createHttpAdapter(
  server: HttpServer,
): Promise<AbstractHttpAdapter> {
  if (server === 'fastify') {
    const { FastifyAdapter } = await import('@nestjs/platform-fastify');
    return new FastifyAdapter();
  }
  const { ExpressAdapter } = await import('@nestjs/platform-express');
  return new ExpressAdapter();
}
