// The page's script. From the sources it is bundled when it is first asked for; the build of the package puts
// the same text in the place of this file, so that a package needs no bundler.
import { bundleClient } from '../page/bundle.ts';

export function script(): string {
  return bundleClient(new URL('./client/main.ts', import.meta.url));
}
