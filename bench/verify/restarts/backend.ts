// A backend in a process of its own, which is restarted: its port is the only argument. It responds after
// 50 ms, tells its parent of each POST that it has received, and drains when it gets SIGTERM: from then on
// every response has `Connection: close`, and after a second it accepts no more connections.
import { createServer } from 'node:http';

const SERVICE_MS = 50;
const DRAIN_MS = 1_000;

let isDraining = false;
const server = createServer((request, response) => {
  const isCheck = request.url === '/health';
  if (request.method === 'POST') process.send?.({ received: request.headers['x-id'] });
  request.resume().on('end', () => {
    setTimeout(
      () => {
        if (isDraining) response.setHeader('Connection', 'close');
        response.statusCode = isCheck && isDraining ? 503 : 200;
        response.end('here');
      },
      isCheck ? 0 : SERVICE_MS,
    );
  });
});
server.keepAliveTimeout = 60_000;
server.listen(Number(process.argv[2]), '127.0.0.1', () => process.send?.('listening'));

process.once('SIGTERM', () => {
  isDraining = true;
  setTimeout(() => {
    server.close(() => process.exit());
    server.closeIdleConnections();
  }, DRAIN_MS);
});
process.once('disconnect', () => process.exit());
