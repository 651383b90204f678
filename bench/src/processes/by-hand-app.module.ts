/** What a careful merchant writes who takes callbacks without the module. */
import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto';
import {
  BadRequestException,
  Controller,
  ForbiddenException,
  Get,
  Header,
  Injectable,
  Module,
  Req,
} from '@nestjs/common';
import {
  EventEmitter2,
  EventEmitterModule,
  OnEvent,
} from '@nestjs/event-emitter';
import { validateSync } from 'class-validator';
import { ACCOUNT } from '../callbacks.js';
import { CallbackDto } from './callback.dto.js';

const APPROVED = 'payment.approved';
const SECRET_KEY = createSecretKey(ACCOUNT.secretKey, 'utf8');

@Injectable()
export class OrdersService {
  handled = 0;

  @OnEvent(APPROVED, { suppressErrors: false })
  async paid(): Promise<void> {
    this.handled++;
  }
}

@Controller('plutu/mpgs')
class CallbackController {
  private readonly seen = new Set<string>();

  constructor(private readonly emitter: EventEmitter2) {}

  @Get('callback')
  @Header('Cache-Control', 'no-store')
  async callback(@Req() { url }: { url: string }): Promise<CallbackDto> {
    const callback = verify(url.slice(url.indexOf('?') + 1));
    const { transaction_id: transaction } = callback;
    if (callback.approved === '1' && !this.seen.has(transaction)) {
      this.seen.add(transaction);
      try {
        await this.emitter.emitAsync(APPROVED, callback);
      } catch (error) {
        this.seen.delete(transaction);
        throw error;
      }
    }
    return callback;
  }
}

@Module({
  imports: [EventEmitterModule.forRoot()],
  controllers: [CallbackController],
  providers: [OrdersService],
})
export class AppModule {}

/** Checks the signature first, and the content of what it covers then. */
function verify(rawQuery: string): CallbackDto {
  const pairs = [...new URLSearchParams(rawQuery)];
  const message = pairs
    .filter(([name]) => name !== 'hashed')
    .map(([name, value]) => `${encodeAsPhp(name)}=${encodeAsPhp(value)}`)
    .join('&');
  const callback = Object.assign(new CallbackDto(), Object.fromEntries(pairs));
  const given = Buffer.from(callback.hashed ?? '', 'hex');
  const expected = createHmac('sha256', SECRET_KEY).update(message).digest();
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    throw new ForbiddenException();
  }
  if (validateSync(callback).length > 0) throw new BadRequestException();
  return callback;
}

function encodeAsPhp(text: string): string {
  return encodeURIComponent(text)
    .replaceAll('%20', '+')
    .replace(
      /[~*!'()]/g,
      (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
    );
}
