import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

const CODE = `
const { createServer, connect } = require('node:net');
const { parentPort, workerData } = require('node:worker_threads');
const clients = new Set();
const server = createServer((client) => {
  const upstream = connect(workerData.port, '127.0.0.1');
  clients.add(client);
  for (const [from, to] of [[client, upstream], [upstream, client]]) {
    from.on('error', () => {});
    from.on('close', () => to.destroy());
    from.pipe(to);
  }
  client.on('close', () => clients.delete(client));
});
server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
parentPort.on('message', (done) => {
  let left = clients.size;
  for (const client of clients) {
    client.once('close', () => {
      if (--left > 0) return;
      Atomics.store(done, 0, 1);
      Atomics.notify(done, 0);
    });
    client.resetAndDestroy();
  }
});
`;

/** A TCP proxy in a thread of its own, so that it can act while this one is in the middle of something. */
export class ResettableProxy {
  readonly port: number;
  readonly #worker: Worker;

  static async start(serverPort: number): Promise<ResettableProxy> {
    const worker = new Worker(CODE, { eval: true, workerData: { port: serverPort } });
    const [port] = (await once(worker, 'message')) as [number];
    return new ResettableProxy(worker, port);
  }

  private constructor(worker: Worker, port: number) {
    this.#worker = worker;
    this.port = port;
  }

  /** Resets every connection while this thread stands still, so that it finds out by its next write. */
  resetAllBeforeNextEvent(): void {
    const done = new Int32Array(new SharedArrayBuffer(4));
    this.#worker.postMessage(done);
    Atomics.wait(done, 0, 0, 5000);
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}
