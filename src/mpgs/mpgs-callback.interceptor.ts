import {
  Injectable,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import type { Observable } from 'rxjs';
import { verifiedRequestOf } from './mpgs-callback.guard.js';

/**
 * Delivers the callback before the route's method answers it: the first arrival
 * publishes the event, every later one gets just the answer.
 */
@Injectable()
export class MpgsCallbackInterceptor implements NestInterceptor {
  async intercept(
    context: ExecutionContext,
    next: CallHandler,
  ): Promise<Observable<unknown>> {
    const { callback, callbacks } = verifiedRequestOf(context);
    await callbacks.deliver(callback);
    return next.handle();
  }
}
