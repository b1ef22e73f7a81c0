// A real Redis.
import { onFreePort, ServerProcess } from './server-process.ts';

export const REDIS = 'redis-server';

/** Redis without persistence: killed and started again, it is empty. */
export function redisServer(...more: string[]): Promise<{ port: number; process: ServerProcess }> {
  return onFreePort(async (port) => {
    const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', ...more];
    const process = new ServerProcess(REDIS, args, 'Ready to accept connections');
    await process.start();
    return { port, process };
  });
}
