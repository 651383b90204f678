import {
  Inject,
  Injectable,
  type CanActivate,
  type ExecutionContext,
  type Type,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { getPlutuToken } from '../plutu.account.js';
import type { MpgsCallbackDto } from './mpgs-callback.dto.js';
import { MpgsCallbacks } from './mpgs-callbacks.js';

/** What the guard found, and the account it belongs to. */
interface VerifiedRequest {
  readonly callback: MpgsCallbackDto;
  readonly callbacks: MpgsCallbacks;
}

const verifiedRequests = new WeakMap<object, VerifiedRequest>();

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

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const http = context.switchToHttp();
    const request = http.getRequest<object>();
    // Also for what is refused: this very URL may be answered otherwise later.
    this.adapterHost.httpAdapter.setHeader(
      http.getResponse(),
      'Cache-Control',
      'no-store',
    );
    verifiedRequests.set(request, {
      callback: await this.callbacks.verify(this.urlOf(request)),
      callbacks: this.callbacks,
    });
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
 * The guard for the callbacks of one account.
 *
 * @param account the `name` of its registration.
 */
export function mpgsCallbackGuard(account?: string): Type<MpgsCallbackGuard> {
  @Injectable()
  class MpgsAccountCallbackGuard extends MpgsCallbackGuard {
    constructor(
      @Inject(getPlutuToken(MpgsCallbacks, account)) callbacks: MpgsCallbacks,
      adapterHost: HttpAdapterHost,
    ) {
      super(callbacks, adapterHost);
    }
  }

  return MpgsAccountCallbackGuard;
}

/**
 * What the guard verified.
 *
 * @throws {Error} where the guard does not stand on the route.
 */
export function verifiedRequestOf(context: ExecutionContext): VerifiedRequest {
  const request = context.switchToHttp().getRequest<object>();
  const verified = verifiedRequests.get(request);
  if (!verified) {
    throw new Error(
      `${context.getClass().name}.${context.getHandler().name} asks for an MPGS callback that no guard has verified: put @MpgsCallbackEndpoint() or @UseGuards(MpgsCallbackGuard) on it.`,
    );
  }
  return verified;
}
