import { describe, expect, it } from 'vitest';
import { redactCallbackUrl } from '../../src/index.js';
import { callbackQuery } from '../support/callbacks.js';

describe('the URL of a callback, for a log', () => {
  it('keeps what Plutu says of the payment, and loses the signature', () => {
    const url = `/plutu/mpgs/callback?${callbackQuery()}`;
    const [signature = ''] = /[0-9A-F]{64}/.exec(url) ?? [];
    expect(signature).not.toBe('');

    expect(redactCallbackUrl(url)).toBe(url.replace(signature, '[redacted]'));
  });

  it.each([
    [
      '/c?plutu_tenant=acme.0a1b&amount=5',
      '/c?plutu_tenant=[redacted]&amount=5',
    ],
    ['/c?session=s-1&invoice_no=i', '/c?session=[redacted]&invoice_no=i'],
    ['/c?s-1&invoice_no=i', '/c?[redacted]&invoice_no=i'],
    [
      '/c?ha%73hed=AB&hashed[]=CD',
      '/c?ha%73hed=[redacted]&hashed[]=[redacted]',
    ],
    ['/c?hashed=A=B?C', '/c?hashed=[redacted]'],
    [
      'https://user:pass@shop.example/c?hashed=AB#hashed=CD',
      'https://[redacted]@shop.example/c?hashed=[redacted]',
    ],
    ['https://shop.example/c@d?amount=5', 'https://shop.example/c@d?amount=5'],
    ['/orders/7', '/orders/7'],
    ['', ''],
  ])('%s becomes %s', (url, redacted) => {
    expect(redactCallbackUrl(url)).toBe(redacted);
  });
});
