// A real Redis.
import { freePort, ServerProcess } from './server-process.ts';

export const REDIS = 'redis-server';

/** Redis without persistence: killed and started again, it is empty. */
export async function redisServer(...more: string[]): Promise<{ port: number; process: ServerProcess }> {
  for (let tries = 1; ; tries++) {
    const port = await freePort();
    const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', ...more];
    const process = new ServerProcess(REDIS, args, 'Ready to accept connections');
    try {
      await process.start();
      return { port, process };
    } catch (error) {
      // Another program may have taken the port meanwhile.
      if (tries === 3 || !String(error).includes('in use')) throw error;
    }
  }
}
