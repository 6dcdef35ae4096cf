/** Compose files and Dockerfiles as kinds, which `check` creates from files. No API server has them. */
import type { KindEntry } from './kind-entry.ts';

/** Their API group. CustomResourceDefinitions need a group with a dot. */
export const FILE_GROUP = 'files';

/** By the name of the format in files/image-locations/formats.ts. */
export const FILE_KINDS = { compose: 'Compose', dockerfile: 'Dockerfile' } as const;

/** The pull policy of a service in a Compose file. */
export const PULL_POLICY_KEY = 'pull_policy';

export const FILE_ENTRIES: readonly KindEntry[] = Object.values(FILE_KINDS).map((kind) => ({
  group: FILE_GROUP,
  kind,
  clusterScoped: true,
  images: ['/images/*/image'],
  pullPolicyKey: PULL_POLICY_KEY,
}));
