import { IncomingMessage, ServerResponse, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';

export interface InjectedRequest {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Says nothing, and forgets what it is told: a connection that costs nothing. */
const NO_SOCKET = new Duplex({
  read() {},
  write: (_chunk, _encoding, done) => done(),
}) as Socket;

/**
 * Hands a request to a server as its HTTP parser would, one after the other:
 * Node's own request and response, but no socket and so no kernel.
 *
 * @returns the status of the whole answer.
 */
export function inject(
  server: Server,
  { method, url, headers, body }: InjectedRequest,
): Promise<number> {
  return new Promise((resolve) => {
    const request = new IncomingMessage(NO_SOCKET);
    request.httpVersion = '1.1';
    request.httpVersionMajor = 1;
    request.httpVersionMinor = 1;
    request.method = method;
    request.url = url;
    request.headers = { ...headers };
    request.complete = true;
    if (body !== undefined) request.push(body);
    request.push(null);

    const response = new ServerResponse(request);
    response.assignSocket(NO_SOCKET);
    response.once('finish', () => {
      request.resume();
      response.detachSocket(NO_SOCKET);
      response.emit('close');
      resolve(response.statusCode);
    });
    server.emit('request', request, response);
  });
}
