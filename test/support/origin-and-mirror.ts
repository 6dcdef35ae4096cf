/** Real registries for tests of rewrites: an origin, a mirror that needs a credential, and a mirror that is down. */
import { type MadeImage, pushImage } from './push-image.ts';
import { HTPASSWD_USER, type RunningRegistry, startRegistry } from './registry-process.ts';

export interface OriginAndMirror {
  readonly origin: RunningRegistry;
  readonly mirror: RunningRegistry;
  readonly down: RunningRegistry;
  /** A configuration that allows all three. */
  readonly config: string;
  /** A Secret manifest with the credential of the mirror. */
  readonly secret: string;
  /** The images of the mirror are below `hub/`. */
  push(at: 'origin' | 'mirror', image: MadeImage, tag: string, repository?: string): Promise<void>;
  stop(): Promise<void>;
}

export async function startOriginAndMirror(): Promise<OriginAndMirror> {
  const origin = await startRegistry('docker-registry', { kind: 'open' });
  const mirror = await startRegistry('docker-registry', { kind: 'htpasswd' });
  const down = await startRegistry('docker-registry', { kind: 'open' });
  await down.stop();
  const { username, password } = HTPASSWD_USER;
  const authorization = `Basic ${btoa(`${username}:${password}`)}`;
  const hosts = [origin, mirror, down].map(({ host }) => `{host: "${host}", insecure: true, allowPrivate: true}`);
  const auths = { auths: { [mirror.host]: { username, password } } };
  return {
    origin,
    mirror,
    down,
    config: `registries: [${hosts.join(', ')}]\n`,
    secret: `apiVersion: v1\nkind: Secret\nmetadata: {name: mirror}\ntype: kubernetes.io/dockerconfigjson\nstringData: {.dockerconfigjson: '${JSON.stringify(auths)}'}\n`,
    async push(at, image, tag, repository = 'shop/web') {
      const target =
        at === 'origin'
          ? { origin: origin.origin, repository }
          : { origin: mirror.origin, repository: `hub/${repository}`, authorization };
      await pushImage(target, image, tag);
    },
    async stop() {
      await Promise.all([origin.stop(), mirror.stop()]);
    },
  };
}
