/** The annotation with the original images of a changed object, if a policy wants it. */
import type { ImageReference } from '../../image/reference.ts';
import type { Container } from '../../pod/containers.ts';
import type { Workload } from '../../pod/workload.ts';
import type { Candidate } from '../pin/candidates.ts';
import type { Outcome } from '../pin/outcome.ts';
import { placeKey } from '../pin/stored-digests.ts';
import type { AdmissionRequest } from '../request.ts';
import type { NamesFor, Rewritings } from '../rewrite/rewrite.ts';
import type { MutableObject } from './mutable-images.ts';
import { type AddOperation, annotationFor, type Original } from './original-images.ts';

export interface AnnotatedChange {
  readonly request: AdmissionRequest;
  readonly change: MutableObject;
  readonly workload: Workload;
}

export interface Changes {
  readonly finalImages: ReadonlyMap<Container, ImageReference>;
  readonly rewritings: Rewritings;
  readonly candidates: readonly Candidate[];
  readonly outcomes: readonly Outcome[];
  readonly namesFor: NamesFor;
}

/** None for subresources, which do not change metadata. An annotation that is too long is left out, because it is only informative. */
export function annotationOperation(
  { request, change, workload }: AnnotatedChange,
  changes: Changes,
): AddOperation | undefined {
  const written = writtenImages(changes);
  if (request.subResource !== '' || written.size === 0) return undefined;
  const originals = workload.containers.map((container): Original => {
    const names = (image: string): readonly string[] => changes.namesFor(container, image);
    const now = changes.finalImages.get(container)?.text ?? container.image.text;
    return { place: placeKey(container), now, written: written.get(container), names };
  });
  const operation = annotationFor(change.object, originals);
  return operation === 'too-long' ? undefined : operation;
}

/** The images as their authors wrote them, where a policy wants them recorded. */
function writtenImages({ rewritings, candidates, outcomes }: Changes): ReadonlyMap<Container, string> {
  const written = new Map<Container, string>();
  for (const [index, { container, pin }] of candidates.entries()) {
    const image = outcomes[index]?.image;
    if (pin.annotate && image?.to !== undefined) written.set(container, image.from);
  }
  for (const { container, from, to } of rewritings.rewrites) {
    if (to !== undefined && (rewritings.annotated.has(container) || written.has(container)))
      written.set(container, from);
  }
  return written;
}
