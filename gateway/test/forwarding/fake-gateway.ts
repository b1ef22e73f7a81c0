// A gateway without sockets: what it sends to backends is kept, and tests respond.
import { onTestFinished, vi } from 'vitest';
import { Engine } from '../../src/engine.ts';
import { Exchange } from '../../src/forwarding/exchange.ts';
import { SILENT } from '../../src/observation/silent-log.ts';
import { resolved } from '../resolved.ts';
import { FakeCall, FakeClient } from './fakes.ts';

/** The engine of a configuration with one pool; it ends with the test. */
export function fakeGateway(config: Parameters<typeof resolved>[0]) {
  const engine = new Engine(resolved(config), SILENT, () => ({ open: 0, accepted: 0, refused: 0 }));
  onTestFinished(() => engine.destroy());
  const upstreams = engine.context.routes.routes[0]!.pool;
  const sent: (FakeCall & { to: string })[] = [];
  for (const backend of upstreams.balancer.backends)
    vi.spyOn(upstreams.upstreamOf(backend).connections, 'send').mockImplementation((message, events) => {
      const call = Object.assign(new FakeCall(message, events), { to: backend.id });
      sent.push(call);
      return call;
    });
  const begin = (method = 'GET') => {
    const client = new FakeClient({ method });
    const exchange = new Exchange(engine.context, client);
    exchange.start();
    return { client, exchange };
  };
  return { engine, begin, sent, balancer: upstreams.balancer };
}
