/** Patch operations for pull secrets and pull policies. */
import { readObjects } from '../../pod/read.ts';
import type { AddOperation } from '../change/original-images.ts';
import type { AddedPullSecrets, AppendOperation, SetPullPolicy } from '../mutation.ts';

/** Entries are appended, so that those of the object stay. */
export function appendedSecrets({ pod: { spec, pointer }, names }: AddedPullSecrets): readonly AppendOperation[] {
  const path = `${pointer}/imagePullSecrets`;
  const entries = names.map((name) => ({ name }));
  if (readObjects(spec, 'imagePullSecrets', pointer).length === 0) return [{ op: 'add', path, value: entries }];
  return entries.map((value) => ({ op: 'add', path: `${path}/-`, value }));
}

/** `add` replaces an existing value (RFC 6902 section 4.1). */
export function pullPolicyOperation({ container, to }: SetPullPolicy): AddOperation {
  return { op: 'add', path: container.pullPolicyPointer, value: to };
}
