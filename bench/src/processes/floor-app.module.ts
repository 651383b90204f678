import { Controller, Get, Module, Query } from '@nestjs/common';
import { EventEmitterModule } from '@nestjs/event-emitter';
import { CallbackDto } from './callback.dto.js';

@Controller('plutu/mpgs')
class CallbackController {
  @Get('callback')
  callback(@Query() callback: CallbackDto): CallbackDto {
    return callback;
  }
}

@Module({
  imports: [EventEmitterModule.forRoot()],
  controllers: [CallbackController],
})
export class AppModule {}
