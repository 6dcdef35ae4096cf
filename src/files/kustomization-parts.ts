/** Files of a kustomization that are not objects themselves: patches, and files that become data. */
import path from 'node:path';
import type { KindTable } from '../pod/kinds.ts';
import type { JsonObject } from '../pod/pointer.ts';
import { workloadOf } from '../pod/workload.ts';
import { referencesOf } from './kustomization.ts';
import type { SkippedFile } from './skipped-files.ts';
import type { ObjectsAndErrors, InputError, Manifest } from './manifest-objects.ts';

export interface Kustomization {
  readonly file: string;
  readonly value: JsonObject;
}

type Role = 'patch' | 'data';

interface Parts {
  readonly manifests: readonly Manifest[];
  readonly errors: readonly InputError[];
  /** Files without remaining objects. */
  readonly without: readonly SkippedFile[];
}

interface KustomizedObjects extends ObjectsAndErrors {
  readonly kustomizations: readonly Kustomization[];
}

/** A patch that sets an image is evaluated like an object; without an image, it would look like a workload without images. */
export function partsOfKustomizations({ kustomizations, ...found }: KustomizedObjects, kinds: KindTable): Parts {
  const roles = rolesIn(kustomizations);
  const roleOf = (file: string): Role | undefined => (roles.size === 0 ? undefined : roles.get(path.resolve(file)));
  const manifests = found.manifests.filter(
    (manifest) => roleOf(manifest.file) !== 'patch' || setsImage(manifest, kinds),
  );
  const errors = found.errors.filter((error) => {
    const role = roleOf(error.file);
    return role === undefined || (role === 'patch' && !found.nonObjects.has(error));
  });
  const kept = new Set([...manifests, ...errors].map(({ file }) => file));
  const without = [...new Set([...found.manifests, ...found.errors].map(({ file }) => file))].sort().flatMap((file) => {
    const why = kept.has(file) ? undefined : roleOf(file);
    return why === undefined ? [] : [{ path: file, why }];
  });
  return { manifests, errors, without };
}

/** A resource of one kustomization is an object, even if another kustomization uses it as a patch or as data. */
function rolesIn(kustomizations: readonly Kustomization[]): ReadonlyMap<string, Role> {
  const roles = new Map<string, Role>();
  const resources = new Set<string>();
  for (const { file, value } of kustomizations) {
    const resolved = (named: string): string => path.resolve(path.dirname(file), named);
    const references = referencesOf(value);
    for (const named of [...references.dataFiles, ...references.replacementFiles]) roles.set(resolved(named), 'data');
    for (const named of references.patchFiles) roles.set(resolved(named.path), 'patch');
    for (const named of references.resources) resources.add(resolved(named));
  }
  for (const resource of resources) roles.delete(resource);
  return roles;
}

function setsImage({ request, setsImage: known }: Manifest, kinds: KindTable): boolean {
  if (known !== undefined) return known;
  const read = request.object === undefined ? undefined : workloadOf(request.object, request.type, kinds);
  return read?.ok === true && read.workload.containers.some(({ image }) => image.text !== '');
}
