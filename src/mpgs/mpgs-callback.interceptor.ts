import {
  Injectable,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import type { Observable } from 'rxjs';
import { verifiedCallbackOf } from './mpgs-callback.guard.js';
import { MpgsCallbacks } from './mpgs-callbacks.js';

/**
 * Delivers the callback before the route's method answers it: the first arrival
 * publishes the event, every later one gets just the answer.
 */
@Injectable()
export class MpgsCallbackInterceptor implements NestInterceptor {
  constructor(private readonly callbacks: MpgsCallbacks) {}

  async intercept(
    context: ExecutionContext,
    next: CallHandler,
  ): Promise<Observable<unknown>> {
    await this.callbacks.deliver(verifiedCallbackOf(context));
    return next.handle();
  }
}
