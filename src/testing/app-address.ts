import { once } from 'node:events';
import { createServer, type Server } from 'node:http';

/**
 * An address on this machine that an application can be given before it exists: its
 * `returnUrl` names this address, so the port of its server need not be known.
 * Requests are handed to the application's own server in this process.
 */
export class AppAddress {
  /** Such as `http://127.0.0.1:40123`. */
  readonly url: string;
  #app: Server | undefined;

  static async open(): Promise<AppAddress> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new AppAddress(server);
  }

  private constructor(private readonly server: Server) {
    const address = server.address();
    // A server that listens on a port has an object as its address.
    const port = typeof address === 'object' ? address?.port : undefined;
    this.url = `http://127.0.0.1:${port}`;
    server.on('request', (request, response) => {
      if (this.#app?.emit('request', request, response)) return;
      response.writeHead(503, { connection: 'close' });
      response.end('No application is served here yet: call serve(app) first.');
    });
  }

  /** @param app a server that is ready to answer. */
  leadTo(app: Server): void {
    this.#app = app;
  }

  /** Stops listening and ends every connection. */
  async close(): Promise<void> {
    if (!this.server.listening) return;
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }
}
