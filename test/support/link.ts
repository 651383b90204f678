import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** A connection between two servers that can be cut. */
export interface CuttableLink {
  /** Where to connect to instead of the server behind it. */
  readonly port: number;
  /** As a pulled cable does: from now on no byte gets through, and no end is told. */
  cut(): void;
}

/** @param target the port of the server behind it, on 127.0.0.1. */
export async function cuttableLink(target: number): Promise<CuttableLink> {
  let isCut = false;
  const sockets = new Set<Socket>();
  const forward = (from: Socket, to: Socket) => {
    sockets.add(from);
    from.on('data', (bytes) => void (isCut || to.write(bytes)));
    from.on('error', () => {});
    from.on('close', () => void (isCut || to.destroy()));
  };
  const server = createServer((near) => {
    const far = connect(target, '127.0.0.1');
    forward(near, far);
    forward(far, near);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return {
    port: (server.address() as AddressInfo).port,
    cut: () => {
      isCut = true;
    },
  };
}
