import { BOOK, dollars, type Order } from './orders.service.js';

export function shopPage(): string {
  return page(
    'The bookshop',
    `<p>${BOOK.title}: ${dollars(BOOK.dueCents)} US dollars</p>
    <form method="post" action="/orders">
      <label>Language of the checkout page
        <select name="lang">
          <option value="ar">العربية</option>
          <option value="en">English</option>
        </select>
      </label>
      <button>Buy</button>
    </form>`,
  );
}

const BACK = '<p><a href="/">Back to the shop</a></p>';

const HEADLINES: Readonly<Record<Order['status'], string>> = {
  open: 'Not paid yet',
  paid: 'Thank you, it is paid',
  canceled: 'You have canceled the payment',
  disputed: 'We will look into your payment',
};

export function orderPage(order: Order): string {
  return page(
    HEADLINES[order.status],
    `<p>${order.title}: ${dollars(order.dueCents)} US dollars</p>
    <p>Invoice ${order.invoiceNo}</p>
    ${BACK}`,
  );
}

export function refusedPage(): string {
  return page(
    'This link is not valid',
    `<p>Nothing has been changed.</p>
    ${BACK}`,
  );
}

function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>${title}</title>
    <style>
      body { font: 1.1rem/1.6 system-ui, sans-serif; max-width: 30rem; margin: 2rem auto; padding: 0 1rem; }
      label, select, button { display: block; font: inherit; margin-block: .5rem; }
      select, button { min-height: 3rem; padding: 0 1rem; }
    </style>
  </head>
  <body>
    <h1>${title}</h1>
    ${body}
  </body>
</html>
`;
}
