import { Injectable } from '@nestjs/common';
import { HttpAdapterHost, type AbstractHttpAdapter } from '@nestjs/core';
import { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';

/** The text of a body as it arrived, or why there is none. */
export type RawBody =
  { readonly text: string } | { readonly problem: RawBodyProblem };

/**
 * - `not-captured`: no `rawBody` was kept, and no `capture` matched it or the HTTP
 *   platform is neither Express nor Fastify
 * - `eaten`: something mounted earlier read it, and kept no `rawBody`
 * - `encoded`: it has a `Content-Encoding`; a callback is small and plain
 * - `too-large`: more than 16 KiB
 * - `broken-off`: the client went away before the end
 */
export type RawBodyProblem =
  'not-captured' | 'eaten' | 'encoded' | 'too-large' | 'broken-off';

/** Whether a request is a callback with a body. Called when the request arrives. */
export type IsCallback = (request: {
  readonly method: string;
  /** As it arrived, without the query. */
  readonly path: string;
}) => boolean;

/**
 * The raw bodies of callbacks, on Express and on Fastify, whatever parsers the
 * application has. A captured request reaches its route without a parsed body
 * (`{}`), and without the headers that announce one.
 */
@Injectable()
export class RawBodies {
  private readonly bodies = new WeakMap<object, CapturedBody>();

  constructor(private readonly adapterHost: HttpAdapterHost) {}

  /**
   * Captures the bodies of some requests, and leaves all others alone. Call it
   * from a provider's constructor: it has to come before the body parsers.
   */
  capture(isCallback: IsCallback): void {
    this.adapterHost.init$.subscribe(() => {
      const adapter: AbstractHttpAdapter | null = this.adapterHost.httpAdapter;
      if (adapter?.getType() === 'express') {
        this.captureOnExpress(adapter.getInstance<Express>(), isCallback);
      } else if (adapter?.getType() === 'fastify') {
        this.captureOnFastify(adapter.getInstance<Fastify>(), isCallback);
      }
    });
  }

  /**
   * The raw body of a request, as soon as it has arrived.
   *
   * @param request Nest's request, as `context.switchToHttp().getRequest()` returns
   *   it.
   * @returns a promise that never rejects. It waits no longer than the request
   *   lasts, even if the client breaks off.
   */
  async of(request: object): Promise<RawBody> {
    const body = this.bodies.get(request) ?? 'not-captured';
    if (typeof body === 'object') {
      // Perhaps nothing else reads it, or something has paused it.
      body.payload.resume();
      return body.arrived;
    }
    const kept = rawBodyOf(request);
    return kept === undefined ? { problem: body } : toRawBody(kept);
  }

  private captureOnExpress(express: Express, isCallback: IsCallback): void {
    express.use((request, _response, next) => {
      if (isCallback(lineOf(request))) this.take(request, request, request);
      next();
    });
  }

  private captureOnFastify(fastify: Fastify, isCallback: IsCallback): void {
    fastify.addHook('preParsing', (request, _reply, payload, done) => {
      if (isCallback(lineOf(request.raw))) {
        this.take(request, request.raw, payload);
      }
      done();
    });
  }

  private take(
    request: { body?: unknown },
    { headers }: IncomingMessage,
    payload: Readable,
  ): void {
    this.bodies.set(
      request,
      payload.readableDidRead
        ? 'eaten'
        : { payload, arrived: arrivalOf(payload, headers['content-encoding']) },
    );
    // To a parser, a request without these has no body: it neither waits for
    // one nor refuses it.
    delete headers['content-type'];
    delete headers['content-length'];
    delete headers['transfer-encoding'];
    // A logger, for example, may expect every POST to have one.
    request.body ??= {};
  }
}

type CapturedBody =
  { readonly payload: Readable; readonly arrived: Promise<RawBody> } | 'eaten';

/** The parts of Express that are used; an application may not have it. */
interface Express {
  use(
    middleware: (
      request: IncomingMessage & { body?: unknown },
      response: unknown,
      next: () => void,
    ) => void,
  ): unknown;
}

/** The parts of Fastify that are used; an application may not have it. */
interface Fastify {
  addHook(
    name: 'preParsing',
    hook: (
      request: { readonly raw: IncomingMessage; body?: unknown },
      reply: unknown,
      payload: Readable,
      done: () => void,
    ) => void,
  ): unknown;
}

/** The largest body that is kept, in bytes; a real one has about 1000. */
const MAX_LENGTH = 16 * 1024;

/** Drops a byte order mark, which JSON must not have. */
const utf8 = new TextDecoder();

function lineOf({ method = '', url = '' }: IncomingMessage): {
  method: string;
  path: string;
} {
  const mark = url.indexOf('?');
  return { method, path: mark === -1 ? url : url.slice(0, mark) };
}

/**
 * Listens to a body without starting its stream, so that a middleware that reads the
 * stream by hand, now or later, also gets all of it.
 */
function arrivalOf(payload: Readable, encoding = 'identity'): Promise<RawBody> {
  return new Promise((resolve) => {
    if (encoding.toLowerCase() !== 'identity') {
      return resolve({ problem: 'encoded' });
    }
    // An event that was emitted earlier is not emitted again.
    if (payload.readableEnded) return resolve({ text: '' });
    if (payload.destroyed) return resolve({ problem: 'broken-off' });
    const chunks: Uint8Array[] = [];
    let length = 0;
    const onData = (chunk: Uint8Array | string): void => {
      const bytes =
        typeof chunk === 'string'
          ? Buffer.from(chunk, payload.readableEncoding ?? 'utf8')
          : chunk;
      length += bytes.length;
      if (length <= MAX_LENGTH) chunks.push(bytes);
      // The rest is read to its end but not kept: a client that is cut off while it
      // still sends gets a broken connection, not the answer.
      else resolve({ problem: 'too-large' });
    };
    const onBreak = (): void => resolve({ problem: 'broken-off' });
    // A stream's own `on` would start it.
    EventEmitter.prototype.on.call(payload, 'data', onData);
    payload.on('end', () => resolve(toRawBody(Buffer.concat(chunks))));
    payload.on('error', onBreak);
    payload.on('close', onBreak);
  });
}

function toRawBody(bytes: Uint8Array): RawBody {
  return bytes.length > MAX_LENGTH
    ? { problem: 'too-large' }
    : { text: utf8.decode(bytes) };
}

/** What a parser has kept on Nest's request, or on Node's request behind Fastify's. */
function rawBodyOf(request: {
  rawBody?: unknown;
  raw?: { rawBody?: unknown };
}): Uint8Array | undefined {
  const kept = request.rawBody ?? request.raw?.rawBody;
  if (typeof kept === 'string') return Buffer.from(kept);
  return kept instanceof Uint8Array ? kept : undefined;
}
