/** Every built-in rule, listed by hand: a rule that is not here does not exist. */
import type { Rule } from '../rule.ts';
import { cel } from './cel.ts';
import { containerPorts } from './container-ports.ts';
import { imageDigest } from './image-digest.ts';
import { imagePullPolicy } from './image-pull-policy.ts';
import { imageReference } from './image-reference.ts';
import { imageRegistry } from './image-registry.ts';
import { imageTag } from './image-tag.ts';

export const RULES: readonly Rule[] = [
  cel,
  containerPorts,
  imageDigest,
  imagePullPolicy,
  imageReference,
  imageRegistry,
  imageTag,
];
