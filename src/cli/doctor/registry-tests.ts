/** Tests from this machine whether registries respond. Sends no credentials. */
import type { Config } from '../../config/config.ts';
import { type Known, known, unknown } from '../../doctor/known.ts';
import type { PolicyFacts, RegistryTest } from '../../doctor/values.ts';
import { parseReference } from '../../image/reference.ts';
import { RegistryError } from '../../registry/client.ts';
import { openAnonymousClient } from '../../wiring.ts';

const TIMEOUT_MS = 10_000;
const MAX_REGISTRIES = 100;

/** Those of the configuration and of the policies. */
export async function testRegistries(
  config: Config,
  policies: Known<PolicyFacts>,
): Promise<Known<readonly RegistryTest[]>> {
  if (policies.state === 'unknown') return policies;
  const configured = config.registries.registries.map(({ host }) => host.toLowerCase());
  const hosts = new Set([...configured.filter((host) => !host.includes('*')), ...policies.value.registries]);
  if (hosts.size === 0) return unknown('neither the configuration nor a policy names a registry');
  const client = await openAnonymousClient(config);
  try {
    const listed = [...hosts].slice(0, MAX_REGISTRIES);
    return known((await Promise.all(listed.map(async (host) => testOf(client, host)))).flat());
  } finally {
    await client.close();
  }
}

type Client = Awaited<ReturnType<typeof openAnonymousClient>>;

/** Whether the image exists does not matter, but the registry and its token server must respond. */
async function testOf(client: Client, host: string): Promise<readonly RegistryTest[]> {
  const parsed = parseReference(`${host}/tidewaiter-doctor/probe:probe`);
  if (!parsed.ok) return [];
  const mirrors: RegistryTest[] = [];
  const target = {
    reference: parsed.reference,
    by: 'image',
    credential: undefined,
    mirrorFailed: (mirror, failure) => {
      if (!RESPONDED.has(failure.cause)) mirrors.push({ registry: `${host}, mirror ${mirror}`, failure });
    },
  } as const satisfies Parameters<Client['manifest']>[0];
  const failure = await client.manifest(target, AbortSignal.timeout(TIMEOUT_MS)).then(
    () => undefined,
    (error: unknown) => {
      if (error instanceof RegistryError) return error.failure;
      throw error;
    },
  );
  return [...mirrors, { registry: host, failure: failure && RESPONDED.has(failure.cause) ? undefined : failure }];
}

/** Anonymous requests for an image that does not exist. */
const RESPONDED: ReadonlySet<string> = new Set(['notFound', 'forbidden', 'unauthenticated']);
