import { Controller, Get, Module, Query } from '@nestjs/common';

@Controller('plutu/mpgs')
class CallbackController {
  @Get('callback')
  callback(@Query() query: Record<string, string>): Record<string, string> {
    return query;
  }
}

/** An application with a route, and nothing behind it. */
@Module({ controllers: [CallbackController] })
export class AppModule {}
