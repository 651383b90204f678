import type { RequestListener } from 'node:http';
import { apiRoutes } from './api/api-routes.js';
import { checkoutRoutes } from './checkout/checkout-routes.js';
import { openCheckout } from './checkout/open-checkout.js';
import { controlRoutes } from './control/control-routes.js';
import { dashboardRoutes } from './dashboard/dashboard-routes.js';
import { HOSTED_GATEWAYS, OTP_GATEWAYS } from './gateways/index.js';
import { failure, send, toApiError, type Answer } from './http/answer.js';
import { dispatch } from './http/router.js';
import { confirmOtp, sendOtp } from './otp/otp-actions.js';
import { renderNoticePage } from './pages/notice-page.js';
import type { SandboxCore } from './sandbox-core.js';

/** Answers merchants' servers, customers' browsers, developers and their tests. */
export function createSandboxListener(core: SandboxCore): RequestListener {
  const routes = [
    ...apiRoutes(core, [
      ...HOSTED_GATEWAYS.map((gateway) => openCheckout(core, gateway)),
      ...OTP_GATEWAYS.flatMap((gateway) => [
        sendOtp(core, gateway),
        confirmOtp(core, gateway),
      ]),
    ]),
    ...checkoutRoutes(core),
    ...controlRoutes(core),
    ...dashboardRoutes(core),
  ];
  return (request, response) => {
    dispatch(routes, request, response)
      .catch((error: unknown): Answer | undefined => {
        // What is cut short then is no refusal.
        if (core.settings.closing.aborted) return undefined;
        const refusal = toApiError(error);
        const { status, code, message } = refusal;
        const { method = '', url = '', headers } = request;
        const path = url.split('?', 1)[0] ?? '';
        core.emit({
          type: 'request-refused',
          method,
          path,
          status,
          code,
          message,
        });
        return isForBrowsers(path) && headers.accept?.includes('text/html')
          ? renderNoticePage(status, message)
          : failure(refusal);
      })
      .then((answer) => answer && send(response, answer))
      // Nobody is left to tell.
      .catch(() => response.destroy());
  };
}

/** Programs are answered in JSON, whatever they accept: Java's default is HTML. */
function isForBrowsers(path: string): boolean {
  return !path.startsWith('/api/') && !path.startsWith('/control/');
}
