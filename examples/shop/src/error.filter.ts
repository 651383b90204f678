import {
  Catch,
  HttpException,
  Logger,
  type ArgumentsHost,
  type ExceptionFilter,
} from '@nestjs/common';
import type { Request, Response } from 'express';
import { languageOf } from './language.js';
import { emptyPage } from './pages.js';
import { TEXTS } from './texts.js';

/** Shows customers a page instead of JSON. */
@Catch()
export class ErrorFilter implements ExceptionFilter {
  private readonly logger = new Logger('Shop');

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const lang = languageOf(http.getRequest<Request>());
    const status = error instanceof HttpException ? error.getStatus() : 500;
    if (status === 500) this.logger.error(error);
    const { notFound, failed } = TEXTS[lang];
    http
      .getResponse<Response>()
      .status(status)
      .send(emptyPage(lang, status === 404 ? notFound : failed));
  }
}
