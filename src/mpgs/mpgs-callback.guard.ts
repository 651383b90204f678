import {
  Injectable,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { MpgsCallbackDto } from './mpgs-callback.dto.js';
import { MpgsCallbacks } from './mpgs-callbacks.js';

/** What the guard found, for the rest of the request. */
const verifiedCallbacks = new WeakMap<object, MpgsCallbackDto>();

/**
 * Lets only callbacks through that Plutu signed for MPGS, whatever the route:
 * 403 for any other, 400 for one whose content makes no sense. It reads the URL
 * as it arrived, since query parsers differ in what they make of it.
 */
@Injectable()
export class MpgsCallbackGuard implements CanActivate {
  constructor(
    private readonly callbacks: MpgsCallbacks,
    private readonly adapterHost: HttpAdapterHost,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    const http = context.switchToHttp();
    const request = http.getRequest<object>();
    // Also for what is refused: this very URL may be answered otherwise later.
    this.adapterHost.httpAdapter.setHeader(
      http.getResponse(),
      'Cache-Control',
      'no-store',
    );
    verifiedCallbacks.set(request, this.callbacks.verify(this.urlOf(request)));
    return true;
  }

  /** The URL as it arrived, path and query, undecoded. */
  protected urlOf(request: {
    readonly originalUrl?: string;
    readonly url?: string;
  }): string {
    return request.originalUrl ?? request.url ?? '';
  }
}

/**
 * The callback that the guard verified.
 *
 * @throws {Error} where the guard does not stand on the route.
 */
export function verifiedCallbackOf(context: ExecutionContext): MpgsCallbackDto {
  const request = context.switchToHttp().getRequest<object>();
  const callback = verifiedCallbacks.get(request);
  if (!callback) {
    throw new Error(
      `${context.getClass().name}.${context.getHandler().name} asks for an MPGS callback that no guard has verified: put @MpgsCallbackEndpoint() or @UseGuards(MpgsCallbackGuard) on it.`,
    );
  }
  return callback;
}
