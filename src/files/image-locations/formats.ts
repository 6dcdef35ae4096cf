/** The only list of formats with images, in the order in which a file or document is compared with them. */
import { composeFormat } from './compose/compose.ts';
import { dockerfileFormat } from './dockerfile/dockerfile.ts';
import type { DocumentFormat, TextFormat } from './format.ts';
import { helmValuesFormat } from './helm-values.ts';
import { fieldSpecsFormat } from './kustomize/field-specs.ts';
import { imageTransformerFormat } from './kustomize/image-transformers.ts';
import { kustomizationFormat } from './kustomize/kustomization.ts';
import { patchFormat } from './kustomize/patches.ts';
import { replacementsFormat } from './kustomize/replacements.ts';
import { manifestFormat } from './manifests.ts';
import { recordingFormat } from './recordings.ts';

export const TEXT_FORMATS: readonly TextFormat[] = [dockerfileFormat];

export const DOCUMENT_FORMATS: readonly DocumentFormat[] = [
  kustomizationFormat,
  recordingFormat,
  replacementsFormat,
  imageTransformerFormat,
  patchFormat,
  manifestFormat,
  composeFormat,
  helmValuesFormat,
  fieldSpecsFormat,
];
