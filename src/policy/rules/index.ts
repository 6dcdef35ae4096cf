/** All built-in rules. */
import type { Rule } from '../rule.ts';
import { cel } from './cel.ts';
import { containerLifecycle } from './container-lifecycle.ts';
import { containerName } from './container-name.ts';
import { containerPorts } from './container-ports.ts';
import { containerProbes } from './container-probes.ts';
import { containerResources } from './container-resources.ts';
import { imageAge } from './image-age.ts';
import { imageConsistency } from './image-consistency.ts';
import { imageDigest } from './image-digest.ts';
import { imageExists } from './image-exists.ts';
import { imagePlatform } from './image-platform.ts';
import { imagePullPolicy } from './image-pull-policy.ts';
import { imageQualified } from './image-qualified.ts';
import { imageReference } from './image-reference.ts';
import { imageRegistry } from './image-registry.ts';
import { imageTag } from './image-tag.ts';
import { imageVolume } from './image-volume.ts';
import { mirrorDiffers } from './mirror-differs.ts';
import { pullSecretCoverage } from './pull-secret-coverage.ts';
import { pullSecretNamed } from './pull-secret-named.ts';
import { pullSecretUsable } from './pull-secret-usable.ts';

export const RULES: readonly Rule[] = [
  cel,
  containerLifecycle,
  containerName,
  containerPorts,
  containerProbes,
  containerResources,
  imageAge,
  imageConsistency,
  imageDigest,
  imageExists,
  imagePlatform,
  imagePullPolicy,
  imageQualified,
  imageReference,
  imageRegistry,
  imageTag,
  imageVolume,
  mirrorDiffers,
  pullSecretCoverage,
  pullSecretNamed,
  pullSecretUsable,
];
