// What a listener does with its connections, over loopback sockets.
import { createHook } from 'node:async_hooks';
import { afterEach, describe, expect, it } from 'vitest';
import { certificateFor } from '../conformance/certificates.ts';
import { get } from '../conformance/wire/requests.ts';
import { aGateway, anUpstream, endAll, until } from '../integration/gateway/lab.ts';

afterEach(endAll);

/** The intervals that are set from now on and not yet cleared. */
function intervals() {
  const open = new Set<number>();
  const hook = createHook({
    init(id, type, _trigger, resource) {
      if (type === 'Timeout' && typeof (resource as { _repeat?: unknown })._repeat === 'number') open.add(id);
    },
    destroy: (id) => void open.delete(id),
  }).enable();
  return { open, stop: () => hook.disable() };
}

describe('a listener', () => {
  it.each(['http', 'h2c', 'https'] as const)(
    'for %s leaves no timer behind when it is closed',
    async (protocol) => {
      const tls = { certificates: [await certificateFor('a.test')] };
      const listener = protocol === 'https' ? { tls } : { h2c: protocol === 'h2c' };
      const { open, stop } = intervals();
      const { client, gateway } = await aGateway([(await anUpstream()).url], { listener });
      const one = await client(protocol === 'https' ? { rejectUnauthorized: false } : undefined);
      await one.write(get('/x')).answered();
      // node:http looks for connections that take too long.
      expect(open.size).toBeGreaterThan(0);
      await gateway.close(0);
      await until(
        () => open.size === 0,
        () => open.size,
      );
      stop();
    },
  );
});
