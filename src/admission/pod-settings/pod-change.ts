/** A request after its images were changed: what decides about pull secrets and pull policies. */
import type { ImageReference } from '../../image/reference.ts';
import type { Container } from '../../pod/containers.ts';
import { hasController } from '../../pod/metadata.ts';
import type { Workload } from '../../pod/workload.ts';
import type { Finding } from '../../policy/finding.ts';
import type { PinMode } from '../../policy/pin.ts';
import type { Covering } from '../../policy/plan.ts';
import { isPod, type MutableObject } from '../change/mutable-images.ts';
import type { AdmissionRequest } from '../request.ts';

export interface PodChange {
  readonly request: AdmissionRequest;
  readonly change: MutableObject;
  readonly workload: Workload;
  readonly covering: Covering;
  /** The stored object; undefined: it is new, or cannot be read. */
  readonly stored: Workload | undefined;
  /** The image as it will run; undefined: it cannot be read. */
  readonly finalImage: (container: Container) => ImageReference | undefined;
}

/** Reports whether an entry with this mode has no effect on the object. */
export function hasNoEffect(mode: PinMode, { request, change }: PodChange): boolean {
  if (mode === 'pod') return !isPod(request.type);
  // Controllers do not show the warnings that they receive.
  return mode === 'warn' && hasController(change.object);
}

export function warning(
  source: Pick<Finding, 'policy' | 'rule' | 'container' | 'pointer'>,
  text: Pick<Finding, 'message' | 'outcome' | 'undecided'>,
): Finding {
  return { ...source, action: 'warn', existing: false, remedy: undefined, ...text };
}
