import type { GatewayConfigInput } from '../../../src/config/schema.ts';
import { createGateway } from '../../../src/gateway.ts';

// A gateway in a process of its own: its configuration is the only argument, its port the only line that it
// prints.
const gateway = createGateway(JSON.parse(process.argv[2] as string) as GatewayConfigInput);
const [address] = await gateway.listen();
process.stdout.write(`${address?.port}\n`);
process.stdin.resume().on('end', () => process.exit());
