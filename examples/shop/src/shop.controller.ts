import {
  Body,
  Controller,
  Get,
  Header,
  Post,
  Query,
  Redirect,
} from '@nestjs/common';
import { OrdersService } from './orders.service.js';
import { orderPage, refusedPage, shopPage } from './shop.pages.js';

@Controller()
export class ShopController {
  constructor(private readonly orders: OrdersService) {}

  @Get()
  @Header('Content-Type', 'text/html; charset=utf-8')
  shop(): string {
    return shopPage();
  }

  @Post('orders')
  @Redirect()
  async order(
    @Body('lang') lang: unknown,
  ): Promise<{ url: string; statusCode: number }> {
    const url = await this.orders.order(lang === 'en' ? 'en' : 'ar');
    return { url, statusCode: 303 };
  }

  /** Where the customer lands. The order's state counts, not the query. */
  @Get('orders/after-payment')
  @Header('Content-Type', 'text/html; charset=utf-8')
  afterPayment(@Query('invoiceNo') invoiceNo?: unknown): string {
    const order =
      typeof invoiceNo === 'string' ? this.orders.find(invoiceNo) : undefined;
    return order ? orderPage(order) : refusedPage();
  }

  @Get('orders/refused')
  @Header('Content-Type', 'text/html; charset=utf-8')
  refused(): string {
    return refusedPage();
  }
}
