/** Generates load: callbacks over keep-alive connections, each after the other. */
import { connect, type Socket } from 'node:net';
import { callbackOf, CALLBACK_PATH } from '../callbacks.js';
import { runMany, serve } from './serve.js';

export interface LoadTask {
  readonly url: string;
  /** The transactions, from this number on. */
  readonly from: number;
  readonly count: number;
  readonly connections: number;
}

/** One connection: a request out, its whole answer in. */
class Connection {
  private received = '';
  private onAnswer: ((status: number) => void) | undefined;

  private constructor(private readonly socket: Socket) {
    socket.setNoDelay(true);
    socket.setEncoding('latin1');
    socket.on('data', (chunk) => this.read(String(chunk)));
  }

  static open(port: number): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1');
      socket.once('error', reject);
      socket.once('connect', () => resolve(new Connection(socket)));
    });
  }

  send(request: string): Promise<number> {
    return new Promise((resolve) => {
      this.onAnswer = resolve;
      this.socket.write(request, 'latin1');
    });
  }

  close(): void {
    this.socket.destroy();
  }

  private read(chunk: string): void {
    this.received += chunk;
    const head = this.received.indexOf('\r\n\r\n');
    if (head === -1) return;
    const length = /\r\ncontent-length: (\d+)/i.exec(this.received)?.[1];
    if (this.received.length < head + 4 + Number(length)) return;
    const status = Number(this.received.slice(9, 12));
    this.received = '';
    this.onAnswer?.(status);
  }
}

serve(undefined, async ({ url, from, count, connections }: LoadTask) => {
  const { host, port } = new URL(url);
  // Signed beforehand: the clock is for what the application does.
  const requests = Array.from({ length: count }, (_, index) => {
    const { query } = callbackOf(`t-${from + index}`);
    return `GET ${CALLBACK_PATH}?${query} HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
  });
  const open = await Promise.all(
    Array.from({ length: connections }, () => Connection.open(Number(port))),
  );
  const idle = [...open];
  const start = performance.now();
  await runMany(count, connections, async (index) => {
    const connection = idle.pop();
    const status = await connection?.send(requests[index] ?? '');
    if (!connection || status !== 200) {
      throw new Error(`An application answered with ${status}.`);
    }
    idle.push(connection);
  });
  const seconds = (performance.now() - start) / 1000;
  for (const connection of open) connection.close();
  return seconds;
});
