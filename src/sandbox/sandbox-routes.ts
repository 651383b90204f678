import type { RequestListener } from 'node:http';
import { confirmRoutes } from './api/confirm-route.js';
import { checkoutRoutes } from './checkout/checkout-routes.js';
import { controlRoutes } from './control/control-routes.js';
import { dashboardRoutes } from './dashboard/dashboard-routes.js';
import { failure, send, toApiError, type Answer } from './http/answer.js';
import { dispatch } from './http/router.js';
import { renderNoticePage } from './pages/notice-page.js';
import type { SandboxCore } from './sandbox-core.js';

/** Answers merchants' servers, customers' browsers, developers and their tests. */
export function createSandboxListener(core: SandboxCore): RequestListener {
  const routes = [
    ...confirmRoutes(core),
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
