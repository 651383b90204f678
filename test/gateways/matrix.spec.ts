import { describe, expect, it } from 'vitest';
import { localBankCards, mpgs, tlync } from '../../src/index.js';
import { ACCOUNT, record, startApp } from '../support/app.js';
import {
  bring,
  CHANNELS,
  MESSAGES,
  signed,
  type ChannelName,
} from '../support/messages.js';

const NAMES = Object.keys(CHANNELS) as ChannelName[];

async function start() {
  const { url, emitter } = await startApp({
    returnUrl: undefined,
    gateways: [mpgs(), localBankCards(), tlync()],
  });
  const events = record(emitter);
  return { url, names: () => events.map(([name]) => name) };
}

describe('one key signs for every gateway and channel of an account:', () => {
  describe.each(NAMES)('a message of the %s', (message) => {
    const pairs = signed(MESSAGES[message], ACCOUNT.secretKey);

    it('is taken there', async () => {
      const { url, names } = await start();

      expect((await bring(url, message, pairs)).status).toBe(200);
      expect(names()).toEqual(
        message === 'tlync return' ? [] : ['plutu.payment.approved'],
      );
    });

    it.each(NAMES.filter((endpoint) => endpoint !== message))(
      'is refused at the %s',
      async (endpoint) => {
        const { url, names } = await start();

        expect((await bring(url, endpoint, pairs)).status).toBe(403);
        expect(names()).toEqual(['plutu.callback.rejected']);
      },
    );

    it.each(NAMES.filter((endpoint) => endpoint !== message))(
      'is refused at the %s also with everything in it that belongs there, if that is not signed',
      async (endpoint) => {
        const { url, names } = await start();
        const missing = MESSAGES[endpoint].filter(([name]) =>
          MESSAGES[message].every(([known]) => known !== name),
        );

        const answer = await bring(url, endpoint, [...missing, ...pairs]);

        // What is not signed is as good as absent.
        expect(answer.status).toBe(403);
        expect(names()).toEqual(['plutu.callback.rejected']);
      },
    );
  });
});
