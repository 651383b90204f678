import { readFileSync } from 'node:fs';
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import {
  createServer as createTcpServer,
  type AddressInfo,
  type Server,
  type Socket,
} from 'node:net';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';

/** A request as the server saw it. */
export interface SeenRequest {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface HttpServerOptions {
  /** Default: a free one. */
  readonly port?: number;
  /** Speak HTTPS, with a certificate that nobody vouches for. */
  readonly tls?: boolean;
}

export interface HttpServer {
  readonly url: string;
  readonly seen: readonly SeenRequest[];
  connections(): number;
}

/** An HTTP server that answers as told, and the requests it has seen. */
export async function httpServer(
  answer: (response: ServerResponse) => void,
  { port = 0, tls = false }: HttpServerOptions = {},
): Promise<HttpServer> {
  const seen: SeenRequest[] = [];
  let connections = 0;
  const onRequest: RequestListener = (request, response) => {
    void text(request).then((body) => {
      const { method, url, headers } = request;
      seen.push({ method, url, headers, body });
      answer(response);
    });
  };
  const server = tls
    ? createHttpsServer(
        {
          key: fixture('self-signed.key.pem'),
          cert: fixture('self-signed.cert.pem'),
        },
        onRequest,
      )
    : createServer(onRequest);
  server.on('connection', () => connections++);
  const address = await listen(server, port);
  return {
    url: `${tls ? 'https' : 'http'}://${address}`,
    seen,
    connections: () => connections,
  };
}

/** A server that answers every request with one status and body. */
export function answeringServer(
  status: number,
  body: string | object,
  {
    headers = {},
    before = async () => {},
    ...options
  }: HttpServerOptions & {
    headers?: Record<string, string>;
    /** What to wait for before it answers. */
    before?: () => Promise<unknown>;
  } = {},
): Promise<HttpServer> {
  return httpServer((response) => {
    void before().then(() => {
      response.writeHead(status, headers);
      response.end(typeof body === 'string' ? body : JSON.stringify(body));
    });
  }, options);
}

/** A server that does what it is told with each connection. */
export async function tcpServer(
  onConnection: (socket: Socket) => void,
): Promise<{ url: string; connections: () => number }> {
  let connections = 0;
  const server = createTcpServer((socket) => {
    connections++;
    socket.on('error', () => {});
    onConnection(socket);
  });
  const address = await listen(server, 0);
  return { url: `http://${address}`, connections: () => connections };
}

/** A port on which nothing listens. */
export async function freePort(): Promise<number> {
  const server = createTcpServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function listen(server: Server, port: number): Promise<string> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) =>
    server.listen(port, '127.0.0.1', resolve),
  );
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function fixture(name: string): Buffer {
  return readFileSync(new URL(`../fixtures/${name}`, import.meta.url));
}
