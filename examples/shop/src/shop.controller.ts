import {
  Body,
  Controller,
  Get,
  Header,
  NotFoundException,
  Param,
  Post,
  Query,
  Res,
  UseFilters,
} from '@nestjs/common';
import type { Response } from 'express';
import type { PlutuLanguage } from 'nestjs-plutu';
import { ErrorFilter } from './error.filter.js';
import { Language } from './language.js';
import { OrdersService, type Order } from './orders.service.js';
import {
  codePage,
  homePage,
  isWaiting,
  notDeliveredPage,
  orderPage,
  payPage,
} from './pages.js';
import {
  isGatewayName,
  PaymentsService,
  type GatewayName,
} from './payments.service.js';
import { problemOf } from './problems.js';
import { STYLE } from './style.js';
import { TEXTS, type Message } from './texts.js';

/** What a form may send. */
type Form = Readonly<Record<string, unknown>> | undefined;

/** The pages of the shop. A real one would ask customers to log in. */
@Controller()
@UseFilters(ErrorFilter)
export class ShopController {
  constructor(
    private readonly orders: OrdersService,
    private readonly payments: PaymentsService,
  ) {}

  @Get()
  async home(@Language() lang: PlutuLanguage): Promise<string> {
    const [books, orders] = await Promise.all([
      this.orders.books(),
      this.orders.latest(),
    ]);
    return homePage(lang, books, orders);
  }

  @Get('shop.css')
  @Header('Content-Type', 'text/css')
  style(): string {
    return STYLE;
  }

  @Post('orders')
  async order(@Body() form: Form, @Res() response: Response): Promise<void> {
    const orderNo = await this.orders.create(textIn(form, 'book'));
    if (orderNo === undefined) throw new NotFoundException();
    response.redirect(303, `/orders/${orderNo}`);
  }

  /**
   * Where the customer lands after paying at Plutu, or not. The order's state
   * counts: the query can be made up.
   */
  @Get('orders/done')
  done(
    @Query('invoiceNo') invoiceNo: unknown,
    @Query('outcome') outcome: unknown,
    @Res() response: Response,
  ): void {
    // An invoice number begins with that of the order. A forgery comes without one.
    const [orderNo = ''] =
      typeof invoiceNo === 'string' ? invoiceNo.split('-') : [];
    const query = new URLSearchParams({ outcome: String(outcome) });
    const address = `/orders/${encodeURIComponent(orderNo)}?${String(query)}`;
    response.redirect(303, orderNo === '' ? '/' : address);
  }

  @Get('orders/:orderNo')
  async show(
    @Language() lang: PlutuLanguage,
    @Param('orderNo') orderNo: string,
    @Query('outcome') outcome: unknown,
    @Res({ passthrough: true }) response: Response,
  ): Promise<string> {
    const order = await this.find(orderNo);
    const message = isMessage(outcome) ? outcome : undefined;
    if (isWaiting(order, message)) response.setHeader('Refresh', '3');
    const toPayBack = await this.orders.toPayBack(order);
    return orderPage(lang, order, toPayBack, message);
  }

  @Get('orders/:orderNo/pay/:gateway')
  async askCustomer(
    @Language() lang: PlutuLanguage,
    @Param('orderNo') orderNo: string,
    @Param('gateway') gateway: string,
    @Res() response: Response,
  ): Promise<void> {
    const order = await this.find(orderNo);
    if (order.state !== 'open') return toOrder(response, order);
    response.send(
      payPage(lang, order, gatewayNamed(gateway), NOTHING_FILLED_IN),
    );
  }

  /**
   * Goes on to Plutu's checkout page, or sends a code and asks for it. Messages cost
   * money, so a real shop also limits how often a customer may do this.
   */
  @Post('orders/:orderNo/pay/:gateway')
  async pay(
    @Language() lang: PlutuLanguage,
    @Param('orderNo') orderNo: string,
    @Param('gateway') gatewayName: string,
    @Body() form: Form,
    @Res() response: Response,
  ): Promise<void> {
    const order = await this.find(orderNo);
    const gateway = gatewayNamed(gatewayName);
    if (order.state === 'unclear') return toOrder(response, order);
    const customer = {
      mobileNumber: textIn(form, 'mobileNumber'),
      birthYear: textIn(form, 'birthYear'),
    };
    try {
      const started = await this.payments.start(
        gateway,
        orderNo,
        customer,
        lang,
      );
      if ('redirectUrl' in started) {
        response.redirect(303, started.redirectUrl);
      } else {
        response.send(codePage(lang, order, gateway, started.token));
      }
    } catch (error) {
      const problem = problemOf(error);
      if (problem === 'already-paid') {
        return toOrder(response, order, problem);
      }
      response.status(422);
      response.send(payPage(lang, order, gateway, customer, problem));
    }
  }

  /** The customer has typed the code. */
  @Post('orders/:orderNo/pay/:gateway/code')
  async confirm(
    @Language() lang: PlutuLanguage,
    @Param('orderNo') orderNo: string,
    @Param('gateway') gatewayName: string,
    @Body() form: Form,
    @Res() response: Response,
  ): Promise<void> {
    const order = await this.find(orderNo);
    const gateway = gatewayNamed(gatewayName);
    if (order.state === 'unclear') return toOrder(response, order);
    const token = textIn(form, 'token');
    const code = textIn(form, 'code');
    try {
      await this.payments.confirm(gateway, { token, code });
      // Paid. Usually it is also booked by now, and the page says so.
      toOrder(response, order, 'pending');
    } catch (error) {
      const problem = problemOf(error);
      switch (problem) {
        case 'already-paid':
        case 'unknown':
          return toOrder(response, order, problem);
        case 'not-delivered':
          response.status(503);
          response.send(
            notDeliveredPage(lang, order, gateway, { token, code }),
          );
          return;
        case 'code':
        case 'wrong-code':
          response.status(422);
          response.send(codePage(lang, order, gateway, token, problem));
          return;
        default:
          // The next try needs a new code.
          response.status(422);
          response.send(
            payPage(lang, order, gateway, NOTHING_FILLED_IN, problem),
          );
      }
    }
  }

  private async find(orderNo: string): Promise<Order> {
    const order = await this.orders.find(orderNo);
    if (!order) throw new NotFoundException();
    return order;
  }
}

const NOTHING_FILLED_IN = { mobileNumber: '', birthYear: '' };

function toOrder(
  response: Response,
  { orderNo }: Order,
  outcome?: Message,
): void {
  const query = outcome ? `?outcome=${outcome}` : '';
  response.redirect(303, `/orders/${orderNo}${query}`);
}

function gatewayNamed(name: string): GatewayName {
  if (!isGatewayName(name)) throw new NotFoundException();
  return name;
}

function isMessage(name: unknown): name is Message {
  return typeof name === 'string' && Object.hasOwn(TEXTS.en.messages, name);
}

function textIn(form: Form, name: string): string {
  const value = form?.[name];
  return typeof value === 'string' ? value : '';
}
