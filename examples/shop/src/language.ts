import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Request, Response } from 'express';
import type { PlutuLanguage } from 'nestjs-plutu';

/** The customer's language. One that is chosen with `?lang=` is remembered. */
export const Language = createParamDecorator(
  (_: unknown, context: ExecutionContext): PlutuLanguage => {
    const http = context.switchToHttp();
    const request = http.getRequest<Request>();
    const lang = languageOf(request);
    if (request.query['lang'] === lang) {
      http.getResponse<Response>().cookie('lang', lang, { sameSite: 'lax' });
    }
    return lang;
  },
);

/** The one that is chosen, now or before, or else what the browser asks for. */
export function languageOf(request: Request): PlutuLanguage {
  const chosen = [
    request.query['lang'],
    cookie(request, 'lang'),
    request.acceptsLanguages('ar', 'en'),
  ];
  return chosen.find((lang) => lang === 'ar' || lang === 'en') ?? 'ar';
}

function cookie(request: Request, name: string): string | undefined {
  const cookies = new URLSearchParams(
    request.headers.cookie?.replaceAll('; ', '&'),
  );
  return cookies.get(name) ?? undefined;
}
